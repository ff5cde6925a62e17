"""The flow `reprocess`: `pipeline.reprocess.reprocess` under Prefect. A dry run unless `apply` is set."""

from collections.abc import Iterator
from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from flows.artifacts import store_report
from flows.final_state import make_final_state, make_skipped_state
from flows.hooks import notify
from pipeline.archive import RunInProgress
from pipeline.reprocess.reprocess import reprocess as reread_captures
from schemas.reprocess import ReprocessReport
from schemas.settings import load_settings

TIMEOUT_SECONDS = 86_400
"""A day: a million captures take hours. The next run does not repeat what was written by then."""


@flow(
    name="reprocess",
    flow_run_name="reprocess {since} to {until} site={site} apply={apply}",
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
    on_failure=[notify],
    on_crashed=[notify],
)
def reprocess(
    since: date | None = None,
    until: date | None = None,
    *,
    site: str | None = None,
    apply: bool = False,
    on: str | None = None,
) -> State[ReprocessReport]:
    """Parse every capture again with the current rules, offline, and report what changes.

    Args:
        since: First publication day, in the publisher's time zone; empty for the earliest.
        until: Last publication day, in the publisher's time zone; empty for the latest.
        site: Name of the publisher whose captures are read, as `broadsheet identify` shows it; empty for all.
        apply: Store the changes as revisions; otherwise nothing is written.
        on: URL of a Dask cluster whose workers read (`dask://HOST:8786`); empty to read on this machine.
    """
    try:
        report = reread_captures(load_settings(), since=since, until=until, site=site, apply=apply, on=on)
    except RunInProgress as error:
        return make_skipped_state(error)
    store_report(render_reprocess_markdown(report), "reprocess", {})
    return make_final_state(report, (*report.problems, *(report.run.problems if report.run else ())), _describe(report))


def render_reprocess_markdown(report: ReprocessReport) -> str:
    """Return the report as a Markdown document."""
    return "\n".join(_render_lines(report))


def _describe(report: ReprocessReport) -> str:
    changed = ", ".join(f"{count} {change.value}" for change, count in report.changes.items())
    return f"{report.read_count} captures reprocessed: {changed or 'none'}"


def _render_lines(report: ReprocessReport) -> Iterator[str]:
    yield f"# reprocess · {'written' if report.applied else 'nothing was written'}"
    yield _describe(report)
    if report.problems:
        yield from ("", "## Problems", *(f"- {sentence}" for sentence in report.problems))
    yield from ("", "| field | changed | won | lost |", "|---|--:|--:|--:|")
    yield from (f"| {name} | {one.changed} | {one.won} | {one.lost} |" for name, one in report.fields.items())
    yield from ("", "| record | change | what |", "|---|---|---|")
    for one in report.examples:
        yield f"| `broadsheet show {one.id} --diff` | {one.change.value} | {', '.join(one.fields or one.reasons)} |"
