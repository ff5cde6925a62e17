"""What the sources of a handmade site advertise: shifting listings, news sitemaps, missing sources."""

from collections.abc import Callable
from datetime import date

from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from schemas.settings import Settings
from schemas.span import Span
from storage.ledger.sighting import list_source_urls
from storage.reports.completeness import count_months
from tests.pipeline.live_site import STATIC, WWW, serving

MakeSettings = Callable[..., Settings]


def path_of(number: int) -> str:
    return f"/2026/09/{number % 28 + 1:02}/a-story-a{number}"


def make_listing(numbers: range, *, lead: bool = False) -> str:
    names = ["lead" if lead and number == numbers[0] else "default" for number in numbers]
    return "".join(
        f'<div class="article-excerpt-{name}" data-url="{WWW}{path_of(number)}"></div>'
        for name, number in zip(names, numbers, strict=True)
    )


def advertised_count(settings: Settings) -> int:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return sum(month.advertised_count for month in count_months(session, "moscow-times"))


def test_a_listing_that_shifts_while_it_is_read_is_read_to_its_end_lead_card_included(
    make_settings: MakeSettings,
) -> None:
    """An article is published after the first page: the last card there is the first of the next page."""
    pages = {
        "/news": make_listing(range(1, 20), lead=True),
        "/news/19": make_listing(range(19, 37)),
        "/news/37": make_listing(range(37, 41)),
        "/news/55": "",
    }
    with serving(pages) as (origins, asked):
        settings = make_settings(origins=origins)
        ingest_once(settings, "moscow-times", "listings", limit=0)
        assert [path for path in asked if path.startswith("/news")] == list(pages)
    assert advertised_count(settings) == 40


def make_news_map(*numbers: int) -> str:
    urls = "".join(
        f"<url><loc>{WWW}{path_of(number)}</loc><news:news><news:title>Tea & Sugar</news:title></news:news></url>"
        for number in numbers
    )
    return f'<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'


def test_news_sitemaps_advertise_what_no_monthly_sitemap_has(make_settings: MakeSettings) -> None:
    months = f"<sitemapindex><sitemap><loc>{STATIC}/sitemap/2026-9.xml</loc></sitemap></sitemapindex>"
    pages = {
        "/sitemap/sitemap.xml": months,
        "/sitemap/2026-9.xml": f"<urlset><url><loc>{WWW}{path_of(1)}</loc></url></urlset>",
        "/sitemap/newsmap.xml": months.replace("2026-9", "newsmap-business"),
        "/sitemap/newsmap-business.xml": make_news_map(1, 2),
    }
    with serving(pages) as (origins, asked):
        settings = make_settings(origins=origins)
        report = ingest_once(settings, "moscow-times", "sitemaps", limit=0)
        assert report.problems == ()
        assert advertised_count(settings) == 2
        with open_archive(settings, writable=False) as archive, archive.database.read() as session:
            assert f"{STATIC}/sitemap/newsmap-business.xml" in list_source_urls(session, "moscow-times")
        asked.clear()
        # They name the last month alone: a backfill of another does without them.
        span = Span(since=date(2020, 1, 1), until=date(2020, 1, 31))
        ingest_once(settings, "moscow-times", "sitemaps", limit=0, span=span)
        assert asked == ["/robots.txt", "/sitemap/sitemap.xml"]


def test_a_missing_optional_source_is_a_note_and_any_other_a_problem(make_settings: MakeSettings) -> None:
    pages = {"/sitemap/sitemap.xml": "<sitemapindex></sitemapindex>"}
    with serving(pages) as (origins, _):
        report = ingest_once(make_settings(origins=origins), "moscow-times", "sitemaps", limit=0)
    assert report.problems == ()
    assert f"{STATIC}/sitemap/newsmap.xml, an optional source: HTTP 404" in report.notes
    with serving({"/sitemap/newsmap.xml": "<sitemapindex></sitemapindex>"}) as (origins, _):
        report = ingest_once(make_settings(origins=origins), "moscow-times", "sitemaps", limit=0)
    assert report.problems == (f"{STATIC}/sitemap/sitemap.xml: HTTP 404",)
