"""Several publishers in one database: each has its own rules, days and locks, and is reread on its own."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

import sites
from extraction.rights import list_known_licences
from pipeline.archive import RunInProgress, open_archive
from pipeline.export import write_exports
from pipeline.file_import import import_paths
from pipeline.ingest import ingest_once
from pipeline.reprocess.reprocess import reprocess, retry_quarantine
from pipeline.status import find_details, list_quarantine_records
from replica import meduza, pangea
from replica.pages import render_sitemap, serving
from schemas.export import ArticleFilter, Format
from schemas.reprocess import Change
from schemas.search import SearchFilter
from schemas.settings import Settings
from sites.publishers import UnknownSite
from storage.articles.selection import iterate_articles
from storage.schema.tables import Article, Entry
from storage.search.finding import search_articles
from storage.search.query import read_query
from tests.postgresql import PostgreSQL

MakeSettings = Callable[..., Settings]

SITES = ("meduza", "rferl", "voa")
IDS = {
    f"meduza:en:{meduza.PATH.removeprefix('/en/')}": (meduza.HEADLINE, date(2024, 5, 7), meduza.BODY),
    "rferl:en:33779274": (pangea.HEADLINES[pangea.RFERL], date(2024, 4, 29), pangea.BODIES[pangea.RFERL]),
    "voa:en:7588001": (pangea.HEADLINES[pangea.VOA], date(2024, 4, 27), pangea.BODIES[pangea.VOA]),
}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An archive, on each database, into which three publishers were ingested at once."""
    database_url = ""
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        server.create("several")
        database_url = server.url("several")
    pages = meduza.make_pages() | pangea.make_pages()
    another = render_sitemap([f"{pangea.VOA}{pangea.VOA_PATH}"])
    pages["https://www.svoboda.org"] = {"/sitemap.xml": ("text/xml", another)}
    with serving(pages) as origins:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("several"),
            database_url=database_url,
            delay_seconds=0,
            origins=origins,
            contact="test@example.org",
        )
        with open_archive(settings, writable=True):
            pass
        with ThreadPoolExecutor(len(SITES)) as pool:
            reports = list(pool.map(lambda site: ingest_once(settings, site, "all"), SITES))
    assert [report.problems for report in reports] == [()] * len(SITES)
    return settings


def test_publishers_ingested_at_once_have_each_article_on_its_own_day(filled: Settings) -> None:
    with open_archive(filled, writable=False) as archive, archive.database.read() as session:
        found = {one.id: (one.headline, one.published_on, one.body) for one in session.scalars(select(Article))}
    expected = {key: (headline, day, "\n\n".join(body)) for key, (headline, day, body) in IDS.items()}
    assert {key: found.get(key) for key in expected} == expected
    assert len(found) == len(IDS) + 1


def test_no_publisher_excludes_anothers_articles(filled: Settings) -> None:
    with open_archive(filled, writable=False) as archive, archive.database.read() as session:
        excluded = set(session.execute(select(Entry.site, Entry.rule).where(Entry.rule.is_not(None))).tuples())
    assert excluded == {("rferl", "section-page"), ("voa", "section-page")}


@pytest.mark.parametrize(("site", "day"), [("rferl", date(2024, 4, 29)), ("voa", date(2024, 4, 27))])
def test_a_search_by_day_goes_by_the_publishers_day(filled: Settings, site: str, day: date) -> None:
    wanted = SearchFilter(site=site, since=day, until=day, limit=9)
    with open_archive(filled, writable=False) as archive:
        hits = search_articles(archive.database, read_query("nobody OR lighthouse"), wanted)
        other = wanted.model_copy(update={"since": date(2024, 4, 28), "until": date(2024, 4, 28)})
        assert not search_articles(archive.database, read_query("nobody OR lighthouse"), other)
    assert [(hit.id.partition(":")[0], hit.published_on) for hit in hits] == [(site, day)]


def test_a_publishers_own_licence_is_kept_with_its_scope_and_found(filled: Settings) -> None:
    with open_archive(filled, writable=False) as archive:
        with archive.database.read() as session:
            found = {one.id for one in iterate_articles(session, ArticleFilter(rights="licence-in-part"))}
            assert not list(iterate_articles(session, ArticleFilter(rights="licence")))
        rights = find_details(archive, next(iter(IDS))).rights
    assert found == {f"meduza:en:{path.removeprefix('/en/')}" for path in (meduza.PATH, meduza.NEWS_PATH)}
    assert rights
    [licence] = rights.licences
    assert (licence.url, licence.source.value) == ("https://creativecommons.org/licenses/by/4.0/", "profile")
    assert licence.scope == "the text, not the photographs, of coverage of the war"


@pytest.mark.parametrize(
    ("published_at", "count"),
    [("2022-02-23T21:59:00+00:00", 0), ("2022-02-23T22:00:00+00:00", 1), (None, 0)],
)
def test_the_licence_holds_after_its_day_in_the_publishers_time_zone(published_at: str | None, count: int) -> None:
    at = datetime.fromisoformat(published_at) if published_at else None
    assert len(list_known_licences(sites.get_site("meduza"), at)) == count


def test_an_export_by_site_has_a_file_for_each_publisher_and_one_for_all(filled: Settings) -> None:
    with open_archive(filled, writable=False) as archive:
        found = write_exports(archive, Format.JSONL, ArticleFilter(), by_site=True)
        assert [one.count for one in found] == [4, 2, 1, 1]
        assert len(write_exports(archive, Format.JSONL, ArticleFilter(), by_site=False)) == 1
    files = {path.name for path in (filled.data_dir / "exports").glob("*.jsonl")}
    assert files == {"articles.jsonl", *(f"articles-{site}.jsonl" for site in SITES)}
    text = (filled.data_dir / "exports" / "articles-voa.jsonl").read_text(encoding="utf-8")
    assert {json.loads(line)["site"] for line in text.splitlines()} == {"voa"}


EMPTY_URLS = {
    "meduza": f"{meduza.ORIGIN}/en/news/2024/05/05/a-page-without-text",
    "rferl": f"{pangea.RFERL}/a/a-page-without-text/33779275.html",
    "voa": f"{pangea.VOA}/a/a-page-without-text/7588002.html",
}
"""Pages that are quarantined."""


@pytest.fixture
def imported(tmp_path: Path, seeds: Path) -> Settings:
    """An archive of three publishers' saved pages, one of each without text, and of the seeds, which have no URL."""
    urls = [f"{meduza.ORIGIN}{meduza.PATH}", f"{pangea.RFERL}{pangea.RFERL_PATH}", f"{pangea.VOA}{pangea.VOA_PATH}"]
    pages = meduza.make_pages() | pangea.make_pages()
    bodies = {url: pages[origin][url.removeprefix(origin)][1] for url in urls for origin in pages if origin in url}
    bodies |= dict.fromkeys(EMPTY_URLS.values(), b"<title>No text</title>")
    for number, (url, body) in enumerate(bodies.items()):
        path = tmp_path / f"{number}.html"
        path.write_bytes(f'<!DOCTYPE html><link rel="canonical" href="{url}">'.encode() + body)
    settings = Settings(data_dir=tmp_path / "data")
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, [*sorted(tmp_path.glob("*.html")), *sorted(seeds.glob("*.txt"))])
    return settings


def list_planted(settings: Settings) -> set[str]:
    """Return the sites of articles whose headline is not that of their pages."""
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return set(session.scalars(select(Article.site).where(Article.headline == "Planted")))


def test_only_the_captures_of_the_named_publisher_are_reread(imported: Settings) -> None:
    with open_archive(imported, writable=True) as archive, archive.database.begin() as session:
        session.execute(update(Article).values(headline="Planted"))
    everyone = list_planted(imported)
    assert everyone > {*SITES, "moscow-times"}
    found = {site: reprocess(imported, site=site).changes for site in everyone}
    assert [found[site] for site in SITES] == [{Change.CHANGED: 1, Change.QUARANTINED: 1}] * len(SITES)
    assert found["moscow-times"].keys() == {Change.CHANGED}, "texts have a site without a URL"
    assert sum(sum(changes.values()) for changes in found.values()) == reprocess(imported).read_count
    report = reprocess(imported, site="voa", apply=True)
    assert (report.read_count, report.site) == (2, "voa")
    assert list_planted(imported) == everyone - {"voa"}
    with pytest.raises(UnknownSite):
        reprocess(imported, site="vao")


def test_a_quarantine_is_retried_for_one_publisher(imported: Settings) -> None:
    with open_archive(imported, writable=False) as archive:
        assert [len(list_quarantine_records(archive, site=site)) for site in (*SITES, None)] == [1, 1, 1, 3]
    report = retry_quarantine(imported, [], "rferl")
    assert report.changes == {Change.QUARANTINED: 1}
    assert retry_quarantine(imported, []).changes == {Change.QUARANTINED: 3}


def test_on_each_database_a_publishers_days_are_reread(filled: Settings) -> None:
    assert {site: reprocess(filled, site=site).read_count for site in SITES} == {"meduza": 2, "rferl": 1, "voa": 1}
    day = date(2024, 4, 27)
    assert [reprocess(filled, site=site, since=day, until=day).read_count for site in SITES] == [0, 0, 1]


def test_runs_of_two_sites_have_the_folder_at_once_and_two_runs_of_one_do_not(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with open_archive(settings, writable=True, site="one"):
        with open_archive(settings, writable=True, site="two"):
            pass
        for site in ("one", None):
            with pytest.raises(RunInProgress), open_archive(settings, writable=True, site=site):
                pass
    with (
        open_archive(settings, writable=True),
        pytest.raises(RunInProgress),
        open_archive(settings, writable=True, site="one"),
    ):
        pass
