"""Keeps a run's books: its id, its counts, its report."""

import os
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from socket import gethostname
from uuid import uuid4

import sites
from pipeline.archive import Archive, RunInProgress, skip_heartbeat
from pipeline.offload import move_files
from pipeline.other_runs import drop_files, list_other_runs
from pipeline.quality.provenance import Reading
from pipeline.step_time import Step, StepTimes
from schemas.failure import Failure, RunFailure
from schemas.report import ImportedFile, RecurringParagraph, RunReport, SlowPage
from schemas.settings import Settings
from schemas.span import EVER, Span
from storage.atomic_file import replace_file
from storage.captures.capture import list_positions
from storage.ledger.frontier import audit_ledger, count_states
from storage.reports.history import count_per_day, measure_coverage
from storage.runs.lease import Lease, LeaseHeld, acquire_lease, find_lease, release_lease, renew_lease
from storage.runs.run import close_run, mark_interrupted, open_run
from storage.schema.tables import RunStatus
from storage.warc.cdxj import write_index
from storage.warc.remote import INDEX_SUFFIX

LEASE_SECONDS = 300
"""Seconds until the lease of a silent run expires: far longer than the slowest batch, short for those who wait."""

FOLDER_ID = "folder-id"
"""A file in the spool that identifies the data folder wherever it is mounted."""

LEASE_POLL_SECONDS = 5.0
"""Seconds between checks whether the other run has ended."""

RENEWAL_INTERVAL = timedelta(seconds=60)
"""A write that is lost against a busy database may be lost four times before the lease expires."""


class LeaseLost(RunFailure):
    """This run's lease expired, and another run took over."""


class Run:
    """The state of a run in progress; becomes a `RunReport` at the end."""

    def __init__(
        self, archive: Archive, run_id: str, kind: str, site: str | None, started_at: datetime, span: Span = EVER
    ) -> None:
        self.id = run_id
        self.span = span
        self.started_at = started_at
        self.kind = kind
        self.site = site
        self.counts: Counter[str] = Counter()
        self.warc_counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Name of each WARC file that was loaded -> its part of the counts."""
        self.problems: list[str] = []
        self.source_problems: list[str] = []
        """Those of the problems that are a source which could not be read."""
        self.unreachable_hosts: set[str] = set()
        """Hosts that are not to be crawled now: they asked for backoff, or their robots.txt cannot be read."""
        self.unusable: list[str] = []
        self.notes: list[str] = []
        self.files: list[ImportedFile] = []
        self.source_count = 0
        """Sources that were read, or tried."""
        self.asked_count = 0
        """Article URLs that were requested."""
        self.reading = Reading()
        """How its pages were read."""
        self.recurring: tuple[RecurringParagraph, ...] = ()
        self.leak_rate: float | None = None
        self.slowest: tuple[SlowPage, ...] = ()
        self.waits = StepTimes()
        """For what it waited."""
        self.gave_way = False
        """The run ended early because another run was waiting to crawl."""
        self._job_count = 0
        self._archive = archive
        self._renewed_at = started_at

    def report_broken_sources(self, sentences: Iterable[str]) -> None:
        """Record a problem for each source that could not be read."""
        found = list(sentences)
        self.problems += found
        self.source_problems += found

    @property
    def is_degraded(self) -> bool:
        """Whether its only problems are sources that could not be read, while others were, and no page failed."""
        are_all_sources = not set(self.problems) - set(self.source_problems)
        was_any_read = len(self.source_problems) < self.source_count
        return bool(self.problems) and are_all_sources and was_any_read and not self.counts["failed"]

    def number_job(self) -> int:
        """Return the number of the next job of its crawl."""
        self._job_count += 1
        return self._job_count

    def renew_lease(self) -> None:
        """Renew the lease; called wherever the run may take long.

        Raises:
            LeaseLost: another run has taken over.
        """
        if abs((at := now()) - self._renewed_at) < RENEWAL_INTERVAL:  # a clock may be set back meanwhile
            return
        with self._archive.database.begin() as session:
            name = name_lease(self._archive, self.site)
            is_held = renew_lease(session, name, run_id=self.id, now=at, seconds=LEASE_SECONDS)
        if not is_held:
            raise LeaseLost(f"run {self.id} lost its lease; another run continues its work")
        self._renewed_at = at


def now() -> datetime:
    """Return the current time in UTC: the only clock of the flows."""
    return datetime.now(UTC)


def name_lease(archive: Archive, site: str | None) -> str:
    """Return the name of what a run does exclusively: crawl a site, or import into its data folder."""
    return f"crawl {site}" if site else f"import into {gethostname()}:{archive.settings.data_dir.absolute()}"


@contextmanager
def running(
    archive: Archive,
    kind: str,
    site: str | None,
    parameters: dict[str, object],
    span: Span = EVER,
    *,
    wait_seconds: float = 0,
) -> Iterator[Run]:
    """Open a run in the database, and mark runs that died, or this one on an exception, as interrupted.

    Raises:
        RunInProgress: another run does the same, on this machine or another, for longer than `wait_seconds`.
    """
    deadline = time.monotonic() + wait_seconds
    while isinstance(run := _start(archive, kind, site, parameters, span), RunInProgress):
        if time.monotonic() >= deadline:
            raise run
        time.sleep(LEASE_POLL_SECONDS)
    archive.send_heartbeat = run.renew_lease
    try:
        yield run
    except BaseException as error:
        report = _make_interrupted_report(run, error)
        with suppress(Exception), archive.database.begin() as session:  # the first failure is the one to report
            close_run(session, run.id, status=RunStatus.INTERRUPTED, ended_at=report.ended_at, report=report)
        raise
    finally:
        archive.send_heartbeat = skip_heartbeat


def _start(
    archive: Archive, kind: str, site: str | None, parameters: dict[str, object], span: Span
) -> Run | RunInProgress:
    started_at, name, holder = now(), name_lease(archive, site), name_holder(archive)
    try:
        with archive.database.begin() as session:
            lease = find_lease(session, name)
            if lease and _is_dead(lease, holder):
                release_lease(session, name, run_id=lease.run_id)
            dead = mark_interrupted(session, now=started_at)
            run_id = open_run(session, kind=kind, site=site, started_at=started_at, parameters=parameters)
            pid = os.getpid()
            acquire_lease(session, name, run_id=run_id, now=started_at, seconds=LEASE_SECONDS, host=holder, pid=pid)
    except LeaseHeld as error:
        return RunInProgress(str(error))
    run = Run(archive, run_id, kind, site, started_at, span)
    run.notes += [f"run {run_id} was interrupted; this run continues where it stopped" for run_id in dead]
    return run


def name_holder(archive: Archive) -> str:
    """Return a readable name of this machine and data folder.

    Only one process at a time has the lock of a data folder (`pipeline.archive`), so another run that held a lease from
    there is dead.
    """
    return f"{gethostname()} {name_folder(archive.settings)}"


def name_folder(settings: Settings) -> str:
    """Return an identifier of this data folder, from a file in it.

    A copy of the folder has the file's text, but not its inode and change time.
    """
    path = settings.spool_dir / FOLDER_ID
    if not (path.exists() and path.read_text().strip()):
        with replace_file(path) as file:  # an import may do the same concurrently
            file.write(uuid4().hex.encode())
    stat = path.stat()
    return f"{path.read_text().strip()}-{stat.st_dev:x}-{stat.st_ino:x}-{stat.st_ctime_ns:x}"


def _is_dead(lease: Lease, holder: str) -> bool:
    """Return whether the lease's holder is certainly dead. A folder moved to another disk must wait for expiry."""
    return lease.host.split()[-1:] == holder.split()[-1:]


def finish_run(archive: Archive, run: Run) -> RunReport:
    """Audit the counts, make the run's report, and store it with the run."""
    with archive.database.read() as session:
        ledger = {state.value: count for state, count in count_states(session, run.site).items() if count}
        run.problems += audit_ledger(session, run.site)
    with run.waits.measuring(Step.OFFLOAD):
        notes, problems = move_files(archive, run.id, run.site, run.renew_lease)
    run.notes += notes
    run.problems += problems
    if run.span == EVER:  # a part of a backfill says nothing about the finished archive
        run.problems += find_broken_floors(archive, run.site, ledger)
    report = _make_report(run, ledger)
    with archive.database.begin() as session:
        close_run(session, run.id, status=_find_status(report), ended_at=report.ended_at, report=report)
    write_indexes(archive, run.id)
    # The crawl's log is in the database now.
    shutil.rmtree(archive.settings.spool_dir / run.id, ignore_errors=True)
    return report


def _find_status(report: RunReport) -> RunStatus:
    if report.is_degraded:
        return RunStatus.DEGRADED
    return RunStatus.FAILED if report.problems else RunStatus.COMPLETED


def write_indexes(archive: Archive, run_id: str | None) -> None:
    """Update the index of each local WARC file that has grown since then, but not of those that other runs write.

    The indexes of files in a store are stored beside them.
    """
    settings = archive.settings
    settings.index_dir.mkdir(exist_ok=True)
    names = list(archive.warcs.list_local())
    names = drop_files(names, list_other_runs(archive, run_id))
    with archive.database.read() as session:
        for name in list_positions(session, names):
            warc, index = settings.warc_dir / name, settings.index_dir / f"{name}{INDEX_SUFFIX}"
            if not (index.exists() and index.stat().st_mtime >= warc.stat().st_mtime):
                write_index(session, name, index)


def find_broken_floors(
    archive: Archive, site: str | None, ledger: dict[str, int], *, has_daily_count: bool = True
) -> Iterator[str]:
    """Yield a sentence for each floor that the archive is below; measures without data are skipped."""
    floors = archive.settings.floors
    if not floors:
        return
    measured: dict[str, float | None] = {"completeness": measure_completeness(ledger)}
    if site:
        today = now().astimezone(sites.get_site(site).time_zone).date()
        with archive.database.read() as session:
            measured |= measure_coverage(session, site)
            measured["stored_per_day"] = count_per_day(session, site, today) if has_daily_count else None
    for name, floor in floors.items():
        found = measured.get(name)
        if found is not None and found < floor:
            yield f"{name} {found:.4f} is below its floor {floor:.4f}"


def measure_completeness(ledger: dict[str, int]) -> float | None:
    """Return stored (with duplicates) / advertised articles, without those that are gone; None without any."""
    wanted = sum(ledger.values()) - sum(ledger.get(state, 0) for state in ("excluded", "gone"))
    return (ledger.get("stored", 0) + ledger.get("duplicate", 0)) / wanted if wanted else None


def _make_report(run: Run, ledger: dict[str, int]) -> RunReport:
    counts = {name: count for name, count in sorted(run.counts.items()) if count}
    return RunReport(
        run_id=run.id,
        kind=run.kind,
        site=run.site,
        since=run.span.since,
        until=run.span.until,
        started_at=run.started_at,
        ended_at=now(),
        request_count=counts.pop("request", 0),
        page_count=counts.pop("page", 0),
        asked_count=run.asked_count,
        advertised_new_count=counts.pop("sighted-new", 0),
        advertised_count=sum(ledger.values()),
        outcomes=counts,
        ledger=ledger,
        problems=tuple(run.problems),
        is_degraded=run.is_degraded,
        unreachable_hosts=tuple(sorted(run.unreachable_hosts)),
        unusable=tuple(run.unusable),
        notes=tuple(run.notes),
        files=tuple(run.files),
        reading=run.reading.kinds,
        recurring=run.recurring,
        leak_rate=run.leak_rate,
        slowest=run.slowest,
        waited_seconds={step: round(seconds, 3) for step, seconds in sorted(run.waits.seconds.items())},
        gave_way=run.gave_way,
    )


def _make_interrupted_report(run: Run, error: BaseException) -> RunReport:
    """Return the report of a run that an exception ended: only the reason, as its counts are not complete."""
    return RunReport(
        run_id=run.id,
        kind=run.kind,
        site=run.site,
        since=run.span.since,
        until=run.span.until,
        started_at=run.started_at,
        ended_at=now(),
        outcomes={},
        advertised_count=0,
        advertised_new_count=0,
        request_count=0,
        page_count=0,
        ledger={},
        problems=(*run.problems, _describe_end(error)),
    )


def _describe_end(error: BaseException) -> str:
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        return "it was stopped by a signal"
    return str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {error}"
