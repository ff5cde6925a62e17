"""The command `report`: how complete the archive is, for a person to read or to print."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.option import AsJson, SiteName, with_archive
from schemas.printing import make_printable, print_line

if TYPE_CHECKING:
    from pipeline.archive import Archive


class WrittenFormat(StrEnum):
    """The formats: `pipeline.completeness.ReportFormat`, repeated here so that `--help` need not load it."""

    HTML = "html"
    MARKDOWN = "md"


def report(
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File to write: .html or .md. By default, Markdown to standard output."),
    ] = None,
    *,
    site: SiteName = None,
    as_json: AsJson = False,
) -> None:
    """Report what was advertised by month, source and section, what is stored, and why the rest is not."""
    from cli.render import print_json
    from pipeline.completeness import ReportFormat, make_completeness_report, render_report, write_report

    if out and as_json:
        raise typer.BadParameter("--out writes HTML or Markdown, and --json writes to standard output: give one")
    suffix = out.suffix.lower().lstrip(".") if out else WrittenFormat.MARKDOWN
    if suffix not in set(WrittenFormat):
        raise typer.BadParameter(f"{out} ends neither in .html nor in .md")

    def write(archive: "Archive") -> None:
        found = make_completeness_report(archive, site)
        if as_json:
            print_json(found.model_dump(mode="json"))
            return
        text = render_report(found, ReportFormat(suffix))
        if out is None:
            typer.echo(make_printable(text), nl=False)
            return
        write_report(archive, out, text)
        print_line(f"{out} written")

    with_archive(write)
