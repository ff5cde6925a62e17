"""What is requested, and how often: discovery, incremental runs, refetches, spans of days."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pipeline.archive import open_archive
from pipeline.backfill_plan import plan_backfill
from pipeline.file_import import import_paths
from pipeline.ingest import ingest_once
from replica.answer import PLAIN, Answer
from replica.handler import Asked
from replica.model import MOSCOW
from replica.server import Handle, running
from replica.site import Site
from schemas.settings import Settings
from schemas.span import Span
from sites.moscow_times.discovery import FEEDS
from storage.schema import tables
from storage.schema.tables import Robots
from tests.pipeline.asking import SITE, WWW, find, pages_of, take
from tests.pipeline.killing import find_breaches, read_facts

MakeSettings = Callable[..., Settings]


@pytest.fixture
def site() -> Site:
    """Replace the other tests' site: every URL of this one leads to an article."""
    return SITE


def make_due(settings: Settings) -> None:
    """Make every refetch due."""
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        session.execute(update(tables.Entry).values(next_try_at=datetime.now(UTC) - timedelta(seconds=1)))


def test_a_run_with_nothing_new_costs_one_request_for_each_feed_and_robots_txt(
    settings: Settings, server: Handle
) -> None:
    ingest_once(settings, "moscow-times", "feeds")
    take(server)
    report = ingest_once(settings, "moscow-times", "feeds")
    assert take(server) == Counter({"/robots.txt": 1} | {f"/rss/{name}": 1 for name in FEEDS})
    assert report.outcomes == {"not-modified": len(FEEDS), "robots": 1}
    assert report.problems == ()


def test_a_server_that_always_responds_not_modified_is_still_fetched_in_full(
    make_settings: MakeSettings, server: Handle
) -> None:
    settings = make_settings(origins=dict(server.origins), conditional_count=1)
    outcomes = [ingest_once(settings, "moscow-times", "feeds", 0).outcomes for _ in range(4)]
    assert [one.get("not-modified", 0) for one in outcomes] == [0, len(FEEDS), 0, len(FEEDS)]


def test_monthly_sitemaps_are_requested_conditionally_and_their_index_is_not(
    settings: Settings, server: Handle, site: Site
) -> None:
    ingest_once(settings, "moscow-times", "sitemaps")
    take(server)
    report = ingest_once(settings, "moscow-times", "sitemaps")
    assert report.outcomes["not-modified"] >= len(site.sitemap_urls)
    assert report.outcomes["source-read"] >= 1  # the index
    assert pages_of(take(server)) == []


def test_listings_are_read_to_the_end_first_and_then_only_as_far_as_they_are_new(
    make_settings: MakeSettings, tmp_path: Path
) -> None:
    site = Site(500, bad_pages=False, moved_share=0, day_count=200)
    with running(site) as server:
        settings = make_settings(origins=dict(server.origins), data_dir=tmp_path / "listings")
        first = ingest_once(settings, "moscow-times", "listings", 0)
        deep = max(int(path.rpartition("/")[2]) for path in take(server) if path.startswith("/news/"))
        again = ingest_once(settings, "moscow-times", "listings", 0)
        requests = take(server)
    assert first.advertised_new_count == first.advertised_count > 100
    assert deep > 19 + 18
    assert again.advertised_new_count == 0
    assert requests["/news"] == requests["/news/19"] == 1
    assert "/news/37" not in requests


def test_a_partly_read_listing_is_continued(make_settings: MakeSettings, tmp_path: Path) -> None:
    with running(Site(500, bad_pages=False, moved_share=0, day_count=200)) as server:
        settings = make_settings(origins=dict(server.origins), data_dir=tmp_path / "whole")
        ingest_once(settings, "moscow-times", "feeds", 0)  # `/rss/all` names what no listing does
        whole = ingest_once(settings, "moscow-times", "listings", 0).advertised_count
        cut = make_settings(origins=dict(server.origins), data_dir=tmp_path / "cut", max_requests=40)
        assert ingest_once(cut, "moscow-times", "feeds", 0).problems == ()
        assert "sources were not fetched" in str(ingest_once(cut, "moscow-times", "listings", 0).problems)
        rest = make_settings(origins=dict(server.origins), data_dir=tmp_path / "cut")
        assert ingest_once(rest, "moscow-times", "listings", 0).advertised_count == whole
        server.reset()
        ingest_once(rest, "moscow-times", "listings", 0)
        requests = take(server)
    assert {path: requests[path] for path in ("/news", "/news/19", "/climate/19")} == {
        "/news": 1,
        "/news/19": 1,
        "/climate/19": 1,
    }
    assert not any(path.endswith("/37") for path in requests)


def test_robots_txt_is_archived_with_the_run(settings: Settings) -> None:
    report = ingest_once(settings, "moscow-times", "feeds", 1)
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        [robots] = session.scalars(select(Robots))
        capture = robots.capture
        assert (capture.run_id, capture.url, capture.status) == (report.run_id, f"{WWW}/robots.txt", 200)
        assert "Disallow: *?utm" in robots.text


def test_refetching_an_unchanged_article_costs_one_empty_response(settings: Settings, server: Handle) -> None:
    ingest_once(settings, "moscow-times", "feeds")
    facts = read_facts(settings)
    make_due(settings)
    take(server)
    report = ingest_once(settings, "moscow-times", "feeds")
    assert report.outcomes == {"not-modified": len(FEEDS) + len(facts), "robots": 1, "tdm-file": 1}
    assert len(pages_of(take(server))) == len(facts)
    assert read_facts(settings) == facts


def change_page(asked: Asked) -> Answer | None:
    """From its second request on, give one article another headline, and its URL another slug."""
    article = SITE.newest_first[0]
    if asked.path == article.path and asked.count > 1:
        return Answer(b"", status=301, location=f"{WWW}{moved_path()}")
    if asked.path == moved_path():
        page = article.page_html().replace(article.head.headline, "Quite Another Headline")
        return Answer(page.replace(article.path, moved_path()).encode())
    return None


def moved_path() -> str:
    return SITE.newest_first[0].path.replace("-a", "-after-all-a")


def test_a_changed_article_gets_a_revision_and_keeps_its_former_url(make_settings: MakeSettings) -> None:
    article = SITE.newest_first[0]
    with running(SITE, fault=change_page) as server:
        settings = make_settings(origins=dict(server.origins))
        ingest_once(settings, "moscow-times", "sitemaps", 1)
        make_due(settings)
        ingest_once(settings, "moscow-times", "sitemaps", 100)
    headline, *_, url, revision, _ = read_facts(settings)[article.id]
    assert (headline, url, revision) == ("Quite Another Headline", f"{WWW}{moved_path()}", 2)
    assert article.url in find(settings, article.id).aliases


def test_six_spellings_and_three_slugs_of_a_url_are_one_article(settings: Settings, tmp_path: Path) -> None:
    article = SITE.newest_first[0]
    slugs = [article.path.replace("-a", f"-{word}-a") for word in ("once", "twice")]
    spellings = [
        article.url,
        f"{article.url}/",
        f"{article.url}?utm_source=x",
        f"{article.url}#ixzz3",
        article.url.replace("https://www.", "http://"),
        article.url.replace("themoscowtimes", "TheMoscowTimes"),
        *(f"{WWW}{path}" for path in slugs),
    ]
    (tmp_path / "list.txt").write_text("\n".join(spellings))
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, [tmp_path / "list.txt"])
    report = ingest_once(settings, "moscow-times", "feeds", 1)
    assert report.outcomes["stored"] == 1
    entry = find(settings, spellings[2].partition("?")[0])
    assert entry.url == article.url
    assert set(entry.aliases) >= {f"{WWW}{path}" for path in slugs}
    assert list(find_breaches(settings)) == []


def test_not_modified_for_an_unconditional_request_is_a_problem(make_settings: MakeSettings) -> None:
    with running(SITE, fault=lie) as server:
        report = ingest_once(make_settings(origins=dict(server.origins)), "moscow-times", "feeds", 0)
    assert [problem for problem in report.problems if "unconditional request" in problem]


def lie(asked: Asked) -> Answer | None:
    return Answer(b"", status=304) if asked.path == "/rss/news" else None


def answer_cdx(asked: Asked) -> Answer | None:
    """Respond with the index of a web archive."""
    if not asked.path.startswith("/cdx/"):
        return None
    archived = [article.url for article in Site(30, kinds=("archive",)).articles if article.head.is_archive]
    rows = [["original", "mimetype", "statuscode"], *([url, "text/html", "200"] for url in archived)]
    rows += [[f"{WWW}/a.png", "image/png", "200"], [f"{WWW}/author/x", "text/html", "200"]]
    return Answer(json.dumps(rows).encode(), PLAIN)


def test_the_index_of_a_web_archive_names_pages_that_no_other_source_has(make_settings: MakeSettings) -> None:
    with running(Site(30, kinds=("archive",)), fault=answer_cdx) as server:
        settings = make_settings(origins=server.origins | {"https://web.archive.org": server.origins[WWW]})
        report = ingest_once(settings, "moscow-times", "feeds", cdx_url="https://web.archive.org/cdx/search/cdx?url=x")
    archived = [record_id for record_id in read_facts(settings) if ":archive/" in record_id]
    assert len(archived) == 25
    assert report.ledger.keys().isdisjoint({"quarantined", "failed"})
    assert report.problems == ()


def test_a_span_of_days_fetches_only_its_months_and_pages_newest_first(settings: Settings, server: Handle) -> None:
    span = Span(since=date(2024, 2, 5), until=date(2024, 2, 25))
    within = [one for one in SITE.newest_first if "2024-02-05" <= str(one.head.published_at)[:10] <= "2024-02-25"]
    assert len(within) >= 3
    first = ingest_once(settings, "moscow-times", "sitemaps", 2, span=span)
    requests = take(server)
    assert [path for path in requests if path.startswith("/sitemap/")] == [
        "/sitemap/sitemap.xml",
        "/sitemap/2024-2.xml",
    ]
    assert set(pages_of(requests)) >= {one.path for one in within[:2]}
    assert first.page_count - first.outcomes.get("redirected", 0) == 2
    second = ingest_once(settings, "moscow-times", "sitemaps", span=span)
    assert {one.path for one in within[2:]} <= set(pages_of(take(server)))
    assert second.outcomes["stored"] + second.outcomes.get("duplicate", 0) == len(within) - 2
    assert read_facts(settings).keys() == {one.id for one in within}
    third = ingest_once(settings, "moscow-times", "sitemaps", span=span)
    assert (third.page_count, third.problems) == (0, ())


def test_a_plan_says_what_a_backfill_would_fetch_and_fetches_nothing(
    make_settings: MakeSettings, server: Handle
) -> None:
    settings = make_settings(origins=dict(server.origins), delay_seconds=0.01)
    since, until = date(2024, 2, 1), date(2024, 3, 31)
    ingest_once(settings, "moscow-times", "sitemaps", 0, span=Span(since=date(2024, 2, 1), until=date(2024, 2, 29)))
    take(server)
    plan = plan_backfill(settings, "moscow-times", since, until)
    assert take(server) == Counter()
    assert [(month.month, month.is_known) for month in plan.months] == [("2024-03", False), ("2024-02", True)]
    february = [one for one in SITE.newest_first if f"{one.head.published_at.astimezone(MOSCOW):%Y-%m}" == "2024-02"]
    assert plan.months[1].due_count == plan.months[1].advertised_count == len(february)
    assert plan.unknown_months == ("2024-03",)
    assert plan.duration_seconds == pytest.approx(plan.request_count * 0.01 / settings.concurrency)
