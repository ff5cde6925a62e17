"""Rereads everything in the WARC files with the current rules: reports changes, or stores them as revisions."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date

from pipeline.archive import Archive, open_archive, open_existing
from pipeline.backfill_plan import check_order
from pipeline.cluster import using
from pipeline.progress import report_progress
from pipeline.reader import LIMIT_SECONDS, count_processes
from pipeline.reprocess.comparison import attach_parts, recognize_part, reread_captures
from pipeline.reprocess.shard import reread_on_workers
from pipeline.reprocess.summary import Finding, ReprocessSummary
from pipeline.run import Run, finish_run, now, running
from pipeline.status import find_quarantine_record, list_quarantine_records
from pipeline.step_time import Step
from schemas.outcome import Outcome
from schemas.reprocess import ReprocessReport
from schemas.settings import Settings
from sites import PUBLISHERS
from sites.publishers import Publishers
from storage.captures.capture import Rereading, RereadingFilter, count_rereadings, iterate_rereadings, list_companions
from storage.ledger.outcome import store_outcomes

SHARED_COUNT = 400
"""From this many captures on, several processes read: two seconds of work, against one for starting them."""

STORE_COUNT = 256
"""Outcomes stored in one transaction."""


def reprocess(  # noqa: PLR0913 - a choice each
    settings: Settings,
    *,
    since: date | None = None,
    until: date | None = None,
    site: str | None = None,
    apply: bool = False,
    process_count: int | None = None,
    numbers: Collection[int] | None = None,
    on: str | None = None,
    publishers: Publishers = PUBLISHERS,
    reading_seconds: float = LIMIT_SECONDS,
) -> ReprocessReport:
    """Reread the archive, what was published on these days or by this publisher, or these rows of the quarantine.

    Without `apply`, nothing is written, and other runs may go on meanwhile. `on` is the URL of a cluster whose
    workers read, by their own settings and rules; what they find is stored here, in the same order.

    Raises:
        SpanInvalid: the span ends before it begins.
        UnknownSite: the site has no profile.
        ClusterUnusable, ClusterLost: see `pipeline.cluster`.
        RunInProgress: with `apply`, another run is writing.
        Whatever `open_archive` raises.
    """
    check_order(since, until)
    if site is not None:
        publishers.get(site)
    wanted = RereadingFilter(since, until, site)
    open_existing(settings).close()  # do not create an archive just to reread it
    with ExitStack() as stack:
        opening = open_archive(settings, writable=apply, publishers=publishers, reading_seconds=reading_seconds)
        archive = stack.enter_context(opening)
        total = _count_wanted(archive, wanted, numbers)
        if on is not None:
            cluster = stack.enter_context(using(on, archive.keep_alive))
            found = reread_on_workers(cluster, archive, wanted)
        else:
            count = process_count or (count_processes(None) if total >= SHARED_COUNT else 1)
            stack.enter_context(archive.reading_in_parallel(count))
            found = reread_captures(archive, _list_wanted(archive, wanted, numbers))
        return _summarize(archive, _count_each(found, total), ReprocessSummary(wanted, apply), apply=apply)


def _summarize(
    archive: Archive, findings: Iterable[Finding], summary: ReprocessSummary, *, apply: bool
) -> ReprocessReport:
    """Return a report on the findings; with `apply`, store them in a run."""
    if not apply:
        for finding in findings:
            summary.add(finding)
        return summary.make_report()
    with running(archive, "reprocess", None, summary.parameters) as run:
        _store_all(archive, run, findings, summary)
        run.problems += summary.problems
        return summary.make_report().model_copy(update={"run": finish_run(archive, run)})


def retry_quarantine(settings: Settings, ids: Sequence[str], site: str | None = None) -> ReprocessReport:
    """Reread quarantined captures (all, a site's, or by number, record id or URL), and store what is valid now.

    Raises:
        UnknownSite: the site has no profile.
        RecordUnknown: nothing is quarantined under one of these.
        RunInProgress: another run is writing.
        Whatever `open_archive` raises.
    """
    with open_archive(settings, writable=False) as archive:
        named = [find_quarantine_record(archive, one) for one in ids]
        found = named or list_quarantine_records(archive, site=site)
    numbers = {one.id for one in found if one.resolved_at is None}
    return reprocess(settings, site=site, apply=True, numbers=numbers)


def _count_wanted(archive: Archive, wanted: RereadingFilter, numbers: Collection[int] | None) -> int:
    if numbers is not None:
        return len(numbers)
    with archive.database.read() as session:
        return count_rereadings(session, wanted)


def _count_each(findings: Iterable[Finding], total: int) -> Iterator[Finding]:
    """Yield the findings, and report how many there are so far."""
    report_progress("read again", 0, total, unit="captures")
    for count, finding in enumerate(findings, 1):
        report_progress("read again", min(count, total), total, unit="captures")
        yield finding


def _list_wanted(archive: Archive, wanted: RereadingFilter, numbers: Collection[int] | None) -> Iterator[Rereading]:
    with archive.database.read() as session:
        parts = list_companions(session, recognize_part)
        yield from attach_parts(iterate_rereadings(session, wanted, numbers), parts)


def _store_all(archive: Archive, run: Run, findings: Iterable[Finding], summary: ReprocessSummary) -> None:
    waiting: list[Outcome] = []
    for finding in run.waits.iterate(Step.READING, findings):
        summary.add(finding)
        if finding.outcome is not None:
            waiting.append(finding.outcome)
        if len(waiting) >= STORE_COUNT:
            _store(archive, run, waiting)
            waiting.clear()
    _store(archive, run, waiting)


def _store(archive: Archive, run: Run, outcomes: Sequence[Outcome]) -> None:
    run.renew_lease()
    with run.waits.measuring(Step.DATABASE), archive.database.begin() as session:
        run.counts.update(
            store_outcomes(
                session, outcomes, run_id=run.id, now=now(), plan=archive.settings.revisit_plan, is_reread=True
            )
        )
