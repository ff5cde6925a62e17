"""The command `show`: print one record, or what a revision changed."""

import re
import sys
from enum import StrEnum
from typing import Annotated

import typer

from cli.failure import EXIT_RUN_FAILED
from cli.option import AsJson, RecordId, with_archive

MAX_REVISION_NUMBER = 2**31 - 1
"""More revisions than any article has, and a valid query parameter for both databases."""


class Citation(StrEnum):
    """The formats of citations: `pipeline.citation.CitationStyle`, repeated here so that `--help` need not load it."""

    BIBTEX = "bibtex"
    RIS = "ris"
    CSL = "csl"


Revisions = Annotated[
    str | None,
    typer.Argument(
        metavar="REV..REV",
        help="With --diff: `N..M` compares two, `N..` N with the latest; `N` or `..N` shows what N changed.",
    ),
]


def show(
    record_id: RecordId,
    revisions: Revisions = None,
    *,
    diff: Annotated[bool, typer.Option("--diff", help="Show the last change, or the one given by REV..REV.")] = False,
    cite: Annotated[Citation | None, typer.Option("--cite", help="Print a citation instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show one record: text, metadata, the source of each value, revisions, duplicates; or what a revision changed."""
    from cli.pager import paging
    from cli.render import console, print_json
    from cli.render_record import render_details
    from cli.render_redaction import render_tombstone
    from pipeline.status import RecordRedacted, find_details

    if cite and (diff or as_json):
        raise typer.BadParameter("--cite goes with neither --diff nor --json")
    if revisions and not diff:
        raise typer.BadParameter(f"{revisions} needs --diff, which compares revisions")
    if diff:
        _print_difference(record_id, revisions, as_json=as_json)
        return
    if cite:
        _print_citation(record_id, cite)
        return
    try:
        shown = with_archive(lambda archive: find_details(archive, record_id))
    except RecordRedacted as error:
        render_tombstone(error.tombstone, as_json=as_json)
        raise typer.Exit(EXIT_RUN_FAILED) from None
    if as_json:
        print_json(shown.record.model_dump(mode="json") | shown.model_dump(mode="json", exclude={"record"}))
    else:
        with paging(console):
            render_details(shown)


def _print_difference(record_id: str, revisions: str | None, *, as_json: bool) -> None:
    from cli.pager import paging
    from cli.render import console, print_json
    from cli.render_record import render_difference
    from pipeline.status import compare_revisions

    before, after = parse_revision_range(revisions or "")
    found = with_archive(lambda archive: compare_revisions(archive, record_id, before, after))
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True))
        return
    with paging(console):
        render_difference(found)


def _print_citation(record_id: str, cite: Citation) -> None:
    from pipeline.citation import CitationStyle, render_citation
    from pipeline.status import find_record
    from schemas.printing import make_printable

    record = with_archive(lambda archive: find_record(archive, record_id))
    sys.stdout.write(make_printable(render_citation(record, CitationStyle(cite))))


def parse_revision_range(text: str) -> tuple[int | None, int | None]:
    """Return the revision numbers of `N..M`, `N..`, `..M` or `M`; None for a missing one."""
    match = re.fullmatch(r"(?:(\d{1,10})?\.\.)?(\d{1,10})?", text, re.ASCII)
    if not match or text == "..":
        raise typer.BadParameter(f"{text} is not a range of revisions such as 1..2, 2.. or ..2")
    before, after = (min(int(digits), MAX_REVISION_NUMBER) if digits else None for digits in match.groups())
    return before, after
