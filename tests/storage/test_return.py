import pytest

from schemas.article import content_sha256
from schemas.outcome import ArticleRead, CaptureQuarantined, Outcome, State
from storage.articles.article import find_article
from storage.engine import Database
from storage.ledger.frontier import audit_ledger, find_due, find_entry
from storage.ledger.outcome import LAST_RETRY
from storage.ledger.quarantine import list_quarantine
from tests.storage.sample import (
    HOST,
    SITE,
    advertise,
    answer_503,
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
from tests.storage.test_outcome import entry, states, store

DAY = 24


def due(database: Database, hours: float) -> list[str]:
    with database.read() as session:
        return [address.url for address in find_due(session, SITE, at(hours))]


def test_a_robots_block_is_retried_after_a_day_with_backoff_to_at_most_a_week(database: Database) -> None:
    store(database, forbid(1))
    assert due(database, DAY - 0.1) == []
    assert due(database, DAY) == [identify(1).url]
    assert store(database, forbid(1, hours=DAY)) == {"forbidden": 1}
    assert entry(database, 1).next_try_at == at(DAY + 2 * DAY)
    for times in range(2, 12):
        store(database, forbid(1, hours=times * 7 * DAY))
    assert entry(database, 1).next_try_at == at(11 * 7 * DAY) + LAST_RETRY
    store(database, read(1, 1, hours=100 * DAY))
    assert entry(database, 1).state == State.STORED


def test_earlier_failures_do_not_lengthen_the_first_robots_delay(database: Database) -> None:
    store(database, *(fail(1, hours) for hours in range(9)))
    store(database, forbid(1, hours=9))
    assert entry(database, 1).next_try_at == at(9 + DAY)


def test_a_temporary_quarantine_is_retried_and_a_permanent_one_never(database: Database) -> None:
    store(database, quarantine(1, 1, is_transient=True), quarantine(2, 2))
    assert due(database, 0.9) == []
    assert due(database, 1) == [identify(1).url]
    store(database, quarantine(3, 1, hours=1, is_transient=True))
    assert entry(database, 1).next_try_at == at(1 + 2)
    store(database, quarantine(4, 1, hours=3))
    assert due(database, 1000 * DAY) == []


def test_an_excluded_url_is_pending_again_when_its_rule_is_gone(database: Database) -> None:
    store(database, advertise(0, identify_url("/events/x", rule="event")))
    assert states(database) == {State.EXCLUDED: 1}
    store(database, advertise(1, identify_url("/events/x"), hours=1))
    assert states(database) == {State.PENDING: 1}
    assert due(database, 2) == [f"{HOST}/events/x"]
    store(database, advertise(2, identify_url("/events/x", rule="event"), hours=2))
    assert states(database) == {State.EXCLUDED: 1}


def test_an_excluded_url_in_which_an_id_is_now_found_belongs_to_that_record(database: Database) -> None:
    url = identify(1).url
    ruled = identify(1).model_copy(update={"id": None, "rule": "partner"})
    store(database, advertise(0, ruled), advertise(1, identify(1, "other"), hours=1))
    store(database, advertise(2, identify(1), hours=2))
    assert states(database) == {State.PENDING: 2}
    with database.read() as session:
        found = find_entry(session, url)
    assert found
    assert found.key == identify(1).key


def test_a_forbidden_url_stays_excluded(database: Database) -> None:
    store(database, forbid(1, reason="private-network"), advertise(0, identify(1), hours=1))
    assert entry(database, 1).state == State.EXCLUDED


def test_a_pending_record_is_due_at_the_url_advertised_last(database: Database) -> None:
    store(database, advertise(0, identify(1, "old")), advertise(1, identify(1, "new"), hours=1))
    assert due(database, 2) == [identify(1, "new").url]
    # Neither an old list read late nor a sitemap that still has the old URL changes it back.
    store(database, advertise(2, identify(1, "older"), hours=0.5), advertise(3, identify(1, "old"), hours=3))
    assert due(database, 4) == [identify(1, "new").url]


def test_a_missing_former_url_says_nothing_about_the_current_one(database: Database) -> None:
    store(database, advertise(0, identify(1, "old")), advertise(1, identify(1, "new"), hours=1))
    assert store(database, miss(2, 1, 2, "old"), miss(3, 1, 50, "old")) == {"missing": 2}
    assert due(database, 50) == [identify(1, "new").url]


def test_a_gone_record_is_due_at_a_new_url_at_once_but_not_at_its_own(database: Database) -> None:
    store(database, advertise(0, identify(1)), miss(1, 1), miss(2, 1, DAY))
    assert entry(database, 1).state == State.GONE
    store(database, advertise(3, identify(1), hours=20 * DAY))
    assert entry(database, 1).state == State.GONE
    store(database, advertise(4, identify(1, "new"), hours=21 * DAY))
    assert due(database, 21 * DAY) == [identify(1, "new").url]
    assert store(database, miss(5, 1, 22 * DAY, "new")) == {"missing": 1}


def test_a_gone_url_that_is_still_advertised_is_due_after_a_month(database: Database) -> None:
    store(database, advertise(0, identify(1)), miss(1, 1), miss(2, 1, DAY))
    store(database, advertise(3, identify(1), hours=40 * DAY))
    assert due(database, 40 * DAY) == [identify(1).url]
    store(database, miss(4, 1, 41 * DAY), miss(5, 1, 43 * DAY))
    assert entry(database, 1).state == State.GONE
    store(database, advertise(6, identify(1), hours=44 * DAY))
    assert due(database, 9999) == []


def test_of_two_advertised_urls_the_other_is_tried_a_week_after_one_is_gone(
    database: Database,
) -> None:
    store(database, advertise(0, identify(1, "old")), advertise(1, identify(1, "a-headline"), hours=1))
    store(database, miss(2, 1, 2), miss(3, 1, 2 + DAY))
    store(database, advertise(4, identify(1, "old"), hours=3 + DAY))
    assert due(database, 9999) == []
    store(database, advertise(5, identify(1, "old"), hours=3 + 8 * DAY))
    assert due(database, 9999) == [identify(1, "old").url]


def test_a_temporary_redirect_to_another_article_merges_nothing(database: Database) -> None:
    store(database, advertise(0, identify(1), identify(2)), read(1, 2))
    assert store(database, redirect(2, identify(1), identify(2), is_permanent=False)) == {"quarantined": 1}
    assert states(database) == {State.STORED: 1, State.QUARANTINED: 1}
    with database.read() as session:
        (row,) = list_quarantine(session)
    assert row.reasons == (f"redirected-to-other-article: {identify(2).url}",)
    assert due(database, 1) == [identify(1).url]


@pytest.mark.parametrize(("is_permanent", "due_count"), [(True, 0), (False, 1)])
def test_only_a_temporary_redirect_away_from_an_article_is_retried(
    database: Database,
    is_permanent: bool,  # noqa: FBT001 - a parameter of the test
    due_count: int,
) -> None:
    store(database, advertise(0, identify(1)))
    home = identify_url("/", rule="home")
    assert store(database, redirect(1, identify(1), home, is_permanent=is_permanent)) == {"quarantined": 1}
    assert len(due(database, 1)) == due_count


def test_a_temporary_redirect_to_a_foreign_page_merges_nothing(database: Database) -> None:
    foreign = identify_url("/maintenance").model_copy(update={"site": "generic", "url": "https://example.org/down"})
    store(database, advertise(0, identify(1)))
    assert store(database, redirect(1, identify(1), foreign, is_permanent=False)) == {"quarantined": 1}
    assert due(database, 1) == [identify(1).url]


def test_a_temporary_redirect_within_a_record_changes_its_url(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    assert store(database, redirect(1, identify(1), identify(1, "new"), 1, is_permanent=False)) == {"redirected": 1}
    assert due(database, 1) == [identify(1, "new").url]


def test_an_invalid_page_takes_over_a_url_without_an_id(database: Database) -> None:
    old = identify_url("/stories/2008/01/02/003.html")
    store(database, advertise(0, old))
    store(database, CaptureQuarantined(seen=see(1, old.url, at(1)), identity=identify(1), reasons=("body: empty",)))
    assert states(database) == {State.QUARANTINED: 1}
    assert due(database, 9999) == []


def test_an_invalid_page_takes_no_url_from_another_record(database: Database) -> None:
    store(database, advertise(0, identify(1)))
    store(
        database,
        CaptureQuarantined(seen=see(1, identify(1).url, at(1)), identity=identify(2), reasons=("body: empty",)),
    )
    assert due(database, 2) == [identify(1).url]


@pytest.mark.parametrize(
    ("before", "state"),
    [((), State.PENDING), ((answer_503(1, 1),), State.FAILED), ((miss(1, 1), miss(2, 1, DAY)), State.GONE)],
    ids=["pending", "failed", "gone"],
)
def test_an_old_capture_that_is_imported_settles_nothing(
    database: Database, before: tuple[Outcome, ...], state: State
) -> None:
    store(database, advertise(0, identify(1)), *before)
    old: list[Outcome] = [
        quarantine(3, 1, hours=-2 * DAY),
        miss(4, 1, -9 * DAY),
        quarantine(5, 1, hours=-DAY),
    ]
    assert store(database, *old) == {"quarantined": 2, "missing": 1}
    assert entry(database, 1).state == state


def test_an_older_invalid_capture_leaves_the_newer_one_listed(database: Database) -> None:
    store(database, quarantine(1, 1, "newer", hours=2, is_transient=True))
    assert store(database, quarantine(2, 1, "older", hours=1)) == {"quarantined": 1}
    with database.read() as session:
        (row,) = list_quarantine(session)
    assert row.reasons == ("newer",)
    assert due(database, 3) == [identify(1).url]


def test_no_fetch_readmits_an_excluded_url(database: Database) -> None:
    ruled = identify(1).model_copy(update={"id": None, "rule": "author"})
    store(database, advertise(0, ruled))
    pages: list[Outcome] = [
        miss(1, 1, 1),
        quarantine(2, 1, hours=2),
        answer_503(3, 1, 3),
        fail(1, 4),
        forbid(1, 5),
    ]
    store(database, *(page.model_copy(update={"identity": ruled}) for page in pages))
    assert states(database) == {State.EXCLUDED: 1}
    assert due(database, 9999) == []


def test_a_response_between_two_missing_fetches_restarts_the_count(database: Database) -> None:
    store(database, miss(1, 1), answer_503(2, 1, DAY))
    assert store(database, miss(3, 1, DAY + 1)) == {"missing": 1}
    assert entry(database, 1).state == State.PENDING
    assert store(database, miss(4, 1, 2 * DAY + 1)) == {"gone": 1}


@pytest.mark.parametrize("is_text_first", [True, False])
@pytest.mark.parametrize("is_one_batch", [True, False])
def test_a_page_is_the_primary_of_a_text_whichever_came_first(
    database: Database,
    is_text_first: bool,  # noqa: FBT001 - a parameter of the test
    is_one_batch: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    text = read_text(1, "Same.")
    outcomes: list[Outcome] = [text, read(2, 1, "Same.")] if is_text_first else [read(2, 1, "Same."), text]
    for batch in [outcomes] if is_one_batch else [[outcome] for outcome in outcomes]:
        store(database, *batch)
    store(database, read(3, 2, "Same."))
    with database.read() as session:
        found = [
            find_article(session, article_id) for article_id in (text.article.id, identify(1).key, identify(2).key)
        ]
    assert [article and article.duplicate_of for article in found] == [identify(1).key, None, identify(1).key]
    assert entry(database, 1).state == State.STORED


def test_a_page_becomes_the_primary_before_a_text_does(database: Database) -> None:
    store(database, read(1, 1, "Same."), read_text(2, "Same."), read(3, 2, "Same.", hours=1))
    other = {"body": "Other.", "content_sha256": content_sha256("Other.")}
    store(database, read(4, 1, hours=2, **other))
    assert entry(database, 2).state == State.STORED
    # A page that changes to a text's wording becomes its primary, too.
    store(database, read_text(5, "Third."), read(6, 2, "Third.", hours=3))
    assert entry(database, 2).state == State.STORED
    with database.read() as session:
        assert [find_article(session, read_text(0, body).article.id) for body in ("Same.", "Third.")]
        assert audit_ledger(session) == []


def test_an_article_after_a_merge_in_the_same_batch_is_the_same_article(database: Database) -> None:
    asked = identify_url("/archive/a-story")
    seen = see(2, asked.url, at(1))
    outcomes: list[Outcome] = [
        advertise(0, asked),
        read(1, 1),
        ArticleRead(seen=seen, identity=identify(2), article=write(identify(2), seen, "Text.")),
        read(3, 1, hours=2),
    ]
    assert store(database, *outcomes)["unchanged"] == 1


def test_a_source_between_two_pages_of_one_batch_sees_and_is_seen(database: Database) -> None:
    outcomes: list[Outcome] = [
        miss(1, 1),
        advertise(2, identify(1), identify(2), identify(3, "new"), hours=1),
        read(3, 2, hours=2),
        quarantine(4, 3, hours=2),
        quarantine(5, 3, "second", hours=3),
    ]
    store(database, *outcomes)
    assert states(database) == {State.PENDING: 1, State.STORED: 1, State.QUARANTINED: 1}
    with database.read() as session:
        assert [row.reasons for row in list_quarantine(session)] == [("second",)]
        assert audit_ledger(session) == []
