"""Artifacts of a run in Prefect's UI: its report as Markdown, and its counts as tables over time.

The number of API calls per run is fixed, whatever the run did.
"""

from collections.abc import Sequence

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from pipeline.archive import open_archive
from pipeline.report import MONTHS_SHOWN, list_month_rows, render_markdown
from schemas.report import RunReport
from schemas.settings import Settings
from storage.ledger.quarantine import QuarantineRecord, list_quarantine
from storage.reports.completeness import MonthCount, count_months

MONTH_COLUMNS = ("month", "advertised", "kept", "missing", "share")


# The server may be briefly unreachable: the work is done, so only the reporting is retried.
@task(name="store-report", retries=3, retry_delay_seconds=[1, 10, 50], cache_policy=NO_CACHE, persist_result=False)
def store_report(markdown: str, key: str, tables: dict[str, list[dict[str, str]]]) -> None:
    """Store a report as a Markdown artifact with this key, and each table with the key `KEY-TABLE`."""
    create_markdown_artifact(markdown, key=key, description="The run's report")
    for name, rows in tables.items():
        create_table_artifact(rows, key=f"{key}-{name}", description=f"{name} of the run")


def store_run_artifacts(settings: Settings, report: RunReport, key: str) -> None:
    """Store the report of a site's run, with the completeness of the newest months and the captures it quarantined."""
    months, quarantined = _read_archive(settings, report)
    outcomes = [{"outcome": name, "count": str(count)} for name, count in report.outcomes.items()]
    completeness = [dict(zip(MONTH_COLUMNS, row, strict=True)) for row in list_month_rows(months)]
    tables = {"outcomes": outcomes, "completeness": completeness}
    store_report(render_markdown(report, months, quarantined), key, tables)


def _read_archive(settings: Settings, report: RunReport) -> tuple[Sequence[MonthCount], Sequence[QuarantineRecord]]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        months = count_months(session, report.site)[:MONTHS_SHOWN]
        return months, list_quarantine(session, report.site, since=report.started_at)
