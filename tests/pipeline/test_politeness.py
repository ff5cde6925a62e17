"""How much is requested from a host: the cap on requests, and hosts that ask for backoff."""

import os
import re
import signal
from collections import Counter
from collections.abc import Callable

import pytest

from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from replica.answer import XML, Answer
from replica.feed import render_sitemap
from replica.handler import Asked
from replica.server import Handle, running
from replica.site import Site
from schemas.settings import Settings
from storage.ledger.frontier import count_advertised
from tests.pipeline.asking import SITE, WWW, find, is_page, pages_of, take
from tests.pipeline.killing import find_breaches, find_crawls

MakeSettings = Callable[..., Settings]

RESTING = "www.themoscowtimes.com asked for a backoff until "


@pytest.fixture
def site() -> Site:
    """Replace the other tests' site: every URL of this one leads to an article."""
    return SITE


def test_the_cap_on_requests_is_respected_and_the_next_run_continues(
    make_settings: MakeSettings, server: Handle
) -> None:
    settings = make_settings(origins=dict(server.origins), max_requests=25)
    report = ingest_once(settings, "moscow-times", "feeds")
    assert sum(take(server).values()) == report.request_count == 25
    assert any("wait for the next run" in note for note in report.notes)
    assert report.problems == ()
    ingest_once(make_settings(origins=dict(server.origins)), "moscow-times", "feeds")
    assert {find(settings, one.url).state.value for one in SITE.list_feed("news")} <= {"stored", "duplicate"}
    assert list(find_breaches(settings)) == []


def test_a_cap_that_leaves_sources_unread_is_a_problem_of_the_run(make_settings: MakeSettings, server: Handle) -> None:
    settings = make_settings(origins=dict(server.origins), max_requests=8)
    report = ingest_once(settings, "moscow-times", "feeds")
    assert [problem for problem in report.problems if "3 sources were not fetched" in problem]
    assert report.asked_count == 2  # robots.txt and tdmrep.json are the other two


STILL = Site(60, bad_pages=False, moved_share=0)
"""A site whose articles have the same URL in all sources."""


def drop_validators(asked: Asked) -> Answer | None:
    """Serve monthly sitemaps without validators."""
    month = read_month(asked)
    return Answer(render_sitemap(STILL.sitemap_urls[month]).encode(), XML) if month else None


def break_oldest(asked: Asked) -> Answer | None:
    """Break the sitemaps before 2024, which come first in the index."""
    month = read_month(asked)
    return Answer(b"oops", XML) if month and month[0] < 2024 else None


def read_month(asked: Asked) -> tuple[int, int] | None:
    found = re.fullmatch(r"/sitemap/(\d+)-(\d+)\.xml", asked.path)
    return (int(found[1]), int(found[2])) if found else None


@pytest.mark.parametrize(("fault", "first_year"), [(None, 0), (drop_validators, 0), (break_oldest, 2024)])
def test_a_cap_that_is_too_small_for_all_months_covers_them_over_several_runs(
    make_settings: MakeSettings, fault: Callable[[Asked], Answer | None] | None, first_year: int
) -> None:
    with running(STILL, fault=fault) as server:
        settings = make_settings(origins=dict(server.origins), max_requests=40)
        for _ in range(3):
            ingest_once(settings, "moscow-times", "sitemaps", 0)
            # robots.txt, and half of the requests for sources: the indexes, eighteen of the months and news sitemaps.
            assert sum(take(server).values()) <= 2 + 20
    whole = sum(len(urls) for (year, _), urls in STILL.sitemap_urls.items() if year >= first_year)
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        assert count_advertised(session) == whole


def ask_for_an_hour(asked: Asked) -> Answer | None:
    return Answer(b"", status=429, headers=(("Retry-After", "3600"),)) if asked.path == "/rss/opinion" else None


def test_a_backoff_of_an_hour_is_respected_by_this_run_and_the_next(make_settings: MakeSettings) -> None:
    with running(SITE, fault=ask_for_an_hour) as server:
        settings = make_settings(origins=dict(server.origins), concurrency=1)
        first = ingest_once(settings, "moscow-times", "feeds")
        assert [problem for problem in first.problems if RESTING not in problem] == [f"{WWW}/rss/opinion: HTTP 429"]
        assert len(first.problems) == 2
        assert first.asked_count == 0
        server.reset()
        second = ingest_once(settings, "moscow-times", "feeds")
        assert server.requests == Counter()
        # Its sources and its pages alike: one host, one sentence.
        [problem] = second.problems
        assert RESTING in problem
        assert first.unreachable_hosts == second.unreachable_hosts == ("www.themoscowtimes.com",)


def send_pages_away(asked: Asked) -> Answer | None:
    return Answer(b"", status=503, headers=(("Retry-After", "3600"),)) if is_page(asked.path) else None


def test_pages_of_a_host_in_backoff_keep_their_state(make_settings: MakeSettings) -> None:
    with running(SITE, fault=send_pages_away) as server:
        report = ingest_once(make_settings(origins=dict(server.origins), concurrency=1), "moscow-times", "sitemaps")
        assert len(pages_of(take(server))) == 1
    [problem] = report.problems
    assert RESTING in problem
    assert report.ledger == {"failed": 1, "pending": report.advertised_count - 1}
    assert not any("the crawl ended first" in note for note in report.notes)


def die_at_once(asked: Asked) -> Answer | None:
    """Serve the feed that ends the crawl process."""
    if asked.path == "/rss/city":
        [crawl] = find_crawls()
        os.kill(crawl, signal.SIGKILL)
    return None


def test_a_crawl_that_dies_keeps_the_cap_and_is_named_as_the_cause(
    make_settings: MakeSettings,
) -> None:
    with running(SITE, thread=True, fault=die_at_once) as server:
        settings = make_settings(origins=dict(server.origins), concurrency=1, max_requests=10)
        report = ingest_once(settings, "moscow-times", "feeds")
        # The process that follows makes those that are left: robots.txt again, and pages.
        assert 8 <= sum(server.requests.values()) <= 10
        assert pages_of(take(server))
    assert [problem for problem in report.problems if problem.endswith("the crawl ended first")]
    assert not any("all the requests" in problem for problem in report.problems)
