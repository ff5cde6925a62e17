"""What can rot in the documents: commands, settings, the record."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app
from schemas.article import ArticleRecord
from schemas.settings import PREFIX, Settings
from schemas.table import COLUMN_NAMES
from tests import faults

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in README


def test_no_setting_in_the_readme_is_unknown() -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", README))
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(getattr(get_command(app), "commands", {})))
def test_every_command_is_in_the_documents(name: str) -> None:
    documents = README + (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"broadsheet {name}" in documents


@pytest.mark.parametrize("field", COLUMN_NAMES)
def test_every_column_of_an_imported_table_is_in_the_documents(field: str) -> None:
    names = ", ".join(f"`{name}`" for name in COLUMN_NAMES[field])
    assert names in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))))
def test_every_make_target_in_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_the_record_in_the_readme_has_exactly_the_fields_of_a_record() -> None:
    match = re.search(r"<!-- record -->\n```json\n(.*?)```", README, re.DOTALL)
    assert match
    shown = json.loads(match.group(1))
    assert list(shown) == list(ArticleRecord.model_json_schema()["properties"])
    ArticleRecord.model_validate_json(match.group(1))


def test_every_make_target_says_what_it_is_for() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    for target in phony.group(1).split():
        assert re.search(rf"^{target}:.*## \S", MAKEFILE, re.MULTILINE), target


def test_the_table_of_faults_is_that_of_the_tests() -> None:
    assert faults.PATH.read_text(encoding="utf-8") == faults.render(), "run python -m tests.faults"


def test_every_module_that_the_documents_name_exists() -> None:
    rooms = "boilerplate|broadsheet|cli|extraction|flows|pipeline|replica|schemas|sites|spiders|storage"
    documents = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = "\n".join(document.read_text(encoding="utf-8") for document in documents)
    paths = set(re.findall(rf"`((?:{rooms}|tests)/(?:[\w/]*/|[\w/]+\.py)?)`", text))
    assert len(paths) > 30  # the walk of CONTRIBUTING.md alone names as many
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
    names = set(re.findall(rf"`((?:{rooms})\.(?!py`|db`)[\w.]+)`", text))
    assert [name for name in sorted(names) if not is_importable(name)] == []


def is_importable(name: str) -> bool:
    """Whether a dotted name is a module's, or something's in a module."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:count])
        if path.with_suffix(".py").is_file() or path.is_dir():
            found: object = import_module(".".join(parts[:count]))
            for attribute in parts[count:]:
                found = getattr(found, attribute, None)
            return found is not None
    return False
