"""The Python API: the session of `docs/notebook.md`, and what it does not show."""

import doctest
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import broadsheet
from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from pipeline.ingest import ingest_once
from schemas.settings import Settings
from storage.engine import DatabaseMissing

PAGE = Path(__file__).parent.parent.parent / "docs" / "notebook.md"


@pytest.fixture
def texts(seeds: Path) -> Path:
    """A data folder in the working directory, with the five seed texts."""
    with open_archive(Settings(data_dir=Path("data")), writable=True) as archive:
        import_paths(archive, sorted(seeds.glob("*.txt")))
    return Path("data")


@pytest.fixture
def archive(settings: Settings) -> Iterator[broadsheet.Archive]:
    """An archive of the replica's newest articles."""
    ingest_once(settings, "moscow-times", "feeds", 12)
    with broadsheet.open(settings.data_dir) as opened:
        yield opened


@pytest.mark.usefixtures("texts")
def test_the_session_in_the_documents_gives_what_it_shows() -> None:
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert tried > 15
    assert failed == 0


def test_an_article_is_found_by_its_id_and_by_any_url(archive: broadsheet.Archive) -> None:
    article = next(iter(archive))
    assert article.url
    for spelling in (article.id, article.url, f"{article.url}?utm_source=feed", article.url.removeprefix("https://")):
        assert archive[spelling] == article
    assert article.id in archive
    assert archive.get("moscow-times:en:1") is None
    with pytest.raises(KeyError, match="moscow-times:en:1"):
        archive["moscow-times:en:1"]


def test_a_selection_is_the_same_in_every_shape(archive: broadsheet.Archive) -> None:
    section = next(article.section for article in archive if article.section)
    for selection in (archive.articles(), archive.articles(section=section), archive.articles(include_duplicates=True)):
        ids = [article.id for article in selection]
        assert ids
        assert len(selection) == len(ids)
        assert selection.to_arrow()["id"].to_pylist() == ids
        assert selection.to_polars()["id"].to_list() == ids
        assert selection.to_pandas()["id"].to_list() == ids
    assert {article.section for article in archive.articles(section=section)} == {section}


def test_an_empty_selection_is_a_table_with_all_columns(archive: broadsheet.Archive) -> None:
    empty = archive.articles(site="nowhere").to_arrow()
    assert (empty.num_rows, empty.schema) == (0, archive.articles().to_arrow().schema)


def test_days_bound_a_selection_and_a_search(archive: broadsheet.Archive) -> None:
    days = sorted(article.published_at.date() for article in archive if article.published_at)
    assert len(archive.articles(since=days[0].isoformat(), until=days[-1])) >= len(days) - 1
    assert len(archive.articles(until="1990-01-01")) == 0
    with pytest.raises(ValueError, match="isoformat"):
        archive.articles(since="last week")


def test_hits_lead_to_their_articles(archive: broadsheet.Archive) -> None:
    article = next(article for article in archive if article.headline)
    assert article.headline
    hits = archive.search(f'"{article.headline}"')
    assert article.id in [hit.id for hit in hits]
    assert hits[:1].to_arrow().num_rows == 1
    assert hits.to_polars()["id"].to_list() == [hit.id for hit in hits]
    assert archive.search("zzzzqqqq").to_pandas().empty


def test_every_version_leads_to_a_capture_that_can_be_read(archive: broadsheet.Archive) -> None:
    article = next(iter(archive))
    assert archive.revisions(article.id)[-1].number == article.revision
    assert archive.compare(article.id).fields == {}
    captures = archive.captures(article.id)
    assert article.capture in [capture.ref for capture in captures]
    assert b"<html" in archive.read_capture(article.capture).body.lower()
    assert archive.read_capture(captures[-1]).url == captures[-1].url


def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing, match="nothing is stored yet"):
        broadsheet.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_database_elsewhere_is_named_beside_the_folder(texts: Path) -> None:
    url = f"sqlite:///{texts.absolute() / 'broadsheet.db'}"
    with broadsheet.open(database_url=url) as archive:
        assert len(archive) == 5


def test_a_library_that_is_not_installed_is_named(archive: broadsheet.Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ModuleNotFoundError, match="pip install polars"):
        archive.articles().to_polars()


def test_settings_of_the_environment_count_where_no_folder_is_named(
    texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "BROADSHEET_DATA_DIR", str(texts.absolute()))
    with broadsheet.open() as archive:
        assert len(archive) == 5
