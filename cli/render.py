"""Print results on a terminal, or as JSON. Each `render_` function prints what a flow or a query returned."""

import json
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from pipeline.report import OUTCOME_MEANINGS, list_reading_rows, list_recurring_row
from pipeline.step_time import describe_waits
from schemas.printing import make_json_printable, make_printable
from schemas.report import BackfillReport, ImportedFile, KindReading, RecurringParagraph, RunReport
from storage.ledger.quarantine import QuarantineRecord
from storage.reports.completeness import MissingUrl

if TYPE_CHECKING:
    from pipeline.backfill_plan import BackfillPlan
    from pipeline.status import IdentifiedUrl


class PlainConsole(Console):
    """A console that prints control and invisible characters of its input as escapes, so that only we set colours."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the segments to print, with unsafe characters escaped."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(make_printable(segment.text), segment.style)


console = PlainConsole()

FILES_SHOWN = 20
"""Imported files that are named although nothing is wrong with them: a screenful."""

NUMBER_COLUMNS = frozenset(
    {"count", "advertised", "stored", "duplicate", "copies", "excluded", "quarantined", "gone", "missing", "share"}
    | {"pages", "quarantined", "failed", "tries", "to fetch", "waiting", "changed", "won", "lost"}
)
"""Columns that are aligned to the right."""


PADDING = (0, 1, 0, 0)
"""Top, right, bottom and left of a cell; with it, the widest table fits 80 columns."""


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(make_json_printable(json.dumps(document, ensure_ascii=False, indent=2)) + "\n")


def render_report(report: RunReport) -> None:
    """Print a run's report."""
    seconds = (report.ended_at - report.started_at).total_seconds()
    console.print(f"[bold]{report.kind}[/] {report.site or ''} {report.run_id} · {seconds:.1f} s", highlight=False)
    console.print(
        f"{report.request_count} responses archived, {report.page_count} of them pages · "
        f"{report.advertised_count} URLs advertised, {report.advertised_new_count} new",
        highlight=False,
    )
    if waits := describe_waits(report.waited_seconds):
        console.print(f"waited for: {waits}", highlight=False)
    _print_counts("outcomes of this run", report.outcomes, OUTCOME_MEANINGS)
    _print_counts("the ledger", report.ledger, {})
    _print_files(report.files)
    print_findings(report.recurring, report.leak_rate)
    print_sentences("note", report.notes, "cyan")
    print_sentences("problem", report.problems, "red")


def _print_files(files: Sequence[ImportedFile]) -> None:
    """Print what became of imported files: of those that simply became articles, only the first."""
    plain = [file for file in files if not file.problems and file.row_count is None]
    hidden = set(map(id, plain[FILES_SHOWN:]))
    for file in files:
        if id(file) not in hidden:
            _print_file(file)
    if hidden:
        total = sum((Counter(file.outcomes) for file in plain[FILES_SHOWN:]), Counter[str]())
        console.print(
            Text(f"and {len(hidden)} more files: {_list_outcomes(total)} (--json lists them)"), soft_wrap=True
        )


def _print_file(file: ImportedFile) -> None:
    counts = _list_outcomes(file.outcomes)
    if file.row_count is not None:
        rows = f"{file.row_count} row{'s' if file.row_count > 1 else ''}: {counts}" if file.row_count else "no rows"
    elif file.article_id:
        rows = f"{'/'.join(file.outcomes)}, {file.article_id}"
    else:
        rows = counts or "nothing new"
    console.print(Text(f"{file.name}: {rows}"), soft_wrap=True)
    if file.duplicate_of:
        console.print(Text(f"  the same text as {file.duplicate_of}"), soft_wrap=True)
    for problem in file.problems:
        console.print(Text(f"  {problem}"), soft_wrap=True)
    if file.more_problems_count:
        console.print(Text(f"  and {file.more_problems_count} more rows that were refused or quarantined"))


def _list_outcomes(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in outcomes.items())


def print_findings(recurring: Sequence[RecurringParagraph], leak_rate: float | None) -> None:
    """Print possible and known boilerplate in the newest articles."""
    if recurring:
        columns = ("count", "share", "text", "for example")
        print_table("recurring paragraphs that are in no boilerplate list", columns, map(list_recurring_row, recurring))
    if leak_rate is not None:
        console.print(f"known boilerplate in {leak_rate:.2%} of the newest articles\n", highlight=False)


def print_reading(reading: Mapping[str, KindReading]) -> None:
    """Print where the fields of the last run with new articles were read."""
    if reading:
        rows = list_reading_rows(reading)
        print_table("fields read in the last run with new articles", ("kind", "pages", "fields", "from"), rows)


def render_missing(absent: Sequence[MissingUrl]) -> None:
    """Print the URLs of missing articles."""
    if not absent:
        console.print("nothing is missing")
        return
    rows = [
        (one.url, one.state, str(one.attempts), _format_time(one.next_try_at), one.last_error or "") for one in absent
    ]
    print_lines(("URL", "state", "tries", "next try (UTC)", "last error"), rows)


def render_plan(plan: "BackfillPlan") -> None:
    """Print what a backfill would do."""
    rows = (
        (
            one.month,
            str(one.advertised_count) if one.is_known else "not read yet",
            str(one.stored_count),
            str(one.due_count),
            str(one.waiting_count),
        )
        for one in plan.months
    )
    print_table("plan", ("month", "advertised", "stored", "to fetch", "waiting"), rows)
    duration = timedelta(seconds=round(plan.duration_seconds))
    console.print(f"{plan.request_count} requests, {plan.delay_seconds:g} s apart: about {duration}", highlight=False)
    if plan.unknown_months:
        months = len(plan.unknown_months)
        console.print(f"plus the pages of {months} months whose sitemap has not been read yet", highlight=False)


def render_backfill(report: BackfillReport) -> None:
    """Print a backfill's report, a line per month."""
    names = ("stored", "duplicate", "quarantined", "missing", "failed")
    rows = (
        (f"{one.since:%Y-%m}", str(one.page_count), *(str(one.outcomes.get(name, 0)) for name in names))
        for one in report.months
        if one.since
    )
    print_table(f"backfill {report.since} to {report.until}", ("month", "pages", *names), rows)
    print_sentences("note", dict.fromkeys(note for one in report.months for note in one.notes), "cyan")
    print_sentences("problem", report.problems, "red")


def _format_time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"


def render_identities(found: "Iterable[IdentifiedUrl]") -> None:
    """Print the record id of each URL, or the rule that excludes it."""
    rows = [(one.url, one.id or "-", one.rule or "-", "known" if one.known else "new") for one in found]
    print_lines(("URL", "record", "excluded by rule", ""), rows)


def render_quarantine(found: Sequence[QuarantineRecord]) -> None:
    """Print the quarantined captures, a line each."""
    if not found:
        console.print("nothing is quarantined")
        return
    rows = [
        (str(one.id), one.key or one.url or "-", f"{one.created_at:%Y-%m-%d}", "; ".join(one.reasons)) for one in found
    ]
    print_lines(("id", "record or URL", "since", "reasons"), rows)


def render_quarantined(one: QuarantineRecord) -> None:
    """Print one quarantined capture in full."""
    state = f"resolved {one.resolved_at:%Y-%m-%d %H:%M}" if one.resolved_at else "open"
    console.print(Text(f"{one.key or one.url or 'without a URL'} · {state}", style="bold"))
    for reason in one.reasons:
        console.print(Text(f"  {reason}"))
    console.print(Text(f"  URL: {one.url or 'none'}"))
    console.print(Text(f"  capture: {one.capture.warc} at {one.capture.offset}, {one.capture.length} bytes"))


def _print_counts(title: str, counts: Mapping[str, int], meanings: Mapping[str, str]) -> None:
    rows = [(name, str(count), meanings.get(name, "")) for name, count in counts.items()]
    if rows:
        print_table(title, ("", "count", ""), rows)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    padding: tuple[int, int, int, int] = PADDING,
) -> None:
    """Print a table; columns named in `NUMBER_COLUMNS` are aligned to the right."""
    table = Table(title=title or None, title_justify="left", show_header=any(columns), box=SIMPLE_HEAD, padding=padding)
    for column in columns:
        is_number = column in NUMBER_COLUMNS
        # Fold, because a truncated URL is useless.
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # as Text: a headline may contain [brackets], Rich's markup
    console.print(table)


MAX_COLUMN_CHARS = 100
"""Maximum width of a column in `print_lines`: a longer cell lengthens only its own line."""


def print_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a long list, a row per line. Rich would take milliseconds per row and print nothing until the end."""
    widths = [min(max(map(len, column)), MAX_COLUMN_CHARS) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(make_printable("  ".join(cells).rstrip().replace("\n", " ")) + "\n")


def print_sentences(name: str, sentences: Iterable[str], style: str) -> None:
    """Print each sentence, prefixed by the name in this style."""
    for sentence in sentences:
        first, *others = wrap(f"{name}: {sentence}", console.width)
        line = Text(first)
        line.stylize(style, 0, len(name) + 1)
        console.print(line, soft_wrap=True)
        for other in others:
            console.print(Text(other), soft_wrap=True)


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return the text in lines of this width. A longer word, such as a URL, stays whole on a line of its own."""
    lines = textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return lines or [indent]


def print_wrapped(line: Text) -> None:
    """Print a line, wrapped between words to the width of a terminal. Elsewhere, and with a long URL, as one line."""
    has_long_word = any(len(word) > console.width for word in line.plain.split())
    console.print(line, soft_wrap=has_long_word or not console.is_terminal)
