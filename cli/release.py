"""The commands `release` and `verify`: a folder that others can cite and check, and the check."""

from pathlib import Path
from typing import Annotated

import typer

from cli.failure import EXIT_RUN_FAILED
from cli.filters import Filters, with_filters
from cli.option import AsJson, join_query, with_archive
from schemas.printing import print_line


def _check_name(folder: Path) -> Path:
    if str(folder).startswith("-"):  # the command takes words of a query that begin so
        raise typer.BadParameter(f"{folder} looks like an option; for a folder of this name, write ./{folder}")
    return folder


@with_filters
def release(
    folder: Annotated[Path, typer.Argument(metavar="DIR", callback=_check_name, help="A new or empty folder.")],
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY", help="Only articles that match; the syntax is that of search.", show_default=False
        ),
    ] = None,
    *,
    filters: Filters,
    as_json: AsJson = False,
) -> None:
    """Make a release: the articles, their captures, what is left out and why, and checksums of all of it."""
    from cli.progress import showing_progress
    from cli.render import print_json
    from pipeline.release import make_release
    from schemas.release import ReleaseEmpty

    wanted = filters.select(join_query(query))
    try:
        with showing_progress():
            made = with_archive(lambda archive: make_release(archive, folder, wanted))
    except ReleaseEmpty:
        filters.report_unknown()
        raise
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    if made.lost_count:
        print_line(f"broadsheet: {made.lost_count} captures could not be copied: data/provenance.jsonl says why")
    print_line(f"{made.article_count} articles with {made.capture_count} captures ({made.bytes} bytes) in {made.path}")
    print_line("its digest, to publish with it:")
    print_line(made.sha256)


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a release.")],
    *,
    reread: Annotated[bool, typer.Option("--reread", help="Also read each text again from its capture.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a release, offline: files against checksums, articles against their captures, and the counts."""
    from cli.render import print_json, print_sentences
    from pipeline.verification import verify_release

    found = verify_release(folder, reread=reread)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_sentences("problem", found.problems, "red")
        print_sentences("note", found.notes, "yellow")
        again = f", {found.reread_count} of them read again" if reread else ""
        checked = f"{found.article_count} articles, {found.capture_count} captures, {found.file_count} files checked"
        print_line(f"{checked}{again}")
        print_line(f"its digest: {found.sha256}")
    if found.problems:
        raise typer.Exit(EXIT_RUN_FAILED)
