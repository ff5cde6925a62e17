"""What a run leaves on Prefect's pages for people: its report as Markdown, its counts as tables over time.

So many calls a run, whatever it did.
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


# The server may be away for a moment: the work is done, and only the telling is tried again.
@task(name="store-report", retries=3, retry_delay_seconds=[1, 10, 50], cache_policy=NO_CACHE, persist_result=False)
def store_report(markdown: str, key: str, tables: dict[str, list[dict[str, str]]]) -> None:
    """A report as Markdown under this key, and each of its tables under the key and the table's name."""
    create_markdown_artifact(markdown, key=key, description="The run's report")
    for name, rows in tables.items():
        create_table_artifact(rows, key=f"{key}-{name}", description=f"{name} of the run")


def store_run_artifacts(settings: Settings, report: RunReport, key: str) -> None:
    """The report of a run of a site, with how complete its newest months are and what it quarantined."""
    months, quarantined = _read_archive(settings, report)
    outcomes = [{"outcome": name, "count": str(count)} for name, count in report.outcomes.items()]
    completeness = [dict(zip(MONTH_COLUMNS, row, strict=True)) for row in list_month_rows(months)]
    tables = {"outcomes": outcomes, "completeness": completeness}
    store_report(render_markdown(report, months, quarantined), key, tables)


def _read_archive(settings: Settings, report: RunReport) -> tuple[Sequence[MonthCount], Sequence[QuarantineRecord]]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        months = count_months(session, report.site)[:MONTHS_SHOWN]
        return months, list_quarantine(session, report.site, since=report.started_at)
