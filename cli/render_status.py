"""Print the state of the archive: one screen of 80 columns, or a part of it in full."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from cli.render import console, print_findings, print_reading, print_sentences, print_table, wrap
from storage.reports.completeness import MonthCount
from storage.runs.run import RunRecord
from storage.schema.tables import RunStatus

if TYPE_CHECKING:
    from pipeline.status import Status

MONTHS_SHOWN = 3
"""With them, and five runs, a healthy archive fits a terminal of 24 lines."""

MONTH_COLUMNS = ("month", "advertised", "stored", "copies", "excluded", "quarantined", "gone", "missing", "share")
MONTH_PADDING = (0, 0, 0, 0)
"""So narrow, nine columns of numbers fit a terminal of 80 columns."""

OK_STATUSES = frozenset({RunStatus.COMPLETED, RunStatus.RUNNING})

REPORTED_OUTCOMES = (
    *("stored", "failed", "quarantined", "revised", "removed"),
    *("restored", "duplicate", "cured", "withdrawn", "unchanged"),
)
"""What the line of a run counts, the most important first."""

RESULT_CHARS = 36
"""What is left of a line of 80 characters for the counts of a run."""

KILLED = "it ended without a report: it was killed, or its machine went down; the next run continues its work"

OPTIONS = "more: --months, --runs, --reading, --missing; broadsheet quarantine"


def render_status(status: "Status") -> None:
    """Print the archive's state on one screen."""
    _print_counts(status)
    if status.months:
        _print_months(status.months[:MONTHS_SHOWN], len(status.months))
    _print_runs(status.runs, is_full=False)
    if status.recurring:
        _print(f"{len(status.recurring)} recurring paragraphs that are in no boilerplate list: see --reading", "yellow")
    if status.leak_rate:
        _print(f"known boilerplate in {status.leak_rate:.2%} of the newest articles", "yellow")
    print_sentences("problem", status.problems, "red")
    _print(OPTIONS, "dim")


def render_months(status: "Status") -> None:
    """Print the completeness of every month, and why URLs are excluded or quarantined."""
    _print_months(status.months, len(status.months))
    if reasons := list(_list_reasons(status.months)):
        print_table("why", ("month", "", "reason", "count"), reasons)


def render_runs(runs: Iterable[RunRecord]) -> None:
    """Print runs with all their problems, newest first."""
    _print_runs(tuple(runs), is_full=True)


def render_reading(status: "Status") -> None:
    """Print where fields are read, and what boilerplate the newest articles have."""
    print_findings(status.recurring, status.leak_rate)
    print_reading(status.reading)


def _print_counts(status: "Status") -> None:
    duplicates, quarantined = f"{status.duplicate_count:,} duplicates", f"{status.quarantined_count:,} quarantined"
    redacted = f", {status.redacted_count:,} redacted" if status.redacted_count else ""
    if status.site:
        _print(f"{status.site}:", "bold")
    _print(f"{status.article_count:,} articles, and {duplicates} of them not counted; {quarantined}{redacted}", "bold")
    if status.completeness is not None:
        _print(f"{status.completeness:.2%} complete: of {status.advertised_count:,} advertised URLs,")
    if status.ledger:
        for line in wrap(_join_counts(status.ledger), console.width, "  "):
            _print(line)


def _join_counts(counts: Mapping[str, int]) -> str:
    # No-break spaces keep a number with its name when the line is wrapped.
    return " · ".join(f"{count:,}\N{NO-BREAK SPACE}{name}" for name, count in counts.items())


def _print_months(months: Iterable[MonthCount], total: int) -> None:
    rows = list(_list_month_rows(months))
    title = "months" if len(rows) == total else f"the newest of {total} months"
    print_table(title, MONTH_COLUMNS, rows, padding=MONTH_PADDING)


def _list_month_rows(months: Iterable[MonthCount]) -> Iterator[tuple[str, ...]]:
    for one in months:
        excluded, quarantined = sum(one.excluded_counts.values()), sum(one.quarantined_counts.values())
        archived = one.stored_count + one.duplicate_count
        share = f"{archived / (archived + one.missing_count):.1%}" if archived + one.missing_count else "-"
        counts = (one.advertised_count, one.stored_count, one.duplicate_count, excluded, quarantined, one.gone_count)
        yield (one.month or "unknown", *map(str, counts), str(one.missing_count), share)


def _list_reasons(months: Iterable[MonthCount]) -> Iterator[tuple[str, ...]]:
    for one in months:
        for name, counts in (("quarantined", one.quarantined_counts), ("excluded", one.excluded_counts)):
            yield from ((one.month or "unknown", name, reason, str(count)) for reason, count in counts.items())


def _print_runs(runs: tuple[RunRecord, ...], *, is_full: bool) -> None:
    _print("last runs (UTC)" if runs else "no runs yet", "italic")
    for run in runs:
        status = (f"{run.status.value:<11}", "" if run.status in OK_STATUSES else "red")
        line = Text.assemble(f"  {run.started_at:%Y-%m-%d %H:%M}  {run.kind:<9}  ", status, f"  {describe_result(run)}")
        console.print(line, soft_wrap=True)
        if is_full:
            _print(f"    {run.id} {_describe_parameters(run)}".rstrip())
        _print_reasons(list_reasons(run), is_full=is_full)


def _print_reasons(reasons: Sequence[str], *, is_full: bool) -> None:
    shown = reasons if is_full else reasons[:1]
    for line in (line for reason in shown for line in wrap(reason, console.width, "    ")):
        _print(line)
    if reasons[len(shown) :]:
        _print(f"    and {len(reasons) - len(shown)} more: see --runs")


def describe_result(run: RunRecord) -> str:
    """Return the most important counts of a run, as many as fit the line: `12 stored, 1 failed`."""
    if run.report is None or run.status is RunStatus.INTERRUPTED:
        return ""
    counts = [f"{run.report.outcomes[name]:,} {name}" for name in REPORTED_OUTCOMES if run.report.outcomes.get(name)]
    while len(text := ", ".join(counts)) > RESULT_CHARS:
        counts.pop()
    return text or "nothing new"


def list_reasons(run: RunRecord) -> tuple[str, ...]:
    """Return why a run did not complete."""
    if run.report is not None:
        return run.report.problems
    return (KILLED,) if run.status is RunStatus.INTERRUPTED else ()


def _describe_parameters(run: RunRecord) -> str:
    given = {name: value for name, value in run.parameters.items() if value not in (None, "", [])}
    return " ".join(f"{name}={value}" for name, value in given.items())


def _print(line: str, style: str = "") -> None:
    console.print(Text(line.replace("\N{NO-BREAK SPACE}", " "), style), soft_wrap=True)
