"""Tables of texts: each row becomes an article, or is named with what is wrong with it."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive import Archive, open_archive
from pipeline.file_import import ImportUnreadable, import_paths
from pipeline.run import now
from pipeline.table_import import PART_COUNT
from schemas.report import ImportedFile
from schemas.settings import Settings
from schemas.table import ROW_MEDIA_TYPE
from spiders.warc import WarcWriter
from storage.articles.selection import iterate_articles
from storage.ledger.frontier import find_entry
from storage.ledger.quarantine import list_quarantine
from storage.table.payload import render_row
from storage.warc.store import IMPORT_SITE
from tests.waiting import wait_until

HOST = "https://www.themoscowtimes.com"


@pytest.fixture
def archive(make_settings: Callable[..., Settings]) -> Iterator[Archive]:
    with open_archive(make_settings(max_page_bytes=5_000), writable=True) as opened:
        yield opened


def make_text(number: int) -> str:
    """Return a text that resembles no other one."""
    return " ".join(f"word{number}x{place}" for place in range(60))


def write(tmp_path: Path, name: str, *rows: dict[str, Any]) -> Path:
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def list_articles(archive: Archive) -> dict[str, str | None]:
    with archive.database.read() as session:
        return {one.id: one.headline for one in iterate_articles(session)}


ROWS: list[tuple[dict[str, Any], str]] = [
    ({"url": f"{HOST}/2024/01/02/a-story-a85656", "title": "One"}, "moscow-times:en:85656"),
    ({"url": "https://example.org/a?utm_source=x", "title": "Two"}, "generic:https://example.org/a"),
    ({"title": "Three"}, "text:"),
    ({"url": f"{HOST}/2024/01/02/no-headline-a85657"}, "moscow-times:en:85657"),
    ({"url": f"{HOST}/news", "title": "x"}, "quarantined: url: no article's URL (rule section-page)"),
    ({"url": "nonsense", "title": "x"}, "quarantined: url: no article's URL (rule malformed-address)"),
    ({"url": "https://[::1/", "title": "x"}, "quarantined: url: no article's URL (rule malformed-address)"),
    ({"title": "x", "date": "2924-01-01T00:00:00Z"}, "quarantined: published_at: 2924-01-01T00:00:00+00:00 lies after"),
    ({"title": "x", "date": "soon"}, "quarantined: invalid-value: published_at: 'soon' is no time that can be read"),
    ({"title": "x", "text": f"{'word ' * 200}\ufffd"}, "quarantined: body: characters that could not be decoded"),
    ({"title": "x" * 501}, "quarantined: headline: String should have at most 500 characters"),
    ({"title": "x", "other": "x" * 5_000}, "refused: larger than"),
    ({"title": "\ud800"}, "refused: not valid JSON"),
]


def test_each_row_becomes_an_article_or_is_named_with_the_reason(archive: Archive, tmp_path: Path) -> None:
    rows = [{"text": make_text(number)} | row for number, (row, _) in enumerate(ROWS)]
    path = write(tmp_path, "a.jsonl", *rows)
    report = import_paths(archive, [path])
    (file,) = report.files
    stored = [expected for _, expected in ROWS if not expected.startswith(("quarantined", "refused"))]
    problems = {number: expected for number, (_, expected) in enumerate(ROWS, 1) if expected not in stored}
    found = dict(line.removeprefix("row ").split(": ", 1) for line in file.problems)
    assert list(found) == [str(number) for number in problems]
    assert [
        said for said, expected in zip(found.values(), problems.values(), strict=True) if expected not in said
    ] == []
    assert all(map(str.startswith, sorted(list_articles(archive)), sorted(stored)))
    assert file.outcomes == {"quarantined": 7, "refused": 2, "stored": 4}
    assert report.unusable == (f"{path}: 2 of 13 rows cannot be read, first row 12: {found['12'][9:]}",)
    with archive.database.read() as session:
        urls = [one.url for one in list_quarantine(session)]
    assert urls == [f"file:a.jsonl#row={number}" for number in range(5, 12)]
    again = import_paths(archive, [path])
    assert (again.files[0].outcomes, again.request_count) == ({"refused": 2, "unchanged": 11}, 0)
    assert sum(": quarantined before: " in line for line in again.files[0].problems) == 7


def test_a_row_that_is_quarantined_does_not_keep_the_publishers_page_from_being_fetched(
    archive: Archive, tmp_path: Path
) -> None:
    rows = [{"url": f"{HOST}/2024/01/02/a-story-a85656", "text": ""}, {"url": f"{HOST}/news", "text": make_text(1)}]
    rows[0]["date"] = "soon"
    assert import_paths(archive, [write(tmp_path, "a.jsonl", *rows)]).outcomes == {"quarantined": 2}
    with archive.database.read() as session:
        entry = find_entry(session, "moscow-times:en:85656")
        assert entry
        assert (entry.state, entry.next_try_at is None) == ("quarantined", False)
        assert find_entry(session, f"{HOST}/news") is None


def test_rows_of_one_text_are_duplicates_and_the_same_row_twice_is_one(archive: Archive, tmp_path: Path) -> None:
    row = {"url": "https://example.org/a", "title": "A", "text": make_text(1)}
    report = import_paths(archive, [write(tmp_path, "a.jsonl", row, row, row | {"url": "https://example.org/b"})])
    assert report.files[0].outcomes == {"duplicate": 1, "stored": 1, "unchanged": 1}


def test_another_text_of_a_stored_article_is_a_revision(archive: Archive, tmp_path: Path) -> None:
    row = {"url": "https://example.org/a", "title": "A", "text": make_text(1), "crawled_at": "2024-01-02T00:00:00Z"}
    assert import_paths(archive, [write(tmp_path, "a.jsonl", row)]).outcomes == {"stored": 1}
    older = row | {"text": make_text(2), "crawled_at": "2024-01-01T00:00:00Z"}
    assert import_paths(archive, [write(tmp_path, "a.jsonl", older)]).files[0].outcomes == {"not-newer": 1}
    newer = {"link": row["url"], "headline": "A", "content": make_text(3), "scraped_at": "2024-01-03"}
    assert import_paths(archive, [write(tmp_path, "a.jsonl", newer)]).outcomes == {"revised": 1}


def test_a_table_of_urls_alone_goes_to_the_ledger(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "urls.csv").write_text(f"url,title\n{HOST}/2024/01/02/a-story-a85656,A story\n")
    report = import_paths(archive, [tmp_path / "urls.csv"])
    assert report.advertised_new_count == 1
    assert report.files == (ImportedFile(name="urls.csv", outcomes={"listed": 1, "sighted-new": 1}),)
    assert report.notes[0].startswith("file:urls.csv lists 1 URL, now in the ledger")


TABLE = f"url,text\n{HOST}/2024/01/02/a-story-a85656,{make_text(1)}\n"
TABLE_PROBLEMS: list[tuple[str, bytes, str]] = [
    ("a.csv", f"# my table\n{TABLE}".encode(), "header of the table is line 2; delete what is before it: '# my table'"),
    (
        "a.txt",
        f"# my table\n\n{TABLE}".encode(),
        "header of the table is line 3; delete what is before it: '# my table'",
    ),
    ("a.tsv", f"sep=;\n{TABLE}".replace(",", "\t").encode(), "header of the table is line 2"),
    ("quote.csv", TABLE.replace("url", '"url').encode(), "header cannot be read"),
    ("le.csv", TABLE.encode("utf-16-le"), "UTF-16 without a byte-order mark"),
    ("be.csv", TABLE.encode("utf-16-be"), "UTF-16 without a byte-order mark"),
]


@pytest.mark.parametrize(("name", "data", "said"), TABLE_PROBLEMS)
def test_a_table_whose_header_cannot_be_read_is_no_list_of_urls(
    archive: Archive, tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImportUnreadable, match=re.escape(said)):
        import_paths(archive, [tmp_path / name])
    report = import_paths(archive, [tmp_path])
    assert (report.advertised_count, len(report.unusable)) == (0, 1)


@pytest.mark.parametrize("name", ["a.wacz", "a.zip", "a.csv", "a.txt"])
def test_a_zip_file_is_refused_in_one_line(archive: Archive, tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as file:
        file.writestr("archive/data.warc", f"{HOST}/2024/01/02/a-story-a85656\n\u00a0")
    with pytest.raises(ImportUnreadable, match=r"a ZIP file; unpack it, .*`archive/` folder\)$"):
        import_paths(archive, [tmp_path / name])


def test_a_table_that_was_named_and_has_no_texts_stops_the_import_and_in_a_folder_is_skipped(
    archive: Archive, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder, "good.jsonl", {"text": make_text(1)})
    write(folder, "bad.json", {"summary": "s"})
    write(folder, "good-jsonl.card.json", {"file": "good.jsonl"})
    for name, said in (
        ("bad.json", "no column has the texts; found: 'summary'"),
        ("good-jsonl.card.json", "data card"),
    ):
        with pytest.raises(ImportUnreadable, match=said):
            import_paths(archive, [folder, folder / name])
    assert list_articles(archive) == {}
    report = import_paths(archive, [folder])
    assert report.outcomes == {"stored": 1}
    (sentence,) = report.unusable
    assert sentence.startswith(f"{folder / 'bad.json'}: no column has the texts; found: 'summary'; needed: body, text")
    assert sentence.endswith("; skipped")


def test_rows_before_the_damage_are_stored_and_the_damage_is_reported(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps([{"text": make_text(1)}, {"text": make_text(2)}])[:-5])
    report = import_paths(archive, [path])
    assert report.outcomes == {"stored": 1}
    assert report.unusable == (f"{path}: the JSON array is not closed; the rows before are imported",)


def test_rows_that_an_interrupted_import_left_unloaded_are_counted_once(archive: Archive, tmp_path: Path) -> None:
    rows = [{"url": f"https://example.org/{number}", "title": "A", "text": make_text(number)} for number in range(5)]
    settings = archive.settings
    with WarcWriter(
        settings.warc_dir, site=IMPORT_SITE, run_id="killed", max_file_bytes=settings.max_warc_bytes
    ) as warc:
        for row in rows[:3]:
            warc.write_resource("file:a.jsonl#row=1", ROW_MEDIA_TYPE, render_row(row), now())
    report = import_paths(archive, [write(tmp_path, "a.jsonl", *rows, rows[0])])
    assert report.outcomes == {"stored": 5, "unchanged": 1}
    assert report.files[0].outcomes == {"resumed": 3, "stored": 2, "unchanged": 1}


def test_an_import_that_was_killed_and_run_again_gives_the_same_archive(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    rows = [
        {"url": f"https://example.org/{number}", "title": f"Title {number}", "text": make_text(number)[:80]}
        for number in range(PART_COUNT + 10)
    ]
    path = write(tmp_path, "a.jsonl", *rows)
    settings = make_settings()
    command = [sys.executable, "-m", "cli", "import", str(path)]
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(settings.data_dir)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        wait_until(lambda: process.poll() is not None or list(settings.warc_dir.glob("import-*")))
        os.killpg(process.pid, signal.SIGKILL)
    with open_archive(settings, writable=True) as archive:
        report = import_paths(archive, [path])
        assert len(list_articles(archive)) == len(rows)
        assert (report.files[0].row_count, report.unusable, report.problems) == (len(rows), (), ())
        assert import_paths(archive, [path]).outcomes == {"unchanged": len(rows)}
