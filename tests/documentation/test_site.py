"""The site: it builds without a warning, shows everything that the code has, and needs no other host."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import lxml.html
import pytest

import broadsheet
from cli.main import app
from documentation.command_page import list_commands
from documentation.site import CONFIGURATION, REPOSITORY_PAGES, ROOT, build_site, render_site
from schemas.article import ArticleRecord
from schemas.settings import PREFIX, Settings
from storage.schema.tables import Base

RESOURCES = (
    "//script/@src | //img/@src | //source/@src | //source/@srcset | //iframe/@src | //video/@src | //object/@data"
)
LINK_RESOURCES = "//link[not(@rel='canonical' or @rel='next' or @rel='prev')]/@href"

OTHER_HOST = re.compile(r"(?:https?:)?//")
HOST = re.compile(r"https?://([\w.-]+)")
NOT_REQUESTED = {
    "www.w3.org": "the names of XML languages",
    "fontawesome.com": "the licence of the icons",
    "unpkg.com": "diagrams, galleries and code to run, which no page has",
    "cdn.jsdelivr.net": "the same",
    "api.github.com": "the stars of a repository, of which the settings name none",
}
"""Hosts that the theme's scripts and styles name, and why no page makes them request anything there."""

ON_DEMAND = "//*[contains(@class, 'mermaid') or contains(@class, 'glightbox') or @data-md-component='source']"
"""What would make them."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the site was built, with its sources."""
    folder = tmp_path_factory.mktemp("documentation")
    ended = subprocess.run(
        [sys.executable, "-m", "documentation", str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "warning" not in (ended.stdout + ended.stderr).lower()
    return folder


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, lxml.html.HtmlElement]:
    """The pages of the site, parsed, by their paths."""
    found = {path: lxml.html.document_fromstring(path.read_bytes()) for path in (built / "site").rglob("*.html")}
    assert len(found) > 20
    return found


def list_links(path: Path, page: lxml.html.HtmlElement) -> Iterator[tuple[Path, str]]:
    """Yield the file and the fragment of each link of a page that stays within the site."""
    for link in page.xpath("//a/@href"):
        parts = urlsplit(link)
        if not parts.scheme and not parts.netloc:
            yield (path.parent / unquote(parts.path)).resolve() if parts.path else path, unquote(parts.fragment)


def test_no_page_requests_anything_from_another_host(pages: dict[Path, lxml.html.HtmlElement]) -> None:
    for path, page in pages.items():
        resources = page.xpath(f"{RESOURCES} | {LINK_RESOURCES}")
        assert resources
        assert [one for one in resources if OTHER_HOST.match(one)] == [], path
        missing = [one for one in resources if not (path.parent / unquote(urlsplit(one).path)).exists()]
        # The page "404" may be shown at any path, so it names everything from the root.
        assert missing == [] or path.name == "404.html", path
        assert page.xpath(ON_DEMAND) == [], path


def test_no_script_style_or_picture_names_an_unknown_host(built: Path) -> None:
    for path in (built / "site").rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", path.read_text(encoding="utf-8")) == [], (
            path
        )
    named = {
        host
        for path in (built / "site" / "assets").rglob("*.[jc]s*")
        for host in HOST.findall(path.read_text(encoding="utf-8"))
    }
    assert named <= NOT_REQUESTED.keys()
    for path in (built / "site" / "images").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "@font-face" not in text
        assert "href=" not in text


def test_every_link_leads_somewhere(pages: dict[Path, lxml.html.HtmlElement]) -> None:
    ids = {path: set(page.xpath("//@id | //a/@name")) for path, page in pages.items()}
    for path, page in pages.items():
        for target, fragment in list_links(path, page):
            assert target.exists() or path.name == "404.html", (path, target)
            assert not fragment or target not in ids or fragment in ids[target], (path, target, fragment)


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / CONFIGURATION).read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["nav"]
    listed = set(re.findall(r'"([\w/-]+\.md)"', text))
    names = {path.name for path in (ROOT / "docs").glob("*.md")} | set(REPOSITORY_PAGES.values())
    assert {name for name in listed if "/" not in name} == names


def test_the_reference_has_everything_that_the_code_has(built: Path) -> None:
    from typer.main import get_command

    texts = {path.name: path.read_text(encoding="utf-8") for path in (built / "docs" / "reference").glob("*.md")}
    expected = {
        "commands.md": {name for name, _ in list_commands(get_command(app), "broadsheet")},
        "settings.md": {PREFIX + name.upper() for name in Settings.model_fields},
        "tables.md": set(Base.metadata.tables),
        "record.md": set(ArticleRecord.model_json_schema()["properties"]),
    }
    for name, wanted in expected.items():
        assert len(wanted) > 10
        assert [one for one in sorted(wanted) if f"`{one}`" not in texts[name]] == [], name
    for one in broadsheet.__all__:
        assert f"heading: broadsheet.{one}\n" in texts["python.md"]
    assert "A ledger entry: one per (site, edition, article id)" in texts["tables.md"]
    assert "| `cut_at` | bigint | or null | Where an incomplete last record starts" in texts["tables.md"]


def test_the_python_api_shows_its_docstrings(pages: dict[Path, lxml.html.HtmlElement]) -> None:
    [text] = [page.text_content() for path, page in pages.items() if path.name == "python.html"]
    for name in ("Open an archive for reading", "Return the captures of an article's pages", "include_duplicates"):
        assert name in text


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "docs" / "index.md"
    page.parent.mkdir()
    page.write_text("Mine.")
    assert build_site(tmp_path) == 2
    assert "is not empty" in capsys.readouterr().err
    assert page.read_text() == "Mine."


@pytest.mark.parametrize(("link", "said"), [("nowhere.md", "page"), ("index.md#nothing", "anchor")])
def test_a_dead_link_fails_the_build(link: str, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Home\n\n[A page]({link})\n")
    (tmp_path / CONFIGURATION).write_text('[project]\nsite_name = "Two pages"\n')
    assert render_site(tmp_path) != 0
    assert f"{said} does not exist" in capfd.readouterr().err
