"""The confidence in records, from the crawl to the release: stored, filtered by, restored and made anew."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select, update

import broadsheet
from pipeline.archive import Archive, open_archive
from pipeline.file_import import import_paths
from pipeline.release import make_release
from pipeline.reprocess.reprocess import reprocess
from pipeline.verification import verify_release
from replica.site import Site
from schemas.article import ArticleRecord
from schemas.export import ArticleFilter, FileFormat, Format
from schemas.release import LEFT_OUT_PATH, PARQUET_PATH, LeftOutReason
from schemas.reprocess import Change
from schemas.search import ReaderFilter, SearchFilter
from schemas.settings import Settings
from storage.articles.selection import count_matching, count_uncertain, iterate_articles
from storage.copying.database_copy import copy_database
from storage.export.file import export_articles
from storage.schema.tables import Article, Revision
from storage.search.column_cache import ColumnCache
from storage.search.finding import search_articles
from storage.search.query import read_query
from storage.search.reading import read_page
from tests.pipeline.test_release import sum_again
from tests.postgresql import PostgreSQL

SOUND_COUNT = 4
LEAST = 0.9
PARAGRAPHS = "".join(f"<p>Number {n} tells what the council of the town decided that day.</p>" for n in range(12))
DOUBTFUL = (
    f"<html><head><title>Prices of the shop</title></head><body><h1>Prices of the shop</h1>{PARAGRAPHS}</body></html>"
)
TEXT = "\n\n".join(f"Sentence {n} of a text that was saved without the page it comes from." for n in range(9))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an archive of sound pages, a doubtful one, and a text."""
    folder = tmp_path_factory.mktemp("confidence")
    for number, article in enumerate(Site(SOUND_COUNT, bad_pages=False, duplicate_share=0).articles):
        (folder / f"{number}.html").write_text(article.page_html(), encoding="utf-8")
    (folder / "doubtful.html").write_text(DOUBTFUL, encoding="utf-8")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    found = Settings(data_dir=folder / "data")
    with open_archive(found, writable=True) as archive:
        import_paths(archive, sorted(folder.glob("*.*")))
    return found


@pytest.fixture(scope="module")
def archive(settings: Settings) -> Iterator[Archive]:
    with open_archive(settings, writable=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def other(archive: Archive, settings: Settings) -> Iterator[Archive]:
    """The same archive on PostgreSQL."""
    server = PostgreSQL()
    try:
        server.create("confidence")
        copy_database(archive.database, server.url("confidence"), lambda *_: None)
        given = settings.model_copy(update={"database_url": server.url("confidence")})
        with open_archive(given, writable=False) as opened:
            yield opened
    finally:
        server.stop()


def list_records(archive: Archive, **wanted: Any) -> list[ArticleRecord]:
    with archive.database.read() as session:
        chosen = ArticleFilter(**wanted)
        found = list(iterate_articles(session, chosen))
        assert count_matching(session, chosen) == len(found)
    return found


def list_ids(archive: Archive, **wanted: Any) -> set[str]:
    return {one.id for one in list_records(archive, **wanted)}


def test_pages_have_one_and_texts_have_none(archive: Archive) -> None:
    found = sorted((one.confidence is not None, one.confidence or 0) for one in list_records(archive))
    assert found[0] == (False, 0)
    assert found[1][0]
    assert found[1][1] < LEAST
    assert found[2:] == [(True, 1.0)] * SOUND_COUNT


def test_both_databases_filter_by_it_in_every_way(archive: Archive, other: Archive) -> None:
    query = read_query("the OR of")
    for one in (archive, other):
        everything, sound = list_ids(one), list_ids(one, min_confidence=LEAST)
        assert len(sound) == SOUND_COUNT
        [doubtful] = [record for record in list_records(one) if record.confidence not in {None, 1.0}]
        # The bound itself is in.
        assert list_ids(one, min_confidence=doubtful.confidence) == {*sound, doubtful.id}
        assert list_ids(one, min_confidence=0.0) == {*sound, doubtful.id}
        for least, ids in ((None, everything), (LEAST, sound), (doubtful.confidence, {*sound, doubtful.id})):
            hits = search_articles(one.database, query, SearchFilter(limit=99, min_confidence=least))
            assert {hit.id for hit in hits} <= ids
            page = read_page(one.database, ColumnCache(one.database), None, ReaderFilter(min_confidence=least), 99)
            assert {hit.id for hit in page.hits} == ids
        assert search_articles(one.database, query, SearchFilter(limit=99, min_confidence=LEAST))
        with one.database.read() as session:
            counts = count_uncertain(session, ArticleFilter(min_confidence=LEAST))
        assert (counts.low_count, counts.unknown_count) == (1, 1)


def test_the_notebook_filters_by_it(settings: Settings, archive: Archive) -> None:
    with broadsheet.open(settings.data_dir) as opened:
        assert {one.id for one in opened.articles(min_confidence=LEAST)} == list_ids(archive, min_confidence=LEAST)
        assert opened.search("headline:shop", min_confidence=0)
        assert not opened.search("headline:shop", min_confidence=LEAST)


def test_a_release_names_what_it_left_out_and_adds_up(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "release"
    made = make_release(archive, folder, ArticleFilter(min_confidence=LEAST))
    rows = [json.loads(line) for line in (folder / LEFT_OUT_PATH).read_text().splitlines()]
    left_out = {row["id"]: row["reason"] for row in rows}
    assert sorted(left_out.values()) == ["confidence-low", "confidence-unknown"]
    assert made.left_out_counts == {LeftOutReason.CONFIDENCE_LOW: 1, LeftOutReason.CONFIDENCE_UNKNOWN: 1}
    released = set(pq.read_table(folder / PARQUET_PATH)["id"].to_pylist())
    assert released | left_out.keys() == list_ids(archive)
    assert not released & left_out.keys()
    card = (folder / "README.md").read_text()
    assert "| articles with a confidence below 0.9 | 1 |" in card
    assert "| articles of which no confidence is known | 1 |" in card
    assert verify_release(folder).problems == ()
    assert "confidence" not in str(make_release(archive, tmp_path / "all", ArticleFilter()).left_out_counts)
    assert "a confidence below" not in (tmp_path / "all" / "README.md").read_text()


def test_an_article_is_left_out_for_one_reason(archive: Archive) -> None:
    for wanted in (
        ArticleFilter(min_confidence=LEAST, respect_tdm=True),
        ArticleFilter(min_confidence=LEAST, include_duplicates=True),
    ):
        with archive.database.read() as session:
            unknown = count_uncertain(session, wanted)
        # The text's rights are unknown as well: it is counted there.
        assert unknown.unknown_count == (0 if wanted.respect_tdm else 1)


def test_a_release_that_does_not_add_up_is_found_out(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "release"
    make_release(archive, folder, ArticleFilter(min_confidence=LEAST))
    path = folder / LEFT_OUT_PATH
    lines = path.read_text().splitlines()
    [released, *_] = pq.read_table(folder / PARQUET_PATH)["id"].to_pylist()
    forged = json.dumps(json.loads(lines[0]) | {"id": released})
    path.write_text("".join(f"{line}\n" for line in (*lines, lines[0], forged)))
    for name in ("data/articles-parquet.card.json", "data/articles-jsonl-gz.card.json"):
        card = json.loads((folder / name).read_text())
        card["filters"]["min_confidence"] = 1.0
        (folder / name).write_text(json.dumps(card))
    sum_again(folder)
    assert verify_release(folder).problems == (
        f"{LEFT_OUT_PATH} lists {json.loads(lines[0])['id']} twice",
        f"{LEFT_OUT_PATH} lists {released}, which is in the release",
    )
    make_release(archive, tmp_path / "all", ArticleFilter())
    card_path = tmp_path / "all" / "data/articles-jsonl-gz.card.json"
    card = json.loads(card_path.read_text())
    card["filters"]["min_confidence"] = LEAST
    card_path.write_text(json.dumps(card))
    sum_again(tmp_path / "all")
    [problem] = verify_release(tmp_path / "all").problems
    assert problem.endswith("says min_confidence 0.9, but an article has a lower one, or none")


@pytest.mark.parametrize("file_format", list(Format))
def test_an_export_gives_it_back(
    archive: Archive, make_settings: Callable[..., Settings], tmp_path: Path, file_format: Format
) -> None:
    path = tmp_path / f"out.{file_format}"
    export_articles(archive.database, path, FileFormat.choose(path.name), ArticleFilter())
    with open_archive(make_settings(), writable=True) as restored:
        import_paths(restored, [path])
        found = {one.id: one.confidence for one in list_records(restored)}
    assert found == {one.id: one.confidence for one in list_records(archive)}


def test_reprocessing_fills_what_is_unknown_without_a_revision(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / "doubtful.html").write_text(DOUBTFUL, encoding="utf-8")
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    settings = make_settings()
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, [tmp_path / "doubtful.html", tmp_path / "text.txt"])
        before = list_records(archive)
        with archive.database.begin() as session:
            session.execute(update(Article).values(confidence=None))  # as a migration leaves it
        assert list_ids(archive, min_confidence=0.0) == set()
    assert reprocess(settings).changes == {Change.ANNOTATED: 1, Change.UNCHANGED: 1}
    report = reprocess(settings, apply=True)
    assert report.run
    assert report.run.outcomes["annotated"] == 1
    with open_archive(settings, writable=False) as archive:
        assert list_records(archive) == before
        assert len(list_ids(archive, min_confidence=0.0)) == 1
        with archive.database.read() as session:
            assert session.scalar(select(func.count()).select_from(Revision)) == 0
    assert set(reprocess(settings).changes) == {Change.UNCHANGED}
