"""`broadsheet record`, as a user runs it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from replica.site import Site

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]


def test_a_page_is_recorded_and_the_next_step_is_printed(broadsheet: Broadsheet, tmp_path: Path) -> None:
    article = Site(8).articles[6]
    page = tmp_path / "page.html"
    page.write_text(article.page_html(), encoding="utf-8")
    assert broadsheet("import", page).returncode == 0
    ended = broadsheet("record", article.url, "--out", tmp_path / "pages")
    assert ended.returncode == 0
    assert "compare expected.json with the page" in ended.stderr
    again = broadsheet("record", article.url, "--out", tmp_path / "pages")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "already exists" in again.stderr
    unknown = broadsheet("record", "moscow-times:en:1", "--out", tmp_path / "pages", "--json")
    assert (unknown.returncode, unknown.stdout, unknown.stderr.count("\n")) == (1, "", 1)
    other = broadsheet("record", article.id, "--out", tmp_path / "others", "--json")
    assert (Path(json.loads(other.stdout)["path"]) / "expected.json").is_file()


def test_without_an_archive_one_line_says_so(broadsheet: Broadsheet) -> None:
    ended = broadsheet("record", "moscow-times:en:1")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
