"""The command `show`: one record, or what a revision of it changed."""

import re
from typing import Annotated

import typer

from cli.option import AsJson, RecordId, with_archive

MAX_REVISION_NUMBER = 2**31 - 1
"""No article has so many revisions, and every database takes it as a question."""

Revisions = Annotated[
    str | None,
    typer.Argument(
        metavar="[REV..REV]", help="With --diff: which two, `N..` with the present, `..N` or `N` what N changed."
    ),
]


def show(
    record_id: RecordId,
    revisions: Revisions = None,
    *,
    diff: Annotated[bool, typer.Option("--diff", help="What the last change was, or that between REV..REV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one record: text, metadata, sources of the values, revisions, duplicates; or what a revision changed."""
    from cli.render import print_json
    from cli.render_record import render_details, render_difference
    from pipeline.status import compare_revisions, find_details

    if revisions and not diff:
        raise typer.BadParameter(f"{revisions} names revisions, which only --diff compares")
    if diff:
        before, after = parse_revision_range(revisions or "")
        found = with_archive(lambda archive: compare_revisions(archive, record_id, before, after))
        print_json(found.model_dump(mode="json", by_alias=True)) if as_json else render_difference(found)
        return
    shown = with_archive(lambda archive: find_details(archive, record_id))
    if as_json:
        print_json(shown.record.model_dump(mode="json") | shown.model_dump(mode="json", exclude={"record"}))
    else:
        render_details(shown)


def parse_revision_range(text: str) -> tuple[int | None, int | None]:
    """The numbers of `N..M`, `N..`, `..M`, `M`; None for what is not named."""
    match = re.fullmatch(r"(?:(\d{1,10})?\.\.)?(\d{1,10})?", text, re.ASCII)
    if not match or text == "..":
        raise typer.BadParameter(f"{text} is no pair of revisions such as 1..2, 2.. or ..2")
    before, after = (min(int(digits), MAX_REVISION_NUMBER) if digits else None for digits in match.groups())
    return before, after
