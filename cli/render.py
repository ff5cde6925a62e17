"""How results look on a terminal, and as JSON. Every `render_` function takes what a flow returned, and prints it."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.doctor import Check
from flows.plan import BackfillPlan
from flows.report import OUTCOME_MEANINGS
from flows.status import IdentifiedUrl, Status
from schemas.article import ArticleRecord
from schemas.report import BackfillReport, RunReport
from storage.completeness import MissingAddress, MonthCount
from storage.quarantine import QuarantineRecord

console = Console()

NUMBER_COLUMNS = frozenset(
    {"count", "advertised", "stored", "duplicate", "copies", "excluded", "set aside", "gone", "missing", "share"}
    | {"pages", "quarantined", "failed", "tries", "to fetch", "waiting"}
)
"""What stands in these is aligned to the right."""


PADDING = (0, 1, 0, 0)
"""Above, right, below, left of a cell: the widest table then fits a terminal of 80 columns."""


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def render_report(report: RunReport) -> None:
    """A run's report."""
    seconds = (report.ended_at - report.started_at).total_seconds()
    console.print(f"[bold]{report.kind}[/] {report.site or ''} {report.run_id} · {seconds:.1f} s", highlight=False)
    console.print(
        f"{report.request_count} answers archived, {report.page_count} of them pages · "
        f"{report.advertised_count} addresses advertised, {report.advertised_new_count} new",
        highlight=False,
    )
    _print_counts("outcomes of this run", report.outcomes, OUTCOME_MEANINGS)
    _print_counts("the ledger", report.ledger, {})
    _print_sentences("note", report.notes, "cyan")
    _print_sentences("problem", report.problems, "red")


def render_status(status: Status) -> None:
    """The ledger, the months, the last runs."""
    others = f"{status.duplicate_count} duplicates of them, {status.set_aside_count} set aside"
    console.print(f"{status.article_count} articles, {others}\n", highlight=False)
    _print_counts("the ledger: advertised addresses by state", status.ledger, {})
    if status.completeness is not None:
        console.print(f"completeness {status.completeness:.2%} of {status.advertised_count} advertised addresses\n")
    if status.months:
        _print_table("months", MONTH_COLUMNS, _month_rows(status.months))
    if reasons := list(_reason_rows(status.months)):
        _print_table("why", ("month", "", "reason", "count"), reasons)
    rows = ((run.id, run.kind, run.status, f"{run.started_at:%Y-%m-%d %H:%M:%S}") for run in status.runs)
    _print_table("last runs", ("run", "kind", "status", "started (UTC)"), rows)
    _print_sentences("problem", status.problems, "red")


def render_missing(absent: Sequence[MissingAddress]) -> None:
    """The addresses whose article is missing."""
    if not absent:
        console.print("nothing is missing")
        return
    rows = ((one.url, one.state, str(one.attempts), one.last_error or "", _time(one.next_try_at)) for one in absent)
    _print_table("missing", ("address", "state", "tries", "last error", "next try (UTC)"), rows)


def render_plan(plan: BackfillPlan) -> None:
    """What a backfill would do."""
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
    _print_table("plan", ("month", "advertised", "stored", "to fetch", "waiting"), rows)
    duration = timedelta(seconds=round(plan.duration_seconds))
    console.print(
        f"{plan.request_count} requests, {plan.delay_seconds:g} s between two: about {duration}", highlight=False
    )
    if plan.unknown_months:
        months = len(plan.unknown_months)
        console.print(f"and the pages of {months} months whose sitemap was not read yet", highlight=False)


def render_backfill(report: BackfillReport) -> None:
    """A backfill: a line for each month."""
    names = ("stored", "duplicate", "quarantined", "missing", "failed")
    rows = (
        (f"{one.since:%Y-%m}", str(one.page_count), *(str(one.outcomes.get(name, 0)) for name in names))
        for one in report.months
        if one.since
    )
    _print_table(f"backfill {report.since} to {report.until}", ("month", "pages", *names), rows)
    _print_sentences("note", dict.fromkeys(note for one in report.months for note in one.notes), "cyan")
    _print_sentences("problem", report.problems, "red")


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"


def render_record(record: ArticleRecord) -> None:
    """One article, with what is known of it."""
    console.print(Text(record.headline or "(no headline)", style="bold"))
    if record.subtitle:
        console.print(Text(record.subtitle, style="italic"))
    facts = record.model_dump(mode="json", exclude={"body", "headline", "subtitle"})
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value not in (None, [], {}):
            source = record.sources.get(name)
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            table.add_row(Text(name, style="cyan"), Text(shown), Text(f"({source})" if source else "", style="dim"))
    console.print(table)
    console.print()
    console.print(Text(record.body))


def render_identities(found: Iterable[IdentifiedUrl]) -> None:
    """Whose addresses they are."""
    rows = ((one.url, one.id or "-", one.rule or "-", "known" if one.known else "new") for one in found)
    _print_table("", ("address", "record", "no article by rule", ""), rows)


def render_quarantine(found: Sequence[QuarantineRecord]) -> None:
    """What was set aside."""
    if not found:
        console.print("nothing is set aside")
        return
    rows = (
        (str(one.id), one.key or one.url or "-", "\n".join(one.reasons), f"{one.created_at:%Y-%m-%d}") for one in found
    )
    _print_table("set aside", ("id", "record or address", "reasons", "since"), rows)


def render_quarantined(one: QuarantineRecord) -> None:
    """What was set aside of one address, in full."""
    state = f"resolved {one.resolved_at:%Y-%m-%d %H:%M}" if one.resolved_at else "open"
    console.print(Text(f"{one.key or one.url or 'without an address'} · {state}", style="bold"))
    for reason in one.reasons:
        console.print(Text(f"  {reason}"))
    console.print(Text(f"  address: {one.url or 'none'}"))
    console.print(Text(f"  capture: {one.capture.warc} at {one.capture.offset}, {one.capture.length} bytes"))


def render_checks(checks: Iterable[Check]) -> None:
    """What the doctor found."""
    rows = (("ok" if check.ok else "BROKEN", check.name, check.detail) for check in checks)
    _print_table("", ("", "what", "found"), rows)


MONTH_COLUMNS = ("month", "advertised", "stored", "copies", "excluded", "set aside", "gone", "missing", "share")
"""As few words as fit a terminal of 80 columns."""


def _month_rows(months: Iterable[MonthCount]) -> Iterable[tuple[str, ...]]:
    for one in months:
        excluded, quarantined = sum(one.excluded_counts.values()), sum(one.quarantined_counts.values())
        kept = one.stored_count + one.duplicate_count
        share = f"{kept / (kept + one.missing_count):.1%}" if kept + one.missing_count else "-"
        counts = (one.advertised_count, one.stored_count, one.duplicate_count, excluded, quarantined, one.gone_count)
        yield (one.month or "unknown", *map(str, counts), str(one.missing_count), share)


def _reason_rows(months: Iterable[MonthCount]) -> Iterable[tuple[str, ...]]:
    for one in months:
        for name, counts in (("set aside", one.quarantined_counts), ("excluded", one.excluded_counts)):
            yield from ((one.month or "unknown", name, reason, str(count)) for reason, count in counts.items())


def _print_counts(title: str, counts: Mapping[str, int], meanings: Mapping[str, str]) -> None:
    rows = [(name, str(count), meanings.get(name, "")) for name, count in counts.items()]
    if rows:
        _print_table(title, ("", "count", ""), rows)


def _print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(
        title=title or None, title_justify="left", show_header=any(columns), box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for column in columns:
        is_number = column in NUMBER_COLUMNS
        # An address is read whole, or not at all.
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # as text: a headline may have [brackets]
    console.print(table)


def _print_sentences(name: str, sentences: Iterable[str], style: str) -> None:
    for sentence in sentences:
        console.print(Text.assemble((f"{name}: ", style), sentence))
