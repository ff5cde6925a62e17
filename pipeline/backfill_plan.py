"""Plans a backfill: what it would fetch, and how long it takes. Uses the ledger alone; nothing is fetched."""

from collections.abc import Iterator
from datetime import date, timedelta
from urllib.robotparser import RobotFileParser

import sites
from pipeline.archive import Archive, open_archive
from pipeline.discovery import list_due_sources
from pipeline.run import now
from schemas.failure import UsageFailure
from schemas.model import Count, Record
from schemas.settings import Settings
from schemas.span import Span, split_months
from storage.captures.capture import list_robots_texts
from storage.engine import DatabaseMissing
from storage.ledger.frontier import find_due
from storage.ledger.sighting import list_source_urls
from storage.reports.completeness import MISSING_STATES, count_span

FIRST_DAY = date(1990, 1, 1)
"""No newspaper was on the web before. An earlier day is a typing error, and would plan a subflow for each month."""


class SpanInvalid(UsageFailure):
    """The span of a backfill is reversed, in the future, or before the first news on the web."""


class MonthPlan(Record):
    """One month of a backfill."""

    month: str
    since: date
    until: date
    is_known: bool
    """Whether its sitemap was read before; if not, the number of its URLs is unknown."""
    advertised_count: Count
    """Known articles of these days, without URLs that are excluded as non-articles."""
    stored_count: Count
    """Articles of these that are stored, also as duplicates."""
    due_count: Count
    """Pages to fetch now."""
    waiting_count: Count
    """Pages to be retried later, or that need a person."""


class BackfillPlan(Record):
    """What a backfill would do."""

    site: str
    since: date
    until: date
    months: tuple[MonthPlan, ...]
    """Newest first, in the order of fetching."""
    request_count: Count
    """Includes robots.txt, tdmrep.json and sitemaps; an unknown month counts with its sitemap alone."""
    delay_seconds: float
    """Between two requests: the longer of the setting and the last read Crawl-delay of robots.txt."""
    duration_seconds: float
    """Duration of the requests, without the pages of unknown months."""
    unknown_months: tuple[str, ...]


def check_span(since: date, until: date) -> None:
    """Raise `SpanInvalid` unless these days can be backfilled."""
    check_order(since, until)
    if until > now().date() + timedelta(days=1):  # in the east, a day begins before UTC's
        raise SpanInvalid(f"--to {until} is in the future")
    if since < FIRST_DAY:
        raise SpanInvalid(f"--from {since} is before {FIRST_DAY}: no newspaper was on the web then")


def check_order(since: date | None, until: date | None) -> None:
    """Raise `SpanInvalid` if a span ends before it begins."""
    if since and until and since > until:
        raise SpanInvalid(f"--from {since} is after --to {until}")


def plan_backfill(settings: Settings, site: str, since: date, until: date, limit: int | None = None) -> BackfillPlan:
    """Return what a backfill of these publication days (inclusive) would fetch; without an archive, all is unknown.

    Raises:
        SpanInvalid: these days cannot be backfilled.
        UnknownSite: there is no profile of this name.
        DatabaseUnreachable, SchemaOutdated, SchemaUnknown: see `storage.engine`.
    """
    check_span(since, until)
    profile = sites.get_site(site)
    try:
        with open_archive(settings, writable=False) as archive:
            months = tuple(_limit(_plan_months(archive, site, since, until), limit))
            crawl_delay_seconds = _read_crawl_delay(archive)
    except DatabaseMissing:
        months, crawl_delay_seconds = tuple(_plan_unknown(since, until)), 0.0
    page_count = sum(month.due_count for month in months)
    # Each month is a separate crawl: it reads the sitemaps' robots.txt and index, and two files of the pages' host.
    sitemaps, spans = profile.sources("sitemaps"), [Span(since=month.since, until=month.until) for month in months]
    source_count = sum(2 + len(list_due_sources(profile, sitemaps, span)) for span in spans)
    request_count = source_count + sum(2 for month in months if month.due_count) + page_count
    delay_seconds = max(settings.delay_seconds, crawl_delay_seconds)
    return BackfillPlan(
        site=site,
        since=since,
        until=until,
        months=months,
        request_count=request_count,
        delay_seconds=delay_seconds,
        duration_seconds=request_count * delay_seconds / settings.concurrency,
        unknown_months=tuple(month.month for month in months if not month.is_known),
    )


def _plan_unknown(since: date, until: date) -> Iterator[MonthPlan]:
    for span in split_months(since, until):
        first, last = span.since or since, span.until or until
        counts = {"advertised_count": 0, "stored_count": 0, "due_count": 0, "waiting_count": 0}
        yield MonthPlan(month=f"{last:%Y-%m}", since=first, until=last, is_known=False, **counts)


def _plan_months(archive: Archive, site: str, since: date, until: date) -> Iterator[MonthPlan]:
    profile = sites.get_site(site)
    with archive.database.read() as session:
        known = {profile.source_month(url) for url in list_source_urls(session, site)}
        for unknown in _plan_unknown(since, until):
            counts = count_span(session, site, unknown.since, unknown.until)
            due = find_due(session, site, now(), since=unknown.since, until=unknown.until, states=MISSING_STATES)
            yield unknown.model_copy(
                update={
                    "is_known": unknown.month in known,
                    "advertised_count": counts.stored_count + counts.missing_count,
                    "stored_count": counts.stored_count,
                    "due_count": len(due),
                    "waiting_count": max(0, counts.missing_count - len(due)),
                }
            )


def _limit(months: Iterator[MonthPlan], limit: int | None) -> Iterator[MonthPlan]:
    """Yield months until the limit of pages is used up; the last one may be partial."""
    remaining = limit
    for month in months:
        if remaining is None:
            yield month
            continue
        if remaining <= 0:
            return
        yield month.model_copy(update={"due_count": min(month.due_count, remaining)})
        remaining -= month.due_count


def _read_crawl_delay(archive: Archive) -> float:
    """Return the longest Crawl-delay for our user agent in the last read robots.txt files, in seconds."""
    with archive.database.read() as session:
        texts = list_robots_texts(session).values()
    return max((_find_delay(text, archive.settings.user_agent) for text in texts), default=0.0)


def _find_delay(text: str, user_agent: str) -> float:
    parser = RobotFileParser()
    parser.parse(text.splitlines())
    return float(parser.crawl_delay(user_agent) or 0)
