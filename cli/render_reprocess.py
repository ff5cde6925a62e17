"""Print the report of `reprocess` on a terminal, or as JSON."""

from collections.abc import Iterator

import typer

from cli.failure import EXIT_RUN_FAILED
from cli.render import console, print_json, print_sentences, print_table
from schemas.reprocess import Change, ReprocessReport

CHANGE_MEANINGS = {
    Change.UNCHANGED: "the same record",
    Change.ANNOTATED: "the same record; only its sources, flags, confidence or rights differ",
    Change.CHANGED: "different content",
    Change.WITHDRAWN: "stored, but no valid article by the current rules",
    Change.CURED: "quarantined or missing before, a valid article now",
    Change.QUARANTINED: "no article before, none now",
    Change.UNREADABLE: "the WARC record cannot be read",
}


def render_reprocess(report: ReprocessReport, *, as_json: bool) -> None:
    """Print the report; exit with status 1 if something could not be read."""
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _render(report)
    if report.problems or (report.run and report.run.problems):
        raise typer.Exit(EXIT_RUN_FAILED)


def _render(report: ReprocessReport) -> None:
    seconds = (report.ended_at - report.started_at).total_seconds()
    done = "written" if report.applied else "nothing was written; use --apply to write"
    console.print(f"[bold]{report.read_count} captures reprocessed[/] · {seconds:.1f} s · {done}", highlight=False)
    rows = ((change.value, str(count), CHANGE_MEANINGS[change]) for change, count in report.changes.items())
    if report.changes:
        print_table("", ("", "count", ""), rows)
    if report.fields:
        fields = ((name, str(one.changed), str(one.won), str(one.lost)) for name, one in report.fields.items())
        print_table("fields that change", ("field", "changed", "won", "lost"), fields)
        console.print(
            f"{report.longer_count} texts become longer ({report.words_won} words), "
            f"{report.shorter_count} shorter ({report.words_lost} words)\n",
            highlight=False,
        )
    if report.reasons:
        print_table("newly quarantined", ("reason", "count"), ((name, str(n)) for name, n in report.reasons.items()))
    if report.examples:
        print_table("for example", ("record", "change", "what", "words"), _example_rows(report))
    print_sentences("problem", report.run.problems if report.run else report.problems, "red")


def _example_rows(report: ReprocessReport) -> Iterator[tuple[str, ...]]:
    for one in report.examples:
        words = f"{one.words_before} → {one.words_after}" if one.words_before != one.words_after else ""
        yield one.id, one.change.value, ", ".join(one.fields or one.reasons), words
