"""`broadsheet export`, as users and scripts run it."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from replica.site import Site
from schemas.export import name_card

Broadsheet = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = [sys.executable, "-m", "cli", "export"]


@pytest.fixture
def filled(broadsheet: Broadsheet, seeds: Path, tmp_path: Path) -> Site:
    """Create an archive of a saved page and a text."""
    site = Site(10)
    (tmp_path / "saved.html").write_text(site.articles[1].page_html(), encoding="utf-8")
    ended = broadsheet("import", tmp_path / "saved.html", next(seeds.glob("004*")))
    assert ended.returncode == 0, ended.stderr
    return site


def export(broadsheet: Broadsheet, out: Path, *arguments: object) -> Any:
    ended = broadsheet("export", "--out", out, *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_csv_has_a_row_for_each_article(broadsheet: Broadsheet, filled: Site, tmp_path: Path) -> None:
    article, out = filled.articles[1], tmp_path / "out.csv"
    assert export(broadsheet, out, "--bom")["count"] == 2
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert rows[article.id]["headline"] == article.expected["headline"]
    assert rows[article.id]["body"] == article.expected["body"]


def test_what_the_least_confidence_leaves_out_is_said(broadsheet: Broadsheet, filled: Site, tmp_path: Path) -> None:
    ended = broadsheet("export", "--out", tmp_path / "out.jsonl", "--min-confidence", "0.9")
    assert ended.returncode == 0
    [row] = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert (row["id"], row["confidence"]) == (filled.articles[1].id, 1.0)
    assert "1 more left out by --min-confidence: theirs is unknown" in ended.stderr
    assert json.loads((tmp_path / name_card("out.jsonl")).read_text())["filters"]["min_confidence"] == 0.9
    assert json.loads(broadsheet("show", filled.articles[1].id, "--json").stdout)["confidence"] == 1.0
    hits = json.loads(broadsheet("search", "the", "--min-confidence", "0.9", "--json").stdout)
    assert {hit["id"] for hit in hits} <= {filled.articles[1].id}
    refused = broadsheet("export", "--out", tmp_path / "o.csv", "--min-confidence", "90")
    assert refused.returncode == 2
    assert "--min-confidence" in refused.stderr


def test_what_respecting_reservations_leaves_out_is_said(broadsheet: Broadsheet, filled: Site, tmp_path: Path) -> None:
    ended = broadsheet("export", "--out", tmp_path / "out.jsonl", "--respect-tdm")
    assert ended.returncode == 0
    [row] = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert row["id"] == filled.articles[1].id
    # A text says nothing of the page that it comes from.
    assert "1 more left out by --respect-tdm: their rights are unknown" in ended.stderr
    assert export(broadsheet, tmp_path / "out.jsonl", "--rights", "noarchive")["count"] == 1
    assert "did you mean noarchive?" in broadsheet("export", "--out", tmp_path / "o.csv", "--rights", "noarchve").stderr
    rights = json.loads(broadsheet("show", filled.articles[1].id, "--json").stdout)["rights"]
    assert [one["names"] for one in rights["directives"]] == [["noarchive"]]
    assert "googlebot: noarchive  (meta)" in broadsheet("show", filled.articles[1].id).stdout


def test_a_query_and_filters_export_what_they_find(broadsheet: Broadsheet, filled: Site, tmp_path: Path) -> None:
    out = tmp_path / "found.jsonl"
    headline = filled.articles[1].expected["headline"]
    assert export(broadsheet, out, f'headline:"{headline}"', "--language", "en", "--kind", "article")["count"] == 1
    assert [json.loads(line)["headline"] for line in out.read_text().splitlines()] == [headline]
    filters = json.loads((tmp_path / name_card(out.name)).read_text())["filters"]
    assert (filters["query"], filters["kind"], filters["language"]) == (f'headline:"{headline}"', "article", "en")
    ended = broadsheet("export", "titel:syria", "--out", out)
    assert ended.returncode == 0
    assert "titel: is not a field" in ended.stderr


def test_a_range_of_days_exports_only_those_days(broadsheet: Broadsheet, filled: Site, tmp_path: Path) -> None:
    day = filled.articles[1].url.split("/", 3)[3][:10].replace("/", "-")
    out = tmp_path / "out.jsonl"
    assert export(broadsheet, out, "--from", day, "--to", day)["count"] == 1
    assert export(broadsheet, out, "--to", "1999-01-01")["count"] == 0
    assert "\n1 more without a date" in broadsheet("export", "--out", out, "--to", "1999-01-01").stderr
    assert out.read_text() == ""


@pytest.mark.usefixtures("filled")
def test_json_describes_the_file_and_names_its_card(broadsheet: Broadsheet, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl.gz"
    written, content = export(broadsheet, out), out.read_bytes()
    assert written == {
        "path": str(out),
        "format": "jsonl",
        "compression": "gzip",
        "count": 2,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "card": str(out.with_name(name_card(out.name))),
    }
    assert json.loads(Path(written["card"]).read_text())["sha256"] == written["sha256"]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--out", "no/folder/x.jsonl"], "no/folder/x.jsonl cannot be written: there is no directory no/folder"),
        (["--out", f"{'x' * 250}.jsonl"], "name too long"),
        (["--out", f"{'x' * 240}.jsonl"], "name too long"),  # with what it is called until it is complete
        (["--out", "bad\udcff.jsonl"], r"bad\udcff.jsonl cannot be written: its name is not valid UTF-8"),
        (["--out", "x"], "pass --format"),
        (["?", "--out", "x.jsonl"], "no word to look for"),
        (["", "--out", "x.jsonl"], "the query is empty"),
        (["--section", " ", "--out", "x.jsonl"], "it is empty"),
        (["--secton", "news", "--out", "x.jsonl"], "No such option: --secton"),
        (["--out", "x.parquet.gz"], "compresses its own columns"),
        (["--out", "x.jsonl", "--bom"], "--bom is for CSV"),
        (["--out", "-", "--json"], "both write to standard output"),
        (["--out", "/dev/stdout", "--format", "jsonl", "--json"], "both write to standard output"),
        (["--out", "/dev/full", "--format", "parquet"], "No space left"),
        (["--out", "/dev/full", "--format", "jsonl"], "No space left"),
    ],
)
def test_an_impossible_export_is_one_line_and_status_2(broadsheet: Broadsheet, arguments: list[str], says: str) -> None:
    ended = broadsheet("export", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "place", ["warc/{}", "warc/new.jsonl", "index/../warc/{}", "spool/new.jsonl", "broadsheet.db-wal"]
)
def test_no_export_is_written_into_the_archives_own_folders(broadsheet: Broadsheet, data_dir: Path, place: str) -> None:
    files = {path: path.read_bytes() for path in data_dir.glob("warc/*")}
    warc = next(path.name for path in files if path.suffix == ".gz")
    ended = broadsheet("export", "--format", "jsonl", "--out", f"{data_dir}/{place.format(warc)}")
    assert ended.returncode == 2
    assert "the archive's own" in ended.stderr
    assert files == {path: path.read_bytes() for path in data_dir.glob("warc/*")}


@pytest.mark.usefixtures("filled")
def test_parquet_goes_through_a_pipe(data_dir: Path, tmp_path: Path) -> None:
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(data_dir)}
    command = [*COMMAND, "--out", "-", "--format", "parquet"]
    (tmp_path / "piped").write_bytes(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert pl.read_parquet(tmp_path / "piped").height == 2


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_closed_pipe_ends_the_export_silently(data_dir: Path, kind: str) -> None:
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(data_dir)}
    reading, writing = os.pipe()
    os.close(reading)
    command = [*COMMAND, "--out", "-", "--format", kind]
    ended = subprocess.run(command, env=environment, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


HALF_MADE = """
import signal
from pathlib import Path
from cli.signals import handling_signals
from storage.export.sink import opening
with handling_signals(), opening(Path("out.jsonl")) as sink:
    sink.write(b"half")
    print("written", flush=True)
    signal.pause()
"""


def test_an_interrupted_export_leaves_the_previous_file_unchanged(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "out.jsonl").write_text("former")
    with subprocess.Popen([sys.executable, "-c", HALF_MADE], cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline() if process.stdout else ""
        names = {path.name for path in folder.iterdir()}
        process.send_signal(signal.SIGTERM)
    assert (said, process.returncode) == ("written\n", 143)
    assert len(names) == 2
    assert "out.jsonl" in names
    assert [path.read_text() for path in folder.iterdir()] == ["former"]


@pytest.mark.usefixtures("filled")
def test_a_terminal_gets_a_progress_bar_and_no_parquet(data_dir: Path) -> None:
    environment = os.environ | {"BROADSHEET_DATA_DIR": str(data_dir), "TERM": "xterm", "COLUMNS": "100"}
    ours, theirs = os.openpty()
    subprocess.run([*COMMAND, "--out", "x.jsonl"], env=environment, stderr=theirs, check=True)
    refused = subprocess.run(
        [*COMMAND, "--out", "-", "--format", "parquet"],
        env=environment,
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "export" in shown
    assert "2/2" in shown
    assert refused.returncode == 2
    assert b"cannot go to a terminal" in refused.stderr
