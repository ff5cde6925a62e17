"""`broadsheet export`: the articles as a file."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failure import EXIT_PIPE_CLOSED
from cli.option import AsJson, FromDay, ToDay, day_of, with_archive
from schemas.printing import print_line

if TYPE_CHECKING:
    from schemas.export import ArticleFilter, Exported, FileFormat

STANDARD_OUTPUT = Path("-")


class ExportFormat(StrEnum):
    """What an export can be, as `schemas.export.Format` has it, which is not loaded for `--help`."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def export(
    out: Annotated[
        Path,
        typer.Option(help="The file to write: .jsonl, .csv, each also .gz or .zst, .parquet; - is standard output."),
    ],
    file_format: Annotated[
        ExportFormat | None, typer.Option("--format", help="What to write; by default what the file's name says.")
    ] = None,
    from_day: FromDay = None,
    to_day: ToDay = None,
    *,
    include_duplicates: Annotated[bool, typer.Option("--include-duplicates", help="Also duplicates.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="Begin a CSV with a byte-order mark, for spreadsheets.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the articles into a file, oldest first, and a data card beside it."""
    from schemas.export import ArticleFilter, FileFormat, Format

    if from_day and to_day and from_day > to_day:
        raise typer.BadParameter(f"--from {from_day:%Y-%m-%d} lies after --to {to_day:%Y-%m-%d}")
    kind = FileFormat.choose(str(out), Format(file_format) if file_format else None, has_bom=bom)
    if _is_standard_output(out):
        _audit_standard_output(kind, as_json=as_json)
    wanted = ArticleFilter(since=day_of(from_day), until=day_of(to_day), include_duplicates=include_duplicates)
    _report(_write(out, kind, wanted), as_json=as_json)


def _is_standard_output(out: Path) -> bool:
    """Under whatever name: `/dev/stdout`, a pipe that it leads into."""
    if out == STANDARD_OUTPUT:
        return True
    try:
        return os.path.samestat(out.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError):  # there is no such file yet, or no standard output
        return False


def _audit_standard_output(kind: "FileFormat", *, as_json: bool) -> None:
    if as_json:
        raise typer.BadParameter("--json and --out both want standard output")
    if not kind.is_text and sys.stdout.isatty():
        raise typer.BadParameter(f"{kind.format} is nothing for a terminal: name a file, or lead it into a pipe")


def _write(out: Path, kind: "FileFormat", wanted: "ArticleFilter") -> "Exported":
    from cli.progress import showing_progress
    from pipeline.progress import report_progress
    from storage.export.file import export_articles

    def tell(done_count: int, total_count: int) -> None:
        report_progress("export", done_count, total_count)

    listener = tell if sys.stderr.isatty() else None
    try:
        with showing_progress():
            return with_archive(
                lambda archive: export_articles(
                    archive.database, out, kind, wanted, listener, protected=archive.settings.own_dirs
                )
            )
    except BrokenPipeError:
        # Whoever read the pipe has enough. What is still buffered goes nowhere, else Python complains at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(EXIT_PIPE_CLOSED) from None


def _report(exported: "Exported", *, as_json: bool) -> None:
    from cli.render import print_json

    if as_json:
        print_json(exported.model_dump(mode="json"))
        return
    card = f", described in {exported.card}" if exported.card else ""
    print_line(f"{exported.count} articles ({exported.bytes} bytes) written to {exported.path}{card}")
