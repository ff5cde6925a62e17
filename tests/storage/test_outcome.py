from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from schemas.article import content_sha256
from schemas.outcome import ArticleRead, CaptureQuarantined, Kept, Outcome, SourceBroken, State
from schemas.schedule import STANDARD_PLAN, RevisitPlan
from schemas.url import Identity
from storage.articles.article import find_article
from storage.engine import Database
from storage.ledger.frontier import LedgerEntry, audit_ledger, count_states, find_due, find_entry
from storage.ledger.outcome import FIRST_RETRY, LAST_RETRY, PAGES, REQUESTS, retry_delay, store_outcomes
from storage.ledger.quarantine import list_quarantine
from storage.schema.tables import Alias, Article, Capture, Quarantine
from tests.storage.sample import (
    FEED,
    HOST,
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
    read_text,
    redirect,
    see,
    write,
)

LATER = 10 * 365 * 24
"""Hours after all that the tests store."""


def store(
    database: Database, *outcomes: Outcome, hours: float = LATER, plan: RevisitPlan = STANDARD_PLAN
) -> Counter[str]:
    with database.begin() as session:
        counts = store_outcomes(session, outcomes, run_id=None, now=at(hours), plan=plan)
    with database.read() as session:
        assert audit_ledger(session) == []
    return Counter({name: count for name, count in counts.items() if name not in {REQUESTS, PAGES}})


def entry(database: Database, number: int) -> LedgerEntry:
    with database.read() as session:
        found = find_entry(session, identify(number).key)
    assert found
    return found


def states(database: Database) -> dict[State, int]:
    with database.read() as session:
        return count_states(session, SITE)


def test_an_advertised_url_is_pending_and_its_article_is_stored_once(database: Database) -> None:
    assert store(database, advertise(0, identify(1))) == {"source-read": 1, "sighted-new": 1}
    assert states(database) == {State.PENDING: 1}
    assert store(database, read(1, 1)) == {"stored": 1}
    assert states(database) == {State.STORED: 1}
    assert entry(database, 1).published_at


def test_the_same_captures_again_store_and_count_nothing(database: Database) -> None:
    advertised = advertise(0, identify(1), identify(2))
    outcomes: list[Outcome] = [advertised, read(1, 1), quarantine(2, 2), miss(3, 3), fail(4), forbid(5)]
    assert store(database, *outcomes).total() == 6 + 2
    assert store(database, *outcomes) == {}
    assert store(database, *reversed(outcomes)) == {}
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Capture)) == 4


def test_a_capture_twice_in_one_batch_is_stored_once(database: Database) -> None:
    assert store(database, read(1, 1), read(1, 1)) == {"stored": 1}


def test_an_article_that_was_never_advertised_has_an_entry_but_is_not_counted(database: Database) -> None:
    store(database, read(1, 1))
    assert entry(database, 1).state == State.STORED
    assert states(database) == {}


def test_a_refetch_with_the_same_content_keeps_the_first_capture(database: Database) -> None:
    store(database, read(1, 1))
    assert store(database, read(2, 1, hours=1, extractor="test 2", sources={}, flags=("x",))) == {"unchanged": 1}
    with database.read() as session:
        article = find_article(session, identify(1).key)
    assert article
    assert (article.capture.offset, article.revision, article.extractor) == (1, 1, "test 1")


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "Another"},
        {"body": "Another body.", "content_sha256": content_sha256("Another body.")},
        {"authors": ()},
        {"tags": ("x",)},
        {"images": ()},
        {"section": None},
    ],
    ids=str,
)
def test_a_refetch_with_other_content_is_a_revision(database: Database, change: dict[str, Any]) -> None:
    store(database, read(1, 1))
    changed = read(2, 1, hours=1, **change)
    assert store(database, changed) == {"revised": 1}
    with database.read() as session:
        article = find_article(session, identify(1).key)
    assert article
    assert article.revision == 2
    assert article.capture.offset == 2
    assert article.fetched_at == at(1)
    assert article.first_seen_at == at(0)
    for name, value in change.items():
        assert getattr(article, name) == value


def test_an_older_capture_never_overwrites_a_newer_one(database: Database) -> None:
    store(database, read(1, 1, "First.", hours=1))
    store(database, read(2, 1, "First.", hours=3))
    assert store(database, read(3, 1, "Between.", hours=2)) == {"unchanged": 1}
    with database.read() as session:
        article = find_article(session, identify(1).key)
    assert article
    assert article.body == "First."


def test_the_same_text_under_another_id_is_a_duplicate_in_and_across_batches(database: Database) -> None:
    assert store(database, read(1, 1, "Same."), read(2, 2, "Same.")) == {"stored": 1, "duplicate": 1}
    assert store(database, read(3, 3, "Same.")) == {"duplicate": 1}
    with database.read() as session:
        article = find_article(session, identify(3).key)
    assert article
    assert (article.duplicate_of, article.duplicate_kind, article.similarity) == (identify(1).key, "exact", 1.0)
    assert entry(database, 3).state == State.DUPLICATE


def test_empty_bodies_are_no_duplicates(database: Database) -> None:
    assert store(database, read(1, 1, ""), read(2, 2, "")) == {"stored": 2}


def test_when_the_primary_changes_its_first_duplicate_replaces_it(database: Database) -> None:
    store(database, read(1, 1, "Same."), read(2, 2, "Same.", hours=1), read(3, 3, "Same.", hours=2))
    assert store(database, read(4, 1, "Changed.", hours=3), read(5, 4, "Same.", hours=4)) == {
        "revised": 1,
        "duplicate": 1,
    }
    with database.read() as session:
        found = [find_article(session, identify(number).key) for number in (1, 2, 3, 4)]
    assert [article and article.duplicate_of for article in found] == [None, None, identify(2).key, identify(2).key]


def test_a_revision_with_anothers_text_is_its_duplicate_until_it_changes_back(database: Database) -> None:
    store(database, read(1, 1, "One."), read(2, 2, "Two."))
    assert store(database, read(3, 2, "One.", hours=1)) == {"revised": 1}
    assert entry(database, 2).state == State.DUPLICATE
    assert store(database, read(4, 2, "Two again.", hours=2)) == {"revised": 1}
    assert entry(database, 2).state == State.STORED


def test_a_text_without_a_url_has_no_entry(database: Database) -> None:
    assert store(database, read_text(1, "A text.")) == {"stored": 1}
    assert store(database, read_text(2, "A text.")) == {"unchanged": 1}
    assert store(database, read(3, 1, "A text.")) == {"stored": 1}


def test_a_quarantined_capture_is_open_until_an_article_is_read(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    assert store(database, quarantine(1, 1), quarantine(2, 1, "headline: missing", hours=1)) == {"quarantined": 2}
    assert states(database) == {State.QUARANTINED: 1}
    with database.read() as session:
        (row,) = list_quarantine(session, SITE)
    assert (row.key, row.reasons, row.capture.offset) == (identify(1).key, ("headline: missing",), 2)
    assert store(database, read(3, 1, hours=2)) == {"stored": 1}
    with database.read() as session:
        assert list_quarantine(session) == []


def test_a_stored_article_survives_every_later_outcome(database: Database) -> None:
    store(database, advertise(0, identify(1)), read(1, 1))
    later: list[Outcome] = [
        quarantine(2, 1, hours=1),
        miss(3, 1, hours=2),
        fail(1, hours=3),
        forbid(1, hours=4),
        miss(5, 1, hours=99),
    ]
    ended = {"quarantined": 1, "missing": 1, "failed": 1, "forbidden": 1, "removed": 1}
    assert store(database, *later) == ended
    assert states(database) == {State.STORED: 1}
    with database.read() as session:
        assert len(list_quarantine(session)) == 1
        assert find_article(session, identify(1).key)


def test_a_text_quarantined_twice_is_listed_once(database: Database) -> None:
    for warc in ("a.warc.gz", "b.warc.gz"):
        seen = see(7, None, warc=warc)
        store(database, CaptureQuarantined(seen=seen, identity=None, reasons=("body: empty",)))
    with database.read() as session:
        assert len(list_quarantine(session)) == 1


def test_gone_takes_a_second_fetch_a_day_later(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    assert store(database, miss(1, 1)) == {"missing": 1}
    with database.read() as session:
        assert find_due(session, SITE, at(23.9)) == []
        assert len(find_due(session, SITE, at(24))) == 1
    assert store(database, miss(2, 1, hours=23)) == {"missing": 1}
    assert states(database) == {State.PENDING: 1}
    assert store(database, miss(3, 1, hours=24)) == {"gone": 1}
    assert states(database) == {State.GONE: 1}
    assert store(database, read(4, 1, hours=48)) == {"stored": 1}


def test_a_timeout_does_not_count_as_a_second_fetch_for_gone(database: Database) -> None:
    store(database, fail(1), fail(1, hours=30), fail(1, hours=60))
    assert entry(database, 1).state == State.FAILED


def test_failures_back_off_to_at_most_a_week(database: Database) -> None:
    waits = [retry_delay(attempts) for attempts in range(1, 3000)]
    assert waits[0] == FIRST_RETRY
    assert waits[1] == 2 * FIRST_RETRY
    assert waits == sorted(waits)
    assert waits[-1] == LAST_RETRY == timedelta(weeks=1)
    store(database, fail(1))
    assert store(database, fail(1, hours=1)) == {"failed": 1}
    found = entry(database, 1)
    assert (found.attempts, found.next_try_at) == (2, at(1) + 2 * FIRST_RETRY)
    store(database, read(1, 1, hours=2))
    assert (entry(database, 1).attempts, entry(database, 1).last_error) == (0, None)


def test_a_failure_older_than_a_success_changes_nothing(database: Database) -> None:
    store(database, quarantine(1, 1, hours=2))
    store(database, miss(2, 1, hours=1))
    assert entry(database, 1).state == State.QUARANTINED


def test_robots_blocks_and_forbidden_urls_are_excluded_with_the_reason(database: Database) -> None:
    assert store(database, forbid(1), forbid(2, reason="private-network")) == {"forbidden": 2}
    assert entry(database, 1).state == State.BLOCKED
    assert (entry(database, 2).state, entry(database, 2).rule) == (State.EXCLUDED, "private-network")


def test_a_url_that_is_not_an_article_is_excluded_by_its_rule(database: Database) -> None:
    store(database, advertise(0, identify_url("/podcasts", rule="podcasts")))
    with database.read() as session:
        found = find_entry(session, f"{HOST}/podcasts")
    assert found
    assert (found.state, found.rule) == (State.EXCLUDED, "podcasts")


def test_aliases_of_one_article_are_one_entry_and_each_counts(database: Database) -> None:
    spellings = [identify(1, slug) for slug in ("first", "second", "third")]
    assert store(database, advertise(0, *spellings), read(1, 1)) == {"source-read": 1, "sighted-new": 3, "stored": 1}
    assert states(database) == {State.STORED: 3}
    with database.read() as session:
        article = find_article(session, spellings[1].url)
    assert article
    assert article.aliases == tuple(sorted(identity.url for identity in spellings))
    assert article.url == identify(1).url


def test_a_redirect_to_an_alias_changes_the_current_url(database: Database) -> None:
    store(database, advertise(0, identify(1, "old")), redirect(1, identify(1, "old"), identify(1, "new")))
    with database.read() as session:
        (due,) = find_due(session, SITE, at(1))
    assert due.url == identify(1, "new").url


def test_a_url_without_an_id_that_redirects_to_an_article_is_merged_into_it(database: Database) -> None:
    old = identify_url("/stories/2008/01/02/003.html")
    store(database, advertise(0, old), quarantine_at(1, old))
    assert store(database, redirect(2, old, identify(1), hours=1)) == {"redirected": 1}
    assert states(database) == {State.PENDING: 1}
    store(database, read(3, 1, hours=1))
    assert states(database) == {State.STORED: 1}
    with database.read() as session:
        found = find_entry(session, old.url)
        assert list_quarantine(session) == []
    assert found
    assert found.key == identify(1).key
    assert store(database, advertise(4, old, hours=2)) == {"source-read": 1}


def quarantine_at(offset: int, identity: Identity) -> CaptureQuarantined:
    return CaptureQuarantined(seen=see(offset, identity.url), identity=identity, reasons=("body: empty",))


def test_a_redirect_between_two_stored_articles_changes_neither(database: Database) -> None:
    store(database, advertise(0, identify(1), identify(2)), read(1, 1), read(2, 2))
    store(database, redirect(3, identify(1), identify(2), hours=1))
    assert states(database) == {State.STORED: 2}


def test_a_redirect_loop_between_two_urls_ends_in_one_entry(database: Database) -> None:
    one, two = identify_url("/one"), identify_url("/two")
    store(database, advertise(0, one, two), redirect(1, one, two), redirect(2, two, one))
    assert states(database) == {State.PENDING: 2}


def test_a_redirect_to_a_page_that_is_not_an_article_is_quarantined(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    home = identify_url("/", rule="home")
    assert store(database, redirect(1, identify(1), home)) == {"quarantined": 1}
    assert states(database) == {State.QUARANTINED: 1}
    with database.read() as session:
        assert list_quarantine(session)[0].reasons[0].startswith("redirected-to-other-page")


def test_an_article_takes_over_a_fetched_url_without_a_record_id(database: Database) -> None:
    asked = identify_url("/archive/a-story")
    store(database, advertise(0, asked))
    seen = see(1, asked.url)
    store(database, ArticleRead(seen=seen, identity=identify(1), article=write(identify(1), seen, "Text.")))
    assert states(database) == {State.STORED: 1}
    with database.read() as session:
        found = find_article(session, asked.url)
    assert found
    assert found.id == identify(1).key


def test_captures_of_sources_and_of_other_responses_are_kept(database: Database) -> None:
    broken = SourceBroken(seen=see(1, FEED), reason="html")
    kept = Kept(seen=see(2, f"{HOST}/robots.txt"))
    assert store(database, broken, kept) == {"source-broken": 1, "kept": 1}


def test_a_repeated_sighting_by_the_same_source_adds_no_row(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    assert store(database, advertise(1, identify(1), hours=1)) == {"source-read": 1}
    assert store(database, advertise(2, identify(1), source_url=f"{HOST}/rss/all", hours=2)) == {"source-read": 1}
    assert states(database) == {State.PENDING: 1}


def test_more_outcomes_than_fit_in_one_statement_are_stored(database: Database) -> None:
    outcomes: list[Outcome] = [advertise(0, *(identify(number) for number in range(700)))]
    outcomes += [read(number + 1, number) for number in range(700)]
    assert store(database, *outcomes)["stored"] == 700


def test_an_audit_names_each_inconsistency(database: Database) -> None:
    store(database, advertise(0, identify(1), identify(2), identify(3)), read(1, 1), quarantine(2, 2))
    with database.begin() as session:
        _break(session)
    with database.read() as session:
        problems = "\n".join(audit_ledger(session, SITE))
    assert "stored entries without an article" in problems
    assert "quarantined entries without a reason" in problems
    assert f"advertised URLs without an entry: {identify(3).url}" in problems
    assert "3 URLs were advertised, but the states add up to 2" in problems


def _break(session: Session) -> None:
    session.execute(delete(Article))
    session.execute(delete(Quarantine))
    session.execute(delete(Alias).where(Alias.url == identify(3).url))


def test_an_article_at_anothers_former_url_takes_only_that_url(database: Database) -> None:
    store(database, advertise(0, identify(1), identify(1, "former")))
    seen = see(1, identify(1, "former").url)
    store(database, ArticleRead(seen=seen, identity=identify(2), article=write(identify(2), seen, "Text.")))
    assert states(database) == {State.PENDING: 1, State.STORED: 1}
    assert entry(database, 1).state == State.PENDING
