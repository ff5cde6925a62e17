"""What a backfill would fetch, and how long that takes: from the ledger alone, nothing is fetched."""

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
"""No newspaper was on the web before: an earlier day is a slip of the pen, and would plan a subflow for each month."""


class SpanInvalid(UsageFailure):
    """The span of a backfill ends before it begins, lies in the future, or before there were news on the web."""


class MonthPlan(Record):
    """The part of a backfill that lies in one month."""

    month: str
    since: date
    until: date
    is_known: bool
    """Whether its sitemap was read before: if not, nobody knows yet how many URLs it names."""
    advertised_count: Count
    """Articles known of these days: what is no article by its URL is not among them."""
    stored_count: Count
    """Those of them whose article is stored, also as a duplicate."""
    due_count: Count
    """Pages to be fetched now."""
    waiting_count: Count
    """Those whose next try comes later, or that only a person can bring on."""


class BackfillPlan(Record):
    """What a backfill would do."""

    site: str
    since: date
    until: date
    months: tuple[MonthPlan, ...]
    """Newest first, as they are filled."""
    request_count: Count
    """robots.txt and sitemaps included; of months that are not known, the sitemap alone."""
    delay_seconds: float
    """Between two requests: the longer of the setting and what robots.txt asked for when it was last read."""
    duration_seconds: float
    """Of the requests; without what the pages of unknown months will add."""
    unknown_months: tuple[str, ...]


def check_span(since: date, until: date) -> None:
    """Raise `SpanInvalid` unless these are days that can be filled."""
    check_order(since, until)
    if until > now().date() + timedelta(days=1):  # Moscow's day begins before UTC's
        raise SpanInvalid(f"--to {until} lies in the future")
    if since < FIRST_DAY:
        raise SpanInvalid(f"--from {since} lies before {FIRST_DAY}: no newspaper was on the web then")


def check_order(since: date | None, until: date | None) -> None:
    """Raise `SpanInvalid` if a span ends before it begins."""
    if since and until and since > until:
        raise SpanInvalid(f"--from {since} lies after --to {until}")


def plan_backfill(settings: Settings, site: str, since: date, until: date, limit: int | None = None) -> BackfillPlan:
    """What a backfill of these publication days (both inclusive) would fetch now. Without an archive, all is unknown.

    Raises:
        SpanInvalid: these are no days that can be filled.
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
    # Each month is a crawl of its own: it reads the sitemaps' robots.txt and index, and the pages' robots.txt.
    sitemaps, spans = profile.sources("sitemaps"), [Span(since=month.since, until=month.until) for month in months]
    source_count = sum(2 + len(list_due_sources(profile, sitemaps, span)) for span in spans)
    request_count = source_count + sum(1 for month in months if month.due_count) + page_count
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
    """As many months as a limit of pages leaves, the last of them in part."""
    left = limit
    for month in months:
        if left is None:
            yield month
            continue
        if left <= 0:
            return
        yield month.model_copy(update={"due_count": min(month.due_count, left)})
        left -= month.due_count


def _read_crawl_delay(archive: Archive) -> float:
    """The longest Crawl-delay for us in what was last read of each robots.txt, in seconds."""
    with archive.database.read() as session:
        texts = list_robots_texts(session).values()
    return max((_find_delay(text, archive.settings.user_agent) for text in texts), default=0.0)


def _find_delay(text: str, user_agent: str) -> float:
    parser = RobotFileParser()
    parser.parse(text.splitlines())
    return float(parser.crawl_delay(user_agent) or 0)
