from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.outcome import CaptureQuarantined, Outcome, SourceRead, State
from schemas.url import SourceKind
from storage.engine import Database
from storage.ledger.frontier import count_advertised
from storage.reports.completeness import (
    UNKNOWN_MONTH,
    MonthCount,
    count_months,
    count_sections,
    count_source_kinds,
    count_sources,
    list_missing,
)
from tests.storage.sample import (
    SITE,
    advertise,
    at,
    fail,
    forbid,
    identify,
    identify_url,
    miss,
    quarantine,
    read,
    say,
    see,
)
from tests.storage.test_outcome import store

AUGUST = datetime(2026, 8, 5, tzinfo=UTC)
SEPTEMBER = datetime(2026, 9, 5, tzinfo=UTC)


def months(database: Database, site: str | None = SITE) -> list[MonthCount]:
    with database.read() as session:
        counts = count_months(session, site)
        assert sum(one.advertised_count for one in counts) == count_advertised(session, site)
    for one in counts:
        quarantined_count = sum(one.quarantined_counts.values()) + sum(one.excluded_counts.values())
        waiting_count = one.pending_count + one.failed_count + one.blocked_count
        there_count = one.stored_count + one.duplicate_count + one.gone_count
        assert one.advertised_count == there_count + waiting_count + quarantined_count
        assert one.missing_count == waiting_count + sum(one.quarantined_counts.values())
    return counts


def advertise_in(month: str | None, *numbers: int, offset: int = 0) -> SourceRead:
    return say(advertise(offset, *map(identify, numbers), source_url=f"sitemap/{month}"), published_month=month)


def test_months_are_in_moscow_time_newest_first(database: Database) -> None:
    late = datetime(2026, 9, 30, 22, tzinfo=UTC)  # the first of October in Moscow
    store(database, advertise_in("2026-09", 1, 2), advertise_in(None, 3, offset=1), read(2, 1, published_at=late))
    assert months(database) == [
        MonthCount(month="2026-10", advertised_count=1, stored_count=1),
        MonthCount(month="2026-09", advertised_count=1, pending_count=1, missing_count=1),
        MonthCount(month=None, advertised_count=1, pending_count=1, missing_count=1),
    ]
    assert months(database, "generic") == []


MIDNIGHT = datetime(2026, 9, 30, 21, tzinfo=UTC)
"""00:00:00 on the first of October in Moscow: no monthly sitemap has an article of this second."""


@pytest.mark.parametrize("said", [{"published_at": MIDNIGHT}, {}], ids=["feed", "listing"])
def test_an_article_of_midnight_on_the_first_counts_without_a_sitemap(
    database: Database, said: dict[str, datetime]
) -> None:
    named = say(advertise(1, identify(7), source_url="rss/all"), published_on=date(2026, 10, 1), **said)
    store(database, advertise_in("2026-10", 1), advertise_in("2026-09", 2, offset=2), named)
    found = {one.month: (one.advertised_count, one.missing_count) for one in months(database)}
    assert found == {"2026-10": (2, 2), "2026-09": (1, 1)}
    store(database, read(3, 7, published_at=MIDNIGHT))
    assert months(database)[0] == MonthCount(
        month="2026-10", advertised_count=2, stored_count=1, pending_count=1, missing_count=1
    )


def test_a_feed_with_a_fast_clock_moves_no_article_into_the_next_month(database: Database) -> None:
    """Until the page is read, the day in its URL counts; then the page's own time."""
    fast = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)  # 23:30 in Moscow, labelled as UTC
    store(database, say(advertise(0, identify(7)), published_at=fast, published_on=date(2026, 9, 30)))
    assert [one.month for one in months(database)] == ["2026-09"]
    store(database, read(1, 7, published_at=fast - timedelta(hours=3)))
    assert [(one.month, one.stored_count) for one in months(database)] == [("2026-09", 1)]


@pytest.mark.parametrize(
    ("outcomes", "counts"),
    [
        ([], {"pending_count": 1}),
        ([read(1, 1, published_at=SEPTEMBER)], {"stored_count": 1}),
        (
            [read(1, 9, "Same.", published_at=AUGUST), read(2, 1, "Same.", published_at=SEPTEMBER)],
            {"duplicate_count": 1},
        ),
        ([fail(1)], {"failed_count": 1}),
        ([forbid(1)], {"blocked_count": 1}),
        ([forbid(1, reason="private-network")], {"excluded_counts": {"private-network": 1}}),
        ([miss(1, 1)], {"pending_count": 1}),
        ([miss(1, 1), miss(2, 1, 24)], {"gone_count": 1}),
        (
            [quarantine(1, 1, "headline: missing", 1), quarantine(2, 1, hours=2)],
            {"quarantined_counts": {"body": 1}},
        ),
        ([quarantine(1, 1, "block-page")], {"quarantined_counts": {"block-page": 1}}),
        ([quarantine(1, 1), read(2, 1, hours=1, published_at=SEPTEMBER)], {"stored_count": 1}),
    ],
    ids=str,
)
def test_each_advertised_url_is_in_exactly_one_count(
    database: Database, outcomes: list[Outcome], counts: dict[str, object]
) -> None:
    store(database, advertise_in("2026-09", 1), *outcomes)
    missing_count = 0 if counts.keys() & {"stored_count", "duplicate_count", "gone_count", "excluded_counts"} else 1
    expected = MonthCount(month="2026-09", advertised_count=1, missing_count=missing_count)
    assert months(database) == [expected.model_copy(update=counts)]
    with database.read() as session:
        assert [one.key for one in list_missing(session, SITE, "2026-09")] == [identify(1).key] * missing_count


def test_excluded_urls_are_counted_by_rule(database: Database) -> None:
    store(database, advertise(0, identify_url("/podcasts", rule="podcasts"), identify_url("/tag/x", rule="tag")))
    (one,) = months(database)
    assert (one.excluded_counts, one.missing_count) == ({"podcasts": 1, "tag": 1}, 0)


def test_each_alias_counts_and_the_article_is_listed_once(database: Database) -> None:
    spellings = [identify(1, slug) for slug in ("first", "second")]
    outcome = say(advertise(0, *spellings), published_on=date(2026, 9, 1))
    store(
        database,
        outcome,
        CaptureQuarantined(seen=see(1, spellings[1].url, at(1)), identity=spellings[1], reasons=("body: x",)),
    )
    (one,) = months(database)
    assert (one.advertised_count, one.quarantined_counts, one.missing_count) == (2, {"body": 2}, 2)
    with database.read() as session:
        (missing,) = list_missing(session)
    assert (missing.url, missing.last_error, missing.next_try_at) == (spellings[0].url, "body: x", None)


def test_missing_articles_are_listed_newest_first_by_month_and_limit(database: Database) -> None:
    store(database, advertise_in("2026-08", 1), advertise_in("2026-09", 2, offset=1), advertise_in(None, 3, offset=2))
    store(database, fail(2, 1), read(9, 8))
    with database.read() as session:
        assert [one.key for one in list_missing(session, SITE)] == [identify(number).key for number in (2, 1, 3)]
        (one,) = list_missing(session, SITE, limit=1)
        assert (one.state, one.attempts, one.last_error) == ("failed", 1, "TimeoutError: 60 s")
        assert [one.key for one in list_missing(session, month="2026-08")] == [identify(1).key]
        assert [one.key for one in list_missing(session, month=UNKNOWN_MONTH)] == [identify(3).key]
        assert list_missing(session, "generic") == []


def test_each_source_counts_what_it_advertised_and_a_kind_counts_a_url_once(database: Database) -> None:
    feeds = [advertise(offset, identify(1), source_url=f"rss/{offset}") for offset in (1, 2)]
    sitemap = say(advertise_in("2026-09", 1, 2, 3), source_kind=SourceKind.SITEMAP)
    store(database, *feeds, sitemap, read(5, 1, published_at=SEPTEMBER), quarantine(6, 2))
    with database.read() as session:
        sources = {one.source_url: one for one in count_sources(session, SITE)}
        kinds = {one.kind: one for one in count_source_kinds(session)}
        assert count_sources(session, "generic") == []
    counts = {name: (one.advertised_count, one.stored_count, one.missing_count) for name, one in sources.items()}
    assert counts == {"rss/1": (1, 1, 0), "rss/2": (1, 1, 0), "sitemap/2026-09": (3, 1, 2)}
    assert sources["sitemap/2026-09"].states == {State.PENDING: 1, State.STORED: 1, State.QUARANTINED: 1}
    assert {kind: one.advertised_count for kind, one in kinds.items()} == {SourceKind.FEED: 1, SourceKind.SITEMAP: 3}


def test_sections_count_stored_articles_by_month_in_moscow(database: Database) -> None:
    late = datetime(2026, 9, 30, 22, tzinfo=UTC)
    store(database, read(1, 1, "One.", published_at=late), read(2, 2, "Two.", published_at=AUGUST))
    with database.read() as session:
        found = [(one.month, one.stored_count) for one in count_sections(session, SITE)]
        assert count_sections(session, "generic") == []
    assert found == [("2026-10", 1), ("2026-08", 1)]
