"""`broadsheet import`: the seed texts, and every other kind of file."""

import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from replica.site import Site
from spiders.warc import Exchange, WarcWriter
from tests.storage.warc_sample import make_record
from tests.waiting import wait_until

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]

HEADLINES = {
    "000": None,
    "001": "Putin Defends Syria Stance, But Calls for End to Violence",
    "002": "Russia Opposes a Humanitarian Resolution on Syria",
    "003": "U.S., Russia Disagree on Syria Strategy",
    "004": None,
}


def read_export(broadsheet: Broadsheet, out: Path) -> list[dict[str, Any]]:
    assert broadsheet("export", "--out", out, "--include-duplicates").returncode == 0
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def assert_one_line(ended: subprocess.CompletedProcess[str], says: str) -> None:
    """Assert that the command reported unusable input in one line, with status 2."""
    assert ended.returncode == 2, ended.stderr
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1


def import_json(broadsheet: Broadsheet, *paths: object) -> dict[str, Any]:
    ended = broadsheet("import", *paths, "--json")
    assert ended.returncode == 0, ended.stderr
    report: dict[str, Any] = json.loads(ended.stdout)
    return report


@pytest.fixture
def imported(broadsheet: Broadsheet, seeds: Path, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Import the seeds; return the five records by seed number, identified by their hand-written bodies."""
    import_json(broadsheet, *sorted(seeds.glob("*.txt")))
    records = read_export(broadsheet, tmp_path / "out.jsonl")
    by_body = {record["body"]: record for record in records}
    expected = {path.name[:3]: path.read_text(encoding="utf-8").strip() for path in (seeds / "expected").glob("*.txt")}
    assert set(by_body) == set(expected.values())
    return {number: by_body[body] for number, body in expected.items()}


def test_the_seeds_become_five_records_with_the_bodies_written_by_hand(imported: dict[str, dict[str, Any]]) -> None:
    assert len(imported) == 5


def test_headlines_are_extracted_and_never_guessed(imported: dict[str, dict[str, Any]]) -> None:
    assert {number: record["headline"] for number, record in imported.items()} == HEADLINES
    assert "headline-missing" in imported["000"]["flags"]
    assert "headline-missing" in imported["004"]["flags"]
    assert "headline-missing" not in imported["001"]["flags"]


def test_caption_credit_and_agencies_of_003_are_separate_fields(imported: dict[str, dict[str, Any]]) -> None:
    caption = (
        "Syrians stepping on a Russian flag at a rally Saturday in Amman against Russia’s backing of Syria’s regime."
    )
    assert imported["003"]["images"] == [{"url": None, "caption": caption, "credit": "Muhammad Hamed"}]
    assert imported["003"]["agencies"] == ["AP", "Reuters"]


def test_only_texts_with_the_publishers_boilerplate_are_attributed_to_it(imported: dict[str, dict[str, Any]]) -> None:
    sites = {number: record["site"] for number, record in imported.items()}
    assert sites == {**dict.fromkeys(("000", "001", "002", "003"), "moscow-times"), "004": "generic"}


def test_unknown_dates_and_urls_stay_unknown(imported: dict[str, dict[str, Any]]) -> None:
    for record in imported.values():
        assert record["url"] is None
        assert record["published_at"] is None
        assert record["id"] == f"text:{record['content_sha256'][:16]}"


def test_the_same_import_again_stores_nothing(broadsheet: Broadsheet, seeds: Path, tmp_path: Path) -> None:
    texts = sorted(seeds.glob("*.txt"))
    assert import_json(broadsheet, *texts)["outcomes"]["stored"] == 5
    before = read_export(broadsheet, tmp_path / "before.jsonl")
    again = import_json(broadsheet, *texts)["outcomes"]
    assert again == {"unchanged": 5}
    assert read_export(broadsheet, tmp_path / "after.jsonl") == before


def test_a_wrong_cluster_is_refused_before_anything_is_stored(broadsheet: Broadsheet, seeds: Path) -> None:
    for url in ("http://127.0.0.1:8786", ""):
        assert_one_line(broadsheet("import", seeds, "--on", url), "names no cluster")
    assert import_json(broadsheet, seeds)["outcomes"] == {"stored": 5}


def test_a_folder_is_imported_as_the_files_in_it(broadsheet: Broadsheet, seeds: Path, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for text in seeds.glob("00[12]_*.txt"):
        shutil.copy(text, folder)
    assert import_json(broadsheet, folder)["outcomes"]["stored"] == 2


def test_a_saved_page_gets_its_identity_from_its_canonical_link(broadsheet: Broadsheet, tmp_path: Path) -> None:
    article = Site(10).articles[1]
    page = tmp_path / "saved.html"
    page.write_text(article.page_html(), encoding="utf-8")
    assert import_json(broadsheet, page)["outcomes"]["stored"] == 1
    (record,) = read_export(broadsheet, tmp_path / "out.jsonl")
    assert {name: record[name] for name in article.expected} == article.expected


def test_a_list_of_urls_goes_to_the_ledger(broadsheet: Broadsheet, tmp_path: Path) -> None:
    urls = [article.url for article in Site(10).articles[:3]]
    (tmp_path / "list.txt").write_text("# from a friend\n" + "\n".join([*urls, "https://example.org/x"]))
    report = import_json(broadsheet, tmp_path / "list.txt")
    assert report["advertised_count"] == 4
    known = json.loads(broadsheet("identify", urls[0], "--json").stdout)
    assert [one["known"] for one in known] == [True]


def test_a_table_says_what_became_of_each_row(broadsheet: Broadsheet, tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_text("title,text\nA,One text.\nB,Two,texts.\nC,Three texts.\nD,\n", encoding="utf-8")
    ended = broadsheet("import", tmp_path / "texts.csv")
    assert_one_line(ended, "texts.csv: 1 of 4 rows cannot be read, first row 3: it has 3 cells, but the header has 2")
    assert "texts.csv: 4 rows: 1 quarantined, 1 refused, 2 stored\n  row 3: refused: it has 3 cells" in ended.stdout
    (tmp_path / "one.csv").write_text("title,text\nE,Five texts.\n", encoding="utf-8")
    (tmp_path / "none.csv").write_text("title,text\n", encoding="utf-8")
    stdout = broadsheet("import", tmp_path / "one.csv", tmp_path / "none.csv").stdout
    assert "one.csv: 1 row: 1 stored\nnone.csv: no rows\n" in stdout
    (file,) = json.loads(broadsheet("import", tmp_path / "texts.csv", "--json").stdout)["files"]
    assert file == {
        "name": "texts.csv",
        "row_count": 4,
        "outcomes": {"refused": 1, "unchanged": 3},
        "problems": [
            "row 3: refused: it has 3 cells, but the header has 2",
            "row 5: quarantined before: empty-page: no text in the row",
        ],
        "more_problems_count": 0,
        "article_id": None,
        "duplicate_of": None,
    }


def test_an_import_says_of_each_file_what_became_of_it_and_why(
    broadsheet: Broadsheet, seeds: Path, tmp_path: Path
) -> None:
    seed = next(seeds.glob("001*"))
    article = Site(10).articles[6]
    (tmp_path / "page.html").write_text(article.page_html(), encoding="utf-8")
    (tmp_path / "blank.html").write_text("<!doctype html><title>x</title>", encoding="utf-8")
    (tmp_path / "copy.txt").write_bytes(seed.read_bytes() + b"\n")
    (tmp_path / "urls.txt").write_text("https://www.themoscowtimes.com/2024/01/02/x-a1\n")
    write_warc(tmp_path / "old.warc.gz", {article.url: article.page_html().encode()})
    lines = broadsheet("import", tmp_path, seed).stdout
    found = {line.partition(": ")[0]: line.partition(": ")[2] for line in lines.splitlines()}
    assert found["page.html"] == f"stored, {article.id}"
    assert found["blank.html"] == "1 quarantined"
    assert "\nblank.html: 1 quarantined\n  " in lines
    assert found["urls.txt"] == "1 listed, 1 sighted-new"
    assert found["old.warc.gz"] == "1 unchanged"
    text_id = found["copy.txt"].removeprefix("stored, ")
    assert broadsheet("show", text_id).returncode == 0
    assert found[seed.name] == "1 unchanged"  # the same text, once its spaces are cleaned
    files = import_json(broadsheet, tmp_path / "copy.txt", tmp_path / "old.warc.gz")["files"]
    assert [(one["outcomes"], one["article_id"]) for one in files] == [({"unchanged": 1}, text_id), ({}, None)]


def write_warc(path: Path, pages: dict[str, bytes]) -> None:
    with WarcWriter(path.parent / "written", site="elsewhere", run_id="elsewhere") as writer:
        for url, body in pages.items():
            request = f"GET {url} HTTP/1.1\r\n\r\n".encode()
            response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
            ref = writer.write_exchange(Exchange(url, datetime.now(UTC), request, response, body))
    (path.parent / "written" / ref.warc).rename(path)


def test_complete_records_of_a_cut_warc_are_imported_and_the_cut_is_reported(
    broadsheet: Broadsheet, tmp_path: Path
) -> None:
    articles = Site(10).articles[5:8]
    path = tmp_path / "crawl.warc.gz"
    write_warc(path, {article.url: article.page_html().encode() for article in articles})
    path.write_bytes(path.read_bytes()[:-2000])
    ended = broadsheet("import", path, "--json")
    assert_one_line(ended, "crawl.warc.gz: truncated within the record at byte")
    assert json.loads(ended.stdout)["outcomes"] == {"cut": 1, "stored": 2}
    again = broadsheet("import", path, "--json")
    assert_one_line(again, "crawl.warc.gz: truncated within the record at byte")
    assert "stored" not in json.loads(again.stdout)["outcomes"]


def test_a_binary_file_named_html_is_quarantined_with_its_reason(
    broadsheet: Broadsheet, seeds: Path, tmp_path: Path
) -> None:
    (tmp_path / "photo.html").write_bytes(bytes(range(256)) * 64)
    ended = broadsheet("import", next(seeds.glob("001*")), tmp_path / "photo.html", "--json")
    assert_one_line(ended, "photo.html: contains binary data")
    assert json.loads(ended.stdout)["outcomes"] == {"quarantined": 1, "stored": 1}
    (found,) = json.loads(broadsheet("quarantine", "list", "--json").stdout)
    assert found["reasons"][0].startswith("not-html")
    assert found["capture"]["warc"]


def test_a_page_is_recognized_whatever_its_file_name(broadsheet: Broadsheet, tmp_path: Path) -> None:
    article = Site(10).articles[6]
    (tmp_path / "saved.txt").write_text(article.page_html(), encoding="utf-8")
    assert import_json(broadsheet, tmp_path / "saved.txt")["outcomes"] == {"stored": 1}
    assert broadsheet("show", article.id).returncode == 0


def test_only_readable_files_of_a_folder_are_imported(broadsheet: Broadsheet, seeds: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    shutil.copy(next(seeds.glob("001*")), folder / "one.txt")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / ".hidden.txt").write_text("Nobody's text.")
    assert import_json(broadsheet, folder)["outcomes"] == {"stored": 1}


def test_an_invalid_warc_file_does_not_block_the_others_in_its_folder(
    broadsheet: Broadsheet, seeds: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    shutil.copy(next(seeds.glob("001*")), folder / "one.txt")
    (folder / "a.warc").write_bytes(b"nothing of the kind")
    (folder / "b.warc.gz").write_bytes(gzip.compress(b"nothing of the kind"))
    ended = broadsheet("import", folder, "--json")
    assert ended.returncode == 2
    assert [line.rpartition("; ")[2] for line in ended.stderr.splitlines()] == ["skipped"] * 2
    assert json.loads(ended.stdout)["outcomes"] == {"stored": 1}
    named = broadsheet("import", folder, folder / "a.warc", "--json")
    assert_one_line(named, "a.warc: ")
    assert not named.stdout


LIST = "https://www.themoscowtimes.com/2024/01/02/x-a85656\nnot a URL\n"


@pytest.mark.parametrize(
    "name",
    [
        "missing.txt",
        "garbage.warc.gz",
        "text.warc.gz",
        "list.txt",
        "large.txt",
        "fifo.txt",
        "cut.warc.gz",
        "shape.json",
    ],
)
def test_unreadable_input_is_one_line_and_status_2_and_nothing_is_imported(
    broadsheet: Broadsheet, seeds: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "garbage.warc.gz").write_bytes(b"\x00\x01 no archive")
    (tmp_path / "text.warc.gz").write_bytes(gzip.compress(b"just text\n"))
    (tmp_path / "cut.warc.gz").write_bytes(gzip.compress(b"just text\n")[:8])
    (tmp_path / "list.txt").write_text(LIST)
    (tmp_path / "shape.json").write_text('{\n "articles": []\n}')
    (tmp_path / "large.txt").write_bytes(b"word " * 2000)
    os.mkfifo(tmp_path / "fifo.txt")
    ended = broadsheet("import", next(seeds.glob("001*")), tmp_path / name, BROADSHEET_MAX_PAGE_BYTES="5000")
    assert_one_line(ended, name)
    assert ended.stderr.count(name) == 1
    assert ended.stdout == ""
    assert import_json(broadsheet, next(seeds.glob("001*")))["outcomes"]["stored"] == 1


def test_the_database_of_an_import_is_in_wal_mode(broadsheet: Broadsheet, seeds: Path, data_dir: Path) -> None:
    import_json(broadsheet, next(seeds.glob("001*")))
    with sqlite3.connect(data_dir / "broadsheet.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_file_with_only_revisits_is_reported(broadsheet: Broadsheet, tmp_path: Path) -> None:
    record = make_record(b"HTTP/1.1 200 OK\r\n\r\n", "WARC-Profile: identical-payload-digest", kind="revisit")
    path = tmp_path / "revisits.warc.gz"
    path.write_bytes(gzip.compress(record) * 3)
    assert_one_line(broadsheet("import", path), "contains no page, only records of other kinds: 3 revisit")


def test_records_skipped_among_pages_are_counted_and_reported(broadsheet: Broadsheet, tmp_path: Path) -> None:
    article = Site(3, bad_pages=False).articles[0]
    write_warc(path := tmp_path / "mixed.warc.gz", {article.url: article.page_html().encode()})
    kinds = ["revisit", "conversion", "revisit", "metadata", "request"]
    records = [make_record(b"HTTP/1.1 200 OK\r\n\r\n", kind=kind) for kind in kinds]
    path.write_bytes(path.read_bytes() + b"".join(map(gzip.compress, records)))
    report = import_json(broadsheet, path)
    assert (report["outcomes"]["stored"], report["outcomes"]["passed-over"]) == (1, 3)
    assert report["notes"] == ["file:mixed.warc.gz has records that are skipped: 1 conversion, 2 revisit"]


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_an_interrupted_import_says_so_in_one_line_and_leaves_no_process(
    tmp_path: Path, data_dir: Path, number: signal.Signals, said: str
) -> None:
    page = Site(3, bad_pages=False).articles[0].page_html().encode()
    write_warc(
        path := tmp_path / "large.warc.gz", {f"https://www.themoscowtimes.com/{at}": page for at in range(3_000)}
    )
    command, environment = [sys.executable, "-m", "cli", "import", str(path)], {"BROADSHEET_DATA_DIR": str(data_dir)}
    with (
        (tmp_path / "err").open("wb") as err,
        subprocess.Popen(command, env=os.environ | environment, stderr=err, start_new_session=True) as process,
    ):
        me = psutil.Process(process.pid)
        wait_until(lambda: process.poll() is not None or me.children())
        others = me.children(recursive=True)
        # Ctrl-C reaches only the command, as its children have their own session; SIGTERM may go to all.
        for one in (me, *others) if number == signal.SIGTERM else (me,):
            with suppress(psutil.NoSuchProcess):
                one.send_signal(number)
        assert process.wait(60) == 128 + number
        assert psutil.wait_procs(others, 60)[1] == []
    assert (tmp_path / "err").read_text() == f"broadsheet: {said}\n"
