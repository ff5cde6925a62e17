"""An export that is imported into an empty archive gives the archive that it was written from, on either database."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive import Archive, open_archive
from pipeline.file_import import import_paths
from schemas.article import ArticleRecord
from schemas.export import ArticleFilter, FileFormat
from schemas.settings import Settings
from storage.articles.article import find_article
from storage.engine import Database
from storage.export.file import export_articles
from storage.ledger.outcome import store_outcomes
from tests.storage.export_sample import fill
from tests.storage.sample import START, read

OWN = {"capture", "revision"}
"""Fields that are each archive's own."""


@pytest.fixture
def archive(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """An empty archive on the same kind of database."""
    settings = Settings(data_dir=tmp_path / "data")
    server = request.getfixturevalue("postgresql") if database_kind == "postgresql" else None
    if server:
        server.create("round_trip")
        settings = settings.model_copy(update={"database_url": server.url("round_trip")})
    with open_archive(settings, writable=True) as opened:
        yield opened
    if server:
        server.drop("round_trip")


def export(database: Database, path: Path, *, has_bom: bool = False) -> Path:
    export_articles(
        database, path, FileFormat.choose(path.name, has_bom=has_bom), ArticleFilter(include_duplicates=True)
    )
    return path


def list_records(database: Database, tmp_path: Path) -> list[dict[str, Any]]:
    path = export(database, tmp_path / "records.jsonl")
    found = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [{name: value for name, value in one.items() if name not in OWN} for one in found]


def run_import(archive: Archive, path: Path) -> dict[str, int]:
    report = import_paths(archive, [path])
    assert (report.problems, report.unusable) == ((), ())
    return report.outcomes


@pytest.mark.parametrize(
    ("name", "other"), [("a.csv", "b.parquet"), ("a.parquet", "b.jsonl.gz"), ("a.jsonl", "b.csv.zst")]
)
def test_every_format_gives_back_the_same_archive(
    database: Database, archive: Archive, tmp_path: Path, name: str, other: str
) -> None:
    fill(database)
    expected = list_records(database, tmp_path)
    assert {len(one["aliases"]) for one in expected} == {0, 2}
    outcomes = run_import(archive, export(database, tmp_path / name, has_bom=name.endswith(".csv")))
    assert outcomes == {"stored": len(expected) - 1, "duplicate": 1}
    assert list_records(archive.database, tmp_path) == expected
    again = import_paths(archive, [export(database, tmp_path / other)])  # a record is the same row in every format
    assert (again.outcomes, again.request_count) == ({"unchanged": len(expected)}, 0)
    second = run_import(archive, export(archive.database, tmp_path / f"second-{other}"))
    assert second == {"unchanged": len(expected)}  # other captures, the same articles
    assert list_records(archive.database, tmp_path) == expected


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "1": ({"body": "One, changed."}, "changed-record: content_sha256 is not that of the body"),
    "2": ({"id": "moscow-times:en:77"}, "changed-record: its id is moscow-times:en:77, but that of its url is"),
    "3": ({"url": None}, "changed-record: its id is moscow-times:en:3, but that of its body is text:"),
    "5": ({"headline": 5}, "invalid-value: headline: 5 is no such value"),
    "10": ({"sources": None}, "invalid-value: sources: there is none, but every record has one"),
    "12": (
        {"modified_at": "0001-01-01T00:00:00+14:00"},
        "invalid-value: modified_at: '0001-01-01T00:00:00+14:00' is no",
    ),
    "13": ({"fetched_at": "1969-01-01T00:00:00Z"}, "invalid-value: fetched_at: 1969-01-01T00:00:00+00:00 is before"),
    "11": ({"url": "https://a\0b"}, "invalid-value: it contains NUL"),
}


def test_records_that_were_changed_are_quarantined_and_the_others_are_stored(
    database: Database, archive: Archive, tmp_path: Path
) -> None:
    count = len(fill(database))
    path = export(database, tmp_path / "a.jsonl")
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    reasons = {}
    for number, one in enumerate(records, 1):
        if change := CHANGES.get(one["id"].rpartition(":")[2]):
            one.update(change[0])
            reasons[number] = f"row {number}: quarantined: {change[1]}"
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    report = import_paths(archive, [path])
    assert report.outcomes == {"stored": count - len(CHANGES), "quarantined": len(CHANGES)}
    (file,) = report.files
    assert (file.row_count, file.outcomes) == (count, report.outcomes)
    assert len(file.problems) == len(reasons) == len(CHANGES)
    assert all(map(str.startswith, file.problems, reasons.values()))


def find(database: Database, number: int) -> ArticleRecord:
    with database.read() as session:
        found = find_article(session, f"moscow-times:en:{number}")
    assert found
    return found


def test_the_later_capture_decides_between_two_texts_of_one_record(
    database: Database, archive: Archive, tmp_path: Path
) -> None:
    with database.begin() as session:
        store_outcomes(session, [read(1, 1, "First."), read(2, 2, "First of two.", hours=2)], run_id=None, now=START)
    older = export(database, tmp_path / "older.jsonl")
    with database.begin() as session:
        store_outcomes(session, [read(3, 1, "Second.", hours=9)], run_id=None, now=START)
    newer = export(database, tmp_path / "newer.csv")
    assert run_import(archive, older) == {"stored": 2}
    assert run_import(archive, newer) == {"revised": 1, "unchanged": 1}
    assert (find(archive.database, 1).body, find(archive.database, 1).revision) == ("Second.", 2)
    records = older.read_text(encoding="utf-8").replace('"sponsor":null', '"sponsor":"Sponsor"')
    (tmp_path / "older.jsonl").write_text(records, encoding="utf-8")
    assert run_import(archive, older) == {"revised": 1, "not-newer": 1}  # of 2, which is as new
    assert (find(archive.database, 1).body, find(archive.database, 1).revision) == ("Second.", 2)
