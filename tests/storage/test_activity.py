"""What monitoring counts, on both databases."""

from datetime import timedelta

from schemas.outcome import Outcome
from storage.articles.article import count_articles
from storage.captures.capture import store_position
from storage.engine import Database
from storage.ledger.frontier import count_due, find_due
from storage.ledger.outcome import store_outcomes
from storage.ledger.quarantine import count_quarantine
from storage.ledger.state import ARTICLE_STATES
from storage.reports.activity import (
    OTHER_HOST,
    count_responses,
    count_runs,
    find_last_successes,
    find_newest_publication,
    list_last_runs,
    list_problems,
    measure_database,
    measure_warcs,
)
from storage.reports.site_activity import (
    count_site_articles,
    count_site_quarantine,
    find_last_site_successes,
    find_newest_publications,
)
from storage.runs.run import close_run, list_runs, open_run
from storage.schema.tables import RunStatus
from tests.storage.sample import SITE, advertise, at, fail, identify, miss, quarantine, read, read_text
from tests.storage.test_run import report_of


def store_run(
    database: Database,
    kind: str,
    hour: float,
    status: RunStatus,
    hours: float = 1,
    problems: tuple[str, ...] = (),
    site: str = SITE,
) -> None:
    with database.begin() as session:
        run_id = open_run(session, kind=kind, site=site, started_at=at(hour))
        if status is RunStatus.RUNNING:
            return
        report = (
            None if status is RunStatus.INTERRUPTED else report_of(run_id).model_copy(update={"problems": problems})
        )
        close_run(session, run_id, status=status, ended_at=at(hour + hours), report=report)


def test_runs_are_counted_by_kind_and_status_and_their_durations_added(database: Database) -> None:
    store_run(database, "ingest", 0, RunStatus.COMPLETED)
    store_run(database, "ingest", 2, RunStatus.COMPLETED, 2)
    store_run(database, "ingest", 5, RunStatus.FAILED, problems=("drift: article: headline", "leak_rate 1 is above"))
    store_run(database, "backfill", 1, RunStatus.INTERRUPTED)
    store_run(database, "refresh", 3, RunStatus.DEGRADED, problems=("/rss/news: HTTP 500",))
    store_run(database, "ingest", 7, RunStatus.RUNNING)
    with database.read() as session:
        counts = {(one.kind, one.status): (one.run_count, one.seconds) for one in count_runs(session)}
        last = {one.kind: (one.status, one.ended_at, one.problem_count) for one in list_last_runs(session)}
        assert counts == {
            ("backfill", "interrupted"): (1, 3600),
            ("ingest", "completed"): (2, 3 * 3600),
            ("ingest", "failed"): (1, 3600),
            ("ingest", "running"): (1, 0),
            ("refresh", "degraded"): (1, 3600),
        }
        assert last == {
            "backfill": ("interrupted", at(2), 0),
            "ingest": ("failed", at(6), 2),
            "refresh": ("degraded", at(4), 1),
        }
        assert find_last_successes(session) == {"ingest": at(4), "refresh": at(4)}
        assert list_problems(session, at(5)) == ["drift: article: headline", "leak_rate 1 is above"]
        assert list_problems(session, at(6)) == []


def test_responses_are_counted_by_known_host_and_imported_pages_not_at_all(database: Database) -> None:
    page = read(4, 9)
    ref = page.seen.ref.model_copy(update={"warc": "import-a.warc.gz"})
    imported = page.model_copy(update={"seen": page.seen.model_copy(update={"ref": ref})})
    fetched: list[Outcome] = [read(1, 1), read(2, 2), miss(3, 3)]
    with database.begin() as session:
        store_outcomes(session, [*fetched, imported, read_text(5, "A text.")], run_id=None, now=at(0))
    with database.read() as session:
        assert count_responses(session, ["www.themoscowtimes.com"]) == {
            ("www.themoscowtimes.com", 200): 2,
            ("www.themoscowtimes.com", 404): 1,
        }
        assert count_responses(session, ["themoscowtimes.com"]) == {(OTHER_HOST, 200): 2, (OTHER_HOST, 404): 1}
        assert count_responses(session, []) == {(OTHER_HOST, 200): 2, (OTHER_HOST, 404): 1}


def test_what_is_due_is_counted_as_it_is_found(database: Database) -> None:
    outcomes: list[Outcome] = [advertise(1, identify(1), identify(2), identify(3)), read(2, 1), fail(2), read(3, 4)]
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=at(0))
    for hours in (0, 1, 100_000):
        with database.read() as session:
            due, counted = find_due(session, None, at(hours)), count_due(session, None, at(hours))
        known = [one for one in due if one.state in ARTICLE_STATES]
        assert (counted.new_count, counted.known_count) == (len(due) - len(known), len(known)), hours
    assert (counted.new_count, counted.known_count) == (2, 2)


def test_the_newest_publication_is_not_in_the_future(database: Database) -> None:
    with database.read() as session:
        assert find_newest_publication(session, at(0)) is None
    outcomes = [read(n, n, published_at=at(hours)) for n, hours in ((1, -5), (2, -3), (3, 24))]
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=at(0))
    with database.read() as session:
        assert find_newest_publication(session, at(0)) == at(-3)
        assert find_newest_publication(session, at(0) + timedelta(days=2)) == at(24)


def test_sizes_are_those_of_the_loaded_files_and_of_the_database(database: Database) -> None:
    with database.read() as session:
        assert measure_warcs(session) == (0, 0)
    with database.begin() as session:
        store_position(session, "a.warc.gz", 5_000_000_000)
        store_position(session, "b.warc.gz", 7)
    with database.read() as session:
        assert measure_warcs(session) == (2, 5_000_000_007)
        assert measure_database(session) > 100_000


def test_what_each_site_did_is_told_apart(database: Database) -> None:
    for site, hour, status in (
        ("one", 1, RunStatus.COMPLETED),
        ("one", 3, RunStatus.DEGRADED),
        ("one", 5, RunStatus.FAILED),
        ("two", 2, RunStatus.COMPLETED),
        ("three", 2, RunStatus.FAILED),
    ):
        store_run(database, "ingest", hour, status, site=site)
    store_run(database, "backfill", 8, RunStatus.COMPLETED, site="two")
    others = [read(n, n, site=site, published_at=at(n)) for n, site in ((1, SITE), (2, SITE), (3, "two"))]
    with database.begin() as session:
        store_outcomes(session, [*others, quarantine(4, 4), quarantine(5, 5)], run_id=None, now=at(0))
    with database.read() as session:
        assert find_last_site_successes(session, "ingest") == {"one": at(4), "two": at(3)}
        assert count_site_articles(session) == {SITE: 2, "two": 1}
        assert count_site_quarantine(session) == {SITE: 2}
        assert (count_quarantine(session, SITE), count_quarantine(session, "two")) == (2, 0)
        assert (count_articles(session, SITE).article_count, count_articles(session, "two").article_count) == (2, 1)
        assert find_newest_publications(session, at(9)) == {SITE: at(2), "two": at(3)}
        assert [run.status for run in list_runs(session, site="two")] == [RunStatus.COMPLETED, RunStatus.COMPLETED]
        assert [run.site for run in list_runs(session, 1, site="one", until=at(4))] == ["one"]
