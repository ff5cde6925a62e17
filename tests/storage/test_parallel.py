"""Writers on PostgreSQL work at the same time, and wait for each other only where both would change the same."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from zlib import crc32

import numpy as np
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from schemas.outcome import Outcome
from storage.articles.terms import add_terms
from storage.captures.capture import find_position, store_position
from storage.engine import Database
from storage.ledger.batches import Storage, StoredBatch
from storage.ledger.outcome import store_outcomes
from storage.ledger.parallel import MAX_NAMES, ParallelWriter, can_be_parallel
from storage.reports.audit import audit_ledger
from storage.schema.tables import Alias, Article, Capture, Entry
from storage.search.column_cache import ColumnCache, read_state
from storage.search.index import SECOND_BITS, audit_index, first_number
from storage.search.table import Searched
from tests.storage.sample import advertise, at, identify, read, redirect
from tests.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)

TEXT = " ".join(f"word{number}" for number in range(80))
"""Long enough to have near-duplicates."""

READ_AS_A_WHOLE_SQL = "SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables WHERE seq_tup_read > 0"
"""What this connection has done before may count, too."""

WAITING_SQL = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def store(database: Database, *outcomes: Outcome) -> StoredBatch:
    return Storage(database, None).store([add_terms(one, "postgresql") for one in outcomes], at(10))


def store_beside(session: Session, *outcomes: Outcome) -> None:
    store_outcomes(session, outcomes, run_id=None, now=at(10), is_parallel=True)


@contextmanager
def in_thread(work: Callable[[], object]) -> Iterator[threading.Thread]:
    """Do the work in a thread, which has ended afterwards; its failure is raised."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert failures == []


def is_waiting(database: Database) -> bool:
    with database.read() as session:
        return bool(session.scalar(text(WAITING_SQL)))


def list_faults(database: Database) -> list[str]:
    with database.read() as session:
        return [*audit_ledger(session), *audit_index(session)]


def count_articles(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Article)) or 0


def test_a_batch_is_stored_while_another_one_is_at_work(database: Database) -> None:
    with database.begin(is_parallel=True) as session:
        ParallelWriter(session, [read(1, 1)])
        assert store(database, read(2, 2)).counts["stored"] == 1
        store_beside(session, read(1, 1))
    assert count_articles(database) == 2
    assert list_faults(database) == []


def test_a_batch_reads_no_table_as_a_whole(database: Database) -> None:
    several = [read(number, number, " ".join(f"{word}{number}" for word in TEXT.split())) for number in range(1, 65)]
    store(database, *several[:-1])
    database.engine.dispose()  # a new connection has not read anything
    with database.begin() as session:
        store_outcomes(session, several[-1:], run_id=None, now=at(10))
        assert session.execute(text(READ_AS_A_WHOLE_SQL)).all() == []


def test_one_waits_for_another_with_the_same_article(database: Database) -> None:
    with database.begin(is_parallel=True) as session:
        store_beside(session, read(1, 1))
        with in_thread(lambda: store(database, read(2, 1, hours=1))):
            wait_until(lambda: is_waiting(database))
            session.commit()
    with database.read() as session:
        article = session.scalars(select(Article)).one()
        assert (article.revision, article.checked_at) == (1, at(1))
        assert session.scalar(select(func.count()).select_from(Capture)) == 2
    assert list_faults(database) == []


def test_an_entry_that_only_an_alias_leads_to_is_changed_alone(database: Database) -> None:
    store(database, redirect(1, identify(1), identify(2)))
    with database.begin(is_parallel=True) as session:
        # The URL of 1 leads to the entry of 2, of which an outcome for 1 says nothing.
        ParallelWriter(session, [read(2, 2)])
        with in_thread(lambda: store(database, read(3, 1))):
            wait_until(lambda: is_waiting(database))
            session.commit()
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Article)) == 1
        owner = select(Entry.key).join(Alias, Entry.id == Alias.entry_id).where(Alias.url == identify(2).url)
        assert session.scalar(owner) == identify(2).key
    assert list_faults(database) == []


def test_an_article_that_another_is_changing_becomes_a_duplicate_afterwards(database: Database) -> None:
    later = read(1, 1, TEXT, published_at=at(5))
    store(database, later)
    with database.begin(is_parallel=True) as session:
        ParallelWriter(session, [later])
        # The earlier article is the primary, so the other one changes: that waits until nothing else is written.
        with in_thread(lambda: store(database, read(2, 2, f"{TEXT} more", published_at=at(1)))):
            wait_until(lambda: is_waiting(database))
            assert count_articles(database) == 1
            session.commit()
    with database.read() as session:
        duplicates = {one.id: one.duplicate_of for one in session.scalars(select(Article))}
    assert duplicates == {identify(1).key: identify(2).key, identify(2).key: None}
    assert list_faults(database) == []


def test_two_that_choose_the_same_number_of_the_index_both_have_one(database: Database) -> None:
    digests = {number: crc32(identify(number).key.encode(), 0) % (1 << SECOND_BITS) for number in range(1, 200)}
    one, other = next(pair for pair in combinations(digests, 2) if digests[pair[0]] == digests[pair[1]])
    with database.begin(is_parallel=True) as session:
        store_beside(session, read(one, one))
        with in_thread(lambda: store(database, read(other, other))):
            wait_until(lambda: is_waiting(database))
            session.commit()
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Searched)) == 2
    assert list_faults(database) == []


def test_a_batch_that_meets_a_deadlock_is_stored_alone(database: Database) -> None:
    calls = []

    def finish(session: Session) -> None:
        calls.append(session)
        if len(calls) == 1:
            session.execute(text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"))
        store_position(session, "a.warc.gz", 99)

    stored = Storage(database, None).store([read(1, 1)], at(10), finish=finish)
    assert (stored.counts["stored"], stored.problems, len(calls)) == (1, [], 2)
    with database.read() as session:
        assert find_position(session, "a.warc.gz") == 99


def test_numbers_go_on_from_those_that_were_written_without_the_sequence(database: Database) -> None:
    for number, is_parallel in enumerate([True, False, True, False, True], 1):
        with database.begin(is_parallel=is_parallel) as session:
            store_outcomes(session, [read(number, number)], run_id=None, now=at(10), is_parallel=is_parallel)
    with database.read() as session:
        ids = list(session.scalars(select(Capture.id).order_by(Capture.offset)))
    assert ids == sorted(set(ids))


def test_only_what_concerns_few_urls_is_stored_beside_others(database: Database) -> None:
    assert database
    assert can_be_parallel([read(1, 1)])
    assert not can_be_parallel([])
    assert not can_be_parallel([read(1, 1), advertise(2, identify(2))])
    assert not can_be_parallel([read(number, number) for number in range(MAX_NAMES)])


def list_sections(cache: ColumnCache) -> list[str]:
    columns = cache.get()
    return sorted(str(one.value) for one in columns.count(np.arange(len(columns.numbers))).facets["section"])


def test_a_reader_misses_no_article_that_is_committed_after_one_with_a_higher_number(database: Database) -> None:
    store(database, read(1, 1, section="news"), read(2, 2, section="opinion"))
    cache = ColumnCache(database, min_age_seconds=0, age_factor=0)
    cache.get()
    revised = read(3, 1, "Another text.", hours=1, section="business", published_at=at(-99))
    number = first_number(at(-99)) + crc32(identify(1).key.encode(), 0) % (1 << SECOND_BITS)
    with database.read() as blocking:
        # The writer has its capture's number, and waits before the merge for this number of the index.
        blocking.add(Searched(number=number, article_id="another", revision=1, document=""))
        blocking.flush()
        with in_thread(lambda: store(database, revised)):
            wait_until(lambda: is_waiting(database))
            store(database, read(4, 2, "One more text.", hours=1, section="sports"))
            assert list_sections(cache) == ["news", "sports"]
            state = read_state(database)
            assert state.capture_id < state.newest_id
            blocking.rollback()
    with database.read() as session:
        late, early = session.scalars(select(Capture.id).where(Capture.offset > 2).order_by(Capture.offset))
    assert state.capture_id < late < early == state.newest_id
    assert list_sections(cache) == ["business", "sports"]
