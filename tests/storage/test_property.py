"""For any outcomes in any order and repetition, each URL has one state, and the counts add up."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.outcome import Outcome, State
from schemas.schedule import MONTH
from storage.articles.selection import ArticleFilter, iterate_articles
from storage.engine import Database
from storage.ledger.frontier import audit_ledger, count_advertised, count_states, find_due
from storage.ledger.outcome import NEW_URLS, store_outcomes
from storage.ledger.state import ARTICLE_STATES, WAITING_STATES
from storage.ledger.unit_of_work import seen_of
from storage.reports.completeness import count_months
from storage.schema.tables import Base, Entry
from tests.storage.sample import (
    advertise,
    answer_503,
    at,
    confirm,
    confirm_source,
    fail,
    forbid,
    identify,
    identify_url,
    miss,
    quarantine,
    read,
    read_text,
    redirect,
    tag,
)

NUMBERS = st.integers(1, 4)
HOURS = st.integers(0, 60)
IDENTITIES = st.one_of(
    st.builds(identify, NUMBERS, st.sampled_from(["old", "a-headline"])),
    st.builds(identify_url, st.sampled_from(["/one", "/two"])),
    st.just(identify_url("/", rule="home")),
)
BODIES = st.sampled_from(["", "Same.", "Other."])


def _outcome(offset: int) -> st.SearchStrategy[Outcome]:
    place = st.just(offset)
    return st.one_of(
        st.builds(read, place, NUMBERS, BODIES, HOURS),
        st.builds(tag, st.builds(read, place, NUMBERS, BODIES, HOURS)),
        st.builds(confirm, place, NUMBERS, HOURS),
        st.builds(confirm_source, place, HOURS),
        st.builds(quarantine, place, NUMBERS, hours=HOURS, is_transient=st.booleans()),
        st.builds(answer_503, place, NUMBERS, HOURS),
        st.builds(read_text, place, BODIES.filter(bool)),
        st.builds(miss, place, NUMBERS, HOURS),
        st.builds(fail, NUMBERS, HOURS),
        st.builds(forbid, NUMBERS, HOURS, st.sampled_from(["robots", "private-network"])),
        st.builds(redirect, place, IDENTITIES, IDENTITIES, HOURS, is_permanent=st.booleans()),
        st.builds(advertise, place, IDENTITIES, IDENTITIES, hours=HOURS),
    )


OUTCOMES = st.integers(1, 14).flatmap(lambda count: st.tuples(*(_outcome(offset) for offset in range(count))))


def _empty(database: Database) -> None:
    """Delete all rows: creating the tables takes longer than an example."""
    with database.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


def _audit_due(session: Session, outcomes: tuple[Outcome, ...]) -> None:
    """Check due times: waiting entries have one, entries settled for good have none, articles follow the plan."""
    for entry in session.scalars(select(Entry)):
        if entry.state in WAITING_STATES:
            assert entry.next_try_at
        if entry.state in {State.EXCLUDED, State.GONE}:
            assert entry.next_try_at is None
        if entry.state in ARTICLE_STATES:
            assert entry.tried_at
            assert entry.next_try_at  # all are younger than the plan's end
            assert entry.tried_at < entry.next_try_at <= entry.tried_at + MONTH
    # After a fetch with any outcome, no URL is due again at once.
    last = max((seen.fetched_at for seen in map(seen_of, outcomes) if seen), default=at(0))
    keys = {entry.key for entry in session.scalars(select(Entry).where(Entry.tried_at == last))}
    assert not keys & {due.key for due in find_due(session, None, last, states=ARTICLE_STATES)}


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],  # `_empty` resets it
)
@given(outcomes=OUTCOMES, size=st.integers(1, 5))
def test_any_order_and_repetition_adds_up(database: Database, outcomes: tuple[Outcome, ...], size: int) -> None:
    new_count = 0
    _empty(database)
    for start in range(0, len(outcomes), size):
        with database.begin() as session:
            counts = store_outcomes(session, outcomes[start : start + size], run_id=None, now=at(100))
        new_count += counts[NEW_URLS]
        with database.read() as session:
            assert audit_ledger(session) == []
            assert sum(count_states(session).values()) == count_advertised(session) == new_count
            assert sum(month.advertised_count for month in count_months(session)) == new_count
    with database.read() as session:
        _audit_due(session, outcomes)
    with database.begin() as session:
        # A failure without a capture may find another entry at its URL after a merge.
        captured = [outcome for outcome in outcomes if seen_of(outcome)]
        assert store_outcomes(session, captured, run_id=None, now=at(200)) == {}
        assert store_outcomes(session, captured, run_id=None, now=at(200), is_reread=True).keys() <= {"unchanged"}
    with database.read() as session:
        articles = {item.id: item for item in iterate_articles(session, ArticleFilter(include_duplicates=True))}
    primaries = [item for item in articles.values() if item.body and not item.duplicate_of]
    assert len({item.body for item in primaries}) == len(primaries)
    for item in articles.values():
        if item.duplicate_of:
            assert articles[item.duplicate_of].body == item.body
            assert articles[item.duplicate_of].duplicate_of is None
