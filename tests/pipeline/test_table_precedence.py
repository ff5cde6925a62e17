"""A row of a table beside the publisher's page, or beside another row: nothing that is known of the article is lost."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from pipeline.reprocess.reprocess import reprocess
from schemas.article import ArticleRecord
from schemas.settings import Settings
from storage.articles.selection import iterate_articles
from tests.storage.warc_sample import answer, make_record

SEED = Path(__file__).parent.parent.parent / "seeds" / "pages" / "moscow-times" / "article-period-5"
EXPECTED: dict[str, Any] = json.loads((SEED / "expected.json").read_text(encoding="utf-8"))
FETCHED = "2026-11-01T00:00:00Z"

SAME = {name: EXPECTED[name] for name in ("id", "url", "body", "headline", "published_at")}
OTHER = SAME | {"body": "Another text, which has nothing in common with the page. " * 5}
EARLIER, LATER = {"fetched_at": "2026-10-01T00:00:00Z"}, {"fetched_at": "2026-11-02T00:00:00Z"}


def import_file(settings: Settings, path: Path) -> dict[str, int]:
    with open_archive(settings, writable=True) as archive:
        return import_paths(archive, [path]).outcomes


def import_page(settings: Settings, tmp_path: Path) -> dict[str, int]:
    block = answer("Content-Type: text/html; charset=UTF-8", gzip.decompress((SEED / "page.html.gz").read_bytes()))
    path = tmp_path / "page.warc"
    path.write_bytes(make_record(block).replace(b"https://example.org/\r", EXPECTED["url"].encode() + b"\r", 1))
    return import_file(settings, path)


def import_row(settings: Settings, tmp_path: Path, row: dict[str, Any]) -> dict[str, int]:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    return import_file(settings, path)


def find(settings: Settings) -> ArticleRecord:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        (article,) = iterate_articles(session)
    return article


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (SAME, "unchanged"),
        (SAME | LATER, "unchanged"),
        (SAME | LATER | {"headline": "Another headline"}, "unchanged"),
        (OTHER, "not-newer"),
        (OTHER | EARLIER, "not-newer"),
    ],
)
def test_a_row_leaves_an_article_of_the_publishers_page_as_it_is(
    settings: Settings, tmp_path: Path, row: dict[str, Any], outcome: str
) -> None:
    assert import_page(settings, tmp_path) == {"stored": 1}
    before = find(settings)
    assert (before.authors, before.section, len(before.images)) == (tuple(EXPECTED["authors"]), "News", 6)
    assert import_row(settings, tmp_path, row) == {outcome: 1}
    assert find(settings) == before
    reprocess(settings, apply=True)
    assert find(settings) == before


def test_a_row_with_another_text_that_was_fetched_later_is_a_revision(settings: Settings, tmp_path: Path) -> None:
    import_page(settings, tmp_path)
    assert import_row(settings, tmp_path, OTHER | LATER) == {"revised": 1}
    assert (find(settings).body, find(settings).revision) == (OTHER["body"].strip(), 2)


@pytest.mark.parametrize("row", [SAME, OTHER])
def test_the_page_replaces_a_row_without_a_time_of_fetch_whichever_is_imported_first(
    settings: Settings, tmp_path: Path, row: dict[str, Any]
) -> None:
    assert import_row(settings, tmp_path, row) == {"stored": 1}
    assert "fetched-at-missing" in find(settings).flags
    assert import_page(settings, tmp_path) == {"revised": 1}
    found = find(settings)
    assert (found.body, found.authors) == (EXPECTED["body"], tuple(EXPECTED["authors"]))
    assert (found.flags, found.sources["body"], found.revision) == ((), "trafilatura", 2)
    assert import_row(settings, tmp_path, OTHER | {"section": "x"}) == {"not-newer": 1}


def test_a_row_with_more_values_revises_one_with_fewer_and_the_other_way_round_nothing_happens(
    settings: Settings, tmp_path: Path
) -> None:
    fuller = SAME | {"section": "News", "tags": "Law, Regions"}
    assert import_row(settings, tmp_path, SAME) == {"stored": 1}
    assert import_row(settings, tmp_path, fuller) == {"revised": 1}
    assert import_row(settings, tmp_path, SAME | {"section": "Other"}) == {"unchanged": 1}
    assert (find(settings).section, find(settings).tags) == ("News", ("Law", "Regions"))


def test_a_row_with_a_time_of_fetch_takes_the_place_of_the_same_row_without(settings: Settings, tmp_path: Path) -> None:
    import_row(settings, tmp_path, SAME)
    assert import_row(settings, tmp_path, SAME | EARLIER) == {"unchanged": 1}
    found = find(settings)
    assert (found.revision, found.fetched_at.isoformat()) == (1, "2026-10-01T00:00:00+00:00")
    assert "fetched-at-missing" not in found.flags
