"""A run's own bookkeeping: its id, what it counted, what it has to report."""

import shutil
from collections import Counter
from datetime import UTC, datetime

from flows.archive import Archive
from schemas.report import RunReport
from schemas.settings import Settings
from storage.ledger import audit_ledger, count_states
from storage.run import close_run, mark_interrupted, open_run
from storage.tables import RunStatus


class Run:
    """What a run gathers on its way; it becomes a `RunReport` when it ends."""

    def __init__(self, run_id: str, kind: str, site: str | None, started_at: datetime) -> None:
        self.id = run_id
        self.started_at = started_at
        self.kind = kind
        self.site = site
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.unusable: list[str] = []
        self.notes: list[str] = []


def now() -> datetime:
    """The present, in UTC: the one clock of the flows."""
    return datetime.now(UTC)


def start_run(archive: Archive, kind: str, site: str | None, parameters: dict[str, object]) -> Run:
    """A new run, noted in the database; runs that died are noted as such."""
    started_at = now()
    with archive.database.begin() as session:
        dead = mark_interrupted(session, now=started_at)
        run_id = open_run(session, kind=kind, site=site, started_at=started_at, parameters=parameters)
    run = Run(run_id, kind, site, started_at)
    run.notes += [f"run {run_id} was interrupted; this run goes on where it stopped" for run_id in dead]
    return run


def finish_run(archive: Archive, run: Run) -> RunReport:
    """The run's report, its counts audited, stored with the run."""
    with archive.database.read() as session:
        ledger = {state.value: count for state, count in count_states(session, run.site).items() if count}
        run.problems += audit_ledger(session, run.site)
    run.problems += find_broken_floors(archive.settings, ledger)
    report = _make_report(run, ledger)
    status = RunStatus.FAILED if report.problems else RunStatus.COMPLETED
    with archive.database.begin() as session:
        close_run(session, run.id, status=status, ended_at=report.ended_at, report=report)
    # What the crawl's log said is in the database now.
    shutil.rmtree(archive.settings.spool_dir / run.id, ignore_errors=True)
    return report


def find_broken_floors(settings: Settings, ledger: dict[str, int]) -> list[str]:
    """A sentence for each floor of the settings that the ledger lies below."""
    floor = settings.floors.get("completeness")
    share = measure_completeness(ledger)
    if floor is None or share is None or share >= floor:
        return []
    return [f"completeness {share:.4f} is below its floor {floor:.4f}"]


def measure_completeness(ledger: dict[str, int]) -> float | None:
    """Stored (duplicates too) / advertised articles, but for those that are gone; None where there is none."""
    wanted = sum(ledger.values()) - sum(ledger.get(state, 0) for state in ("excluded", "gone"))
    return (ledger.get("stored", 0) + ledger.get("duplicate", 0)) / wanted if wanted else None


def _make_report(run: Run, ledger: dict[str, int]) -> RunReport:
    counts = {name: count for name, count in sorted(run.counts.items()) if count}
    return RunReport(
        run_id=run.id,
        kind=run.kind,
        site=run.site,
        started_at=run.started_at,
        ended_at=now(),
        request_count=counts.pop("request", 0),
        page_count=counts.pop("page", 0),
        advertised_new_count=counts.pop("sighted-new", 0),
        advertised_count=sum(ledger.values()),
        outcomes=counts,
        ledger=ledger,
        problems=tuple(run.problems),
        unusable=tuple(run.unusable),
        notes=tuple(run.notes),
    )
