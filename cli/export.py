"""The command `export`: write the articles to a file."""

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cli.failure import EXIT_PIPE_CLOSED
from cli.filters import Filters, with_filters
from cli.option import AsJson, join_query, with_archive
from schemas.printing import print_line

if TYPE_CHECKING:
    from pipeline.archive import Archive
    from schemas.export import ArticleFilter, Exported, FileFormat

STANDARD_OUTPUT = Path("-")

Counted = TypeVar("Counted")


class ExportFormat(StrEnum):
    """The export formats: `schemas.export.Format`, repeated here so that `--help` need not load it."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


@with_filters
def export(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY", help="Only articles that match; the syntax is that of search.", show_default=False
        ),
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="File to write: .jsonl or .csv (also .gz, .zst), or .parquet; - for standard output."
        ),
    ],
    file_format: Annotated[
        ExportFormat | None, typer.Option("--format", help="Format; by default taken from the file name.")
    ] = None,
    filters: Filters,
    bom: Annotated[bool, typer.Option("--bom", help="Start a CSV with a byte-order mark, for Excel.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the articles, or those that match a query, to a file, oldest first, with a data card beside it."""
    from schemas.export import FileFormat, Format

    text = join_query(query)
    if query and not (text.strip() or any(filters.query_parts.values())):
        raise typer.BadParameter("the query is empty")
    file_kind = FileFormat.choose(str(out), Format(file_format) if file_format else None, has_bom=bom)
    if _is_standard_output(out):
        _check_standard_output(file_kind, as_json=as_json)
    wanted = filters.select(text)
    exported = _write(out, file_kind, wanted)
    _report(exported, as_json=as_json)
    if not exported.count:
        filters.report_unknown()
    if not as_json:
        _report_left_out(wanted)


def _is_standard_output(out: Path) -> bool:
    """Return whether this is standard output under any name, such as `/dev/stdout` or the pipe it is connected to."""
    if out == STANDARD_OUTPUT:
        return True
    try:
        return os.path.samestat(out.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError):  # no such file yet, or no standard output
        return False


def _check_standard_output(kind: "FileFormat", *, as_json: bool) -> None:
    if as_json:
        raise typer.BadParameter("--json and --out both write to standard output")
    if not kind.is_text and sys.stdout.isatty():
        raise typer.BadParameter(f"{kind.format} is binary and cannot go to a terminal: name a file, or pipe it")


def _write(out: Path, kind: "FileFormat", wanted: "ArticleFilter") -> "Exported":
    from cli.progress import showing_progress
    from pipeline.progress import report_progress
    from storage.export.file import export_articles

    def report(done_count: int, total_count: int) -> None:
        report_progress("export", done_count, total_count)

    listener = report if sys.stderr.isatty() else None
    try:
        with showing_progress():
            return with_archive(
                lambda archive: export_articles(
                    archive.database, out, kind, wanted, listener, protected=archive.settings.own_dirs
                )
            )
    except BrokenPipeError:
        # The reader closed the pipe. Discard what is still buffered, or Python prints an error when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(EXIT_PIPE_CLOSED) from None


def _report(exported: "Exported", *, as_json: bool) -> None:
    from cli.render import print_json

    if as_json:
        print_json(exported.model_dump(mode="json"))
        return
    print_line(f"{exported.count} articles ({exported.bytes} bytes) written to {exported.path}")
    if exported.card:
        print_line(f"described in {exported.card}")


def _report_left_out(wanted: "ArticleFilter") -> None:
    """Report how many articles those filters leave out that a reader may not think of."""
    if wanted.since or wanted.until:
        _report_undated(wanted)
    if wanted.respect_tdm:
        report_reserved(wanted)
    if wanted.min_confidence is not None:
        _report_uncertain(wanted)


def _count(count: Callable[[Any, "ArticleFilter"], Counted], wanted: "ArticleFilter") -> Counted:
    """Return what a function counts in a session of the archive's database."""

    def read(archive: "Archive") -> Counted:
        with archive.database.read() as session:
            return count(session, wanted)

    return with_archive(read)


def _report_undated(wanted: "ArticleFilter") -> None:
    from storage.articles.selection import count_undated

    if undated_count := _count(count_undated, wanted):
        print_line(f"{undated_count} more without a date, left out by --from and --to")


def report_reserved(wanted: "ArticleFilter") -> None:
    """Report how many articles `--respect-tdm` leaves out, and why."""
    from storage.articles.selection import count_reserved

    found = _count(count_reserved, wanted)
    if found.reserved_count:
        print_line(f"{found.reserved_count} more left out by --respect-tdm: text and data mining is reserved")
    if found.unknown_count:
        why = "imported without their page, or fetched before rights were read (run: broadsheet reprocess --apply)"
        print_line(f"{found.unknown_count} more left out by --respect-tdm: their rights are unknown; {why}")


def _report_uncertain(wanted: "ArticleFilter") -> None:
    """Report how many articles `--min-confidence` leaves out, and why."""
    from storage.articles.selection import count_uncertain

    found = _count(count_uncertain, wanted)
    if found.low_count:
        print_line(f"{found.low_count} more left out by --min-confidence: theirs is lower")
    if found.unknown_count:
        why = "imported without their page, or fetched before there was one (run: broadsheet reprocess --apply)"
        print_line(f"{found.unknown_count} more left out by --min-confidence: theirs is unknown; {why}")
