"""Builds the site: collects the pages, makes the reference from the code, and has Zensical render and check it all."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from documentation import command_page, python_page, record_page, setting_page, table_page

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "documentation"
CONFIGURATION = "zensical.toml"
REFERENCE = "reference"
"""The folder of the pages that are made from the code."""

REPOSITORY_PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Files of the repository that are pages too."""

README_SECTIONS = {"settings": "reference/settings.md", "one-record": "reference/record.md"}
"""The README is not a page: where a link to one of its sections leads instead."""

OUTWARD_LINK = re.compile(r"\]\(\.\./([^)#\s]+)(?:#([^)\s]*))?\)")
CELL_CODE = re.compile(r"`[^`]*`")
PAGE_LINK = re.compile(r"\]\(docs/([^)\s]+)\)")


def build_site(folder: Path) -> int:
    """Build the site into `folder/site`; return the exit status. A warning, such as a dead link, is an error."""
    pages = folder / "docs"
    if folder.exists() and any(folder.iterdir()) and not (pages / REFERENCE).exists():
        sys.stderr.write(f"{folder} is not empty, and no site was built there before\n")
        return 2
    for made in (pages, folder / "site"):
        shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(ROOT / "docs", pages)
    shutil.copy(ROOT / CONFIGURATION, folder)
    copy_pages(pages)
    write_reference(pages / REFERENCE)
    return render_site(folder)


def render_site(folder: Path) -> int:
    """Render the pages that were collected in a folder; return the exit status."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(folder / CONFIGURATION)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603


def copy_pages(pages: Path) -> None:
    """Add the repository's own pages, and have links to its other files lead to copies of them."""
    for source, target in REPOSITORY_PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        (pages / target).write_text(PAGE_LINK.sub(r"](\1)", text), encoding="utf-8")
    for page in pages.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        text = OUTWARD_LINK.sub(lambda found: f"]({_redirect(found, pages)})", text)
        page.write_text("\n".join(map(unescape_cells, text.split("\n"))), encoding="utf-8")


def unescape_cells(line: str) -> str:
    r"""Return a line with `|` for `\|` in the code of a table's cells, where Zensical would show the backslash."""
    if not line.startswith("|"):
        return line
    return CELL_CODE.sub(lambda found: found[0].replace(r"\|", "|"), line)


def write_reference(folder: Path) -> None:
    """Write the pages that are made from the code."""
    folder.mkdir()
    written = {
        "commands.md": command_page.render_page(),
        "settings.md": setting_page.render_page(),
        "record.md": record_page.render_page(ROOT / "README.md"),
        record_page.SCHEMA_NAME: record_page.render_schema(),
        "python.md": python_page.render_page(),
        "tables.md": table_page.render_page(),
    }
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


def _redirect(found: re.Match[str], pages: Path) -> str:
    path, section = found.groups()
    if path == "README.md":
        return README_SECTIONS[section]
    if path in REPOSITORY_PAGES:
        return REPOSITORY_PAGES[path] + (f"#{section}" if section else "")
    source = ROOT / path
    copied = pages / "files" / source.name.lstrip(".")  # no server gives out a file whose name begins with a dot
    copied.parent.mkdir(exist_ok=True)
    shutil.copy(source, copied)
    return f"files/{copied.name}"
