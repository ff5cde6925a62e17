"""The command `export`: write the articles to a file."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failure import EXIT_PIPE_CLOSED
from cli.option import (
    AsJson,
    Author,
    FromDay,
    Language,
    OfKind,
    Section,
    SiteName,
    Tag,
    ToDay,
    check_days,
    day_of,
    join_query,
    with_archive,
)
from schemas.printing import print_line

if TYPE_CHECKING:
    from pipeline.archive import Archive
    from schemas.export import ArticleFilter, Exported, FileFormat

STANDARD_OUTPUT = Path("-")


class ExportFormat(StrEnum):
    """The export formats: `schemas.export.Format`, repeated here so that `--help` need not load it."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def export(  # noqa: PLR0913 - each is an option
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]", help="Only articles that match; the syntax is that of search.", show_default=False
        ),
    ] = None,
    *,
    out: Annotated[
        Path,
        typer.Option(help="File to write: .jsonl or .csv (also .gz, .zst), or .parquet; - for standard output."),
    ],
    file_format: Annotated[
        ExportFormat | None, typer.Option("--format", help="Format; by default taken from the file name.")
    ] = None,
    from_day: FromDay = None,
    to_day: ToDay = None,
    section: Section = None,
    author: Author = None,
    tag: Tag = None,
    kind: OfKind = None,
    language: Language = None,
    site: SiteName = None,
    include_duplicates: Annotated[bool, typer.Option("--include-duplicates", help="Include duplicates.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="Start a CSV with a byte-order mark, for Excel.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the articles, or those that match a query, to a file, oldest first, with a data card beside it."""
    from schemas.article import Kind
    from schemas.export import ArticleFilter, FileFormat, Format

    check_days(from_day, to_day)
    text = join_query(query)
    if query and not (text.strip() or section or author or tag):
        raise typer.BadParameter("the query is empty")
    file_kind = FileFormat.choose(str(out), Format(file_format) if file_format else None, has_bom=bom)
    if _is_standard_output(out):
        _check_standard_output(file_kind, as_json=as_json)
    wanted = ArticleFilter(
        since=day_of(from_day),
        until=day_of(to_day),
        site=site,
        query=text.strip() or None,
        section=section,
        author=author,
        tag=tag,
        kind=Kind(kind) if kind else None,
        language=language,
        include_duplicates=include_duplicates,
    )
    _report(_write(out, file_kind, wanted), as_json=as_json)
    if (from_day or to_day) and not as_json:
        _report_undated(wanted)


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
    card = f", described in {exported.card}" if exported.card else ""
    print_line(f"{exported.count} articles ({exported.bytes} bytes) written to {exported.path}{card}")


def _report_undated(wanted: "ArticleFilter") -> None:
    from storage.articles.selection import count_undated

    def count(archive: "Archive") -> int:
        with archive.database.read() as session:
            return count_undated(session, wanted)

    if undated_count := with_archive(count):
        print_line(f"{undated_count} more without a date, left out by --from and --to")
