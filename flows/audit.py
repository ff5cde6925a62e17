"""The flow `audit`: check completeness, integrity, drift and silence. It fetches and changes nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.artifacts import store_report
from flows.final_state import make_final_state
from flows.hooks import notify
from pipeline.archive import Archive, open_archive
from pipeline.integrity.audit import audit_opened
from pipeline.quality.drift import list_findings
from pipeline.report import MONTHS_SHOWN, list_month_rows
from pipeline.run import find_broken_floors, measure_completeness, now
from pipeline.site_choice import choose_sites
from schemas.model import Count, Record
from schemas.settings import Settings, load_settings
from storage.ledger.frontier import count_states
from storage.reports.completeness import MonthCount, count_months
from storage.runs.run import RunRecord, list_runs
from storage.schema.tables import SUCCESSFUL

DAY = timedelta(days=1)

MAX_RUNS = 200
"""A site's runs to look at: a day of `latest` (every quarter of an hour) and `hourly`, and some by hand."""

TIMEOUT_SECONDS = 86_400
"""A day: then the next audit is due."""


class SiteAudit(Record):
    """The findings on one site."""

    site: str
    completeness: float | None
    """Stored articles (duplicates included) / advertised articles that are available."""
    months: tuple[MonthCount, ...]
    silence: tuple[str, ...]
    """A sentence if no run has succeeded for a day."""
    broken_floors: tuple[str, ...]
    """A sentence for each floor that the site is below."""
    drift: tuple[str, ...]
    """Drift that the last day's runs reported, without repetitions."""


class AuditReport(Record):
    """The findings of an audit."""

    sites: tuple[SiteAudit, ...]
    capture_count: Count
    """Captures compared with what is stored, each once: files and database are those of all sites."""
    integrity: tuple[str, ...]
    """What differs from what was stored."""

    @property
    def problems(self) -> tuple[str, ...]:
        """All findings; of several sites, those that do not name their site are preceded by its name."""
        is_named = len(self.sites) > 1
        found = [
            (*one.silence, *(f"{one.site}: {said}" if is_named else said for said in (*one.broken_floors, *one.drift)))
            for one in self.sites
        ]
        return (*self.integrity, *(sentence for sentences in found for sentence in sentences))


def _name_run() -> str:
    return f"audit {flow_run.parameters.get('site') or 'all sites'}"


@flow(
    name="audit",
    flow_run_name=_name_run,
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
    on_failure=[notify],
    on_crashed=[notify],
)
def audit(site: str | None = None) -> State[AuditReport]:
    """Compare every capture with the database, and the archive with its floors; look for drift and silence.

    Args:
        site: Name of the publisher, as `broadsheet identify` shows it; empty for all of the setting `sites`.
    """
    settings = load_settings()
    report = audit_sites(settings, choose_sites(settings, site), now())
    for one in report.sites:
        store_report(render_audit_markdown(report, one), f"audit-{one.site}", {})
    return make_final_state(report, report.problems, f"{report.capture_count} captures are as they were stored")


def audit_sites(settings: Settings, names: Sequence[str], at: datetime) -> AuditReport:
    """Audit the archive and these sites, as of this time. However many there are, each capture is read once.

    Raises:
        DatabaseDamaged: the database's content is not what was written.
        Whatever `open_archive` raises.
    """
    with open_archive(settings, writable=False) as archive:
        integrity = audit_opened(archive)
        return AuditReport(
            sites=tuple(_audit_site(archive, name, at) for name in names),
            capture_count=sum(one.capture_count for one in integrity.files),
            integrity=integrity.problems,
        )


def _audit_site(archive: Archive, site: str, at: datetime) -> SiteAudit:
    with archive.database.read() as session:
        ledger = {state.value: count for state, count in count_states(session, site).items()}
        months = tuple(count_months(session, site)[:MONTHS_SHOWN])
        runs = list_runs(session, MAX_RUNS, site=site, until=at)
    return SiteAudit(
        site=site,
        completeness=measure_completeness(ledger),
        months=months,
        silence=tuple(_find_silence(runs, at)),
        broken_floors=tuple(find_broken_floors(archive, site, ledger)),
        drift=tuple(_find_drift(runs, at)),
    )


def _find_silence(runs: list[RunRecord], at: datetime) -> Iterator[str]:
    """Yield a sentence if no run has succeeded for a day, though one is scheduled every quarter of an hour."""
    succeeded = [run.ended_at for run in runs if run.status in SUCCESSFUL and run.ended_at]
    if runs and (not succeeded or max(succeeded) < at - DAY):
        since = f"since {max(succeeded):%Y-%m-%d %H:%M} UTC" if succeeded else "among the last ones"
        yield f"no run of {runs[0].site} has succeeded {since}"


def _find_drift(runs: list[RunRecord], at: datetime) -> Iterator[str]:
    reports = (run.report for run in runs if run.report and run.started_at >= at - DAY)
    yield from list_findings(sentence for report in reports for sentence in report.problems)


def render_audit_markdown(report: AuditReport, one: SiteAudit) -> str:
    """Return what was found on a site, and on the archive, as a Markdown document."""
    return "\n".join(_render_lines(report, one))


def _render_lines(report: AuditReport, one: SiteAudit) -> Iterator[str]:
    share = "" if one.completeness is None else f" · {one.completeness:.2%} complete"
    yield f"# audit {one.site}{share}"
    yield f"{report.capture_count} captures of the archive compared with what is stored."
    for title, sentences in (
        ("No run succeeds", one.silence),
        ("Below a floor", one.broken_floors),
        ("Damaged: `broadsheet doctor --repair` repairs what can be repaired", report.integrity),
        ("Drift", one.drift),
    ):
        if sentences:
            yield from ("", f"## {title}", *(f"- {sentence}" for sentence in sentences))
    yield from ("", "| month | advertised | kept | missing | share |", "|---|--:|--:|--:|--:|")
    yield from (f"| {' | '.join(row)} |" for row in list_month_rows(one.months))
