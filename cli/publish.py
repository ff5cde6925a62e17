"""The command `publish`: the archive as a static site, for a file server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failure import EXIT_RUN_FAILED
from cli.filters import Filters, with_filters
from cli.option import AsJson, join_query, with_archive
from schemas.printing import print_line

if TYPE_CHECKING:
    from schemas.static_site import PublishedSite


def _check_name(folder: Path) -> Path:
    if str(folder).startswith("-"):  # the command takes words of a query that begin so
        raise typer.BadParameter(f"{folder} looks like an option; for a folder of this name, write ./{folder}")
    return folder


@with_filters
def publish(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", callback=_check_name, help="A new or empty folder, or that of a site to update."),
    ],
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY", help="Only articles that match; the syntax is that of search.", show_default=False
        ),
    ] = None,
    *,
    filters: Filters,
    captures: Annotated[
        bool, typer.Option("--captures", help="Publish the archived pages too; you may need their owners' leave.")
    ] = False,
    no_search: Annotated[bool, typer.Option("--no-search", help="Make no index to search in.")] = False,
    as_json: AsJson = False,
) -> None:
    """Publish what serve shows as a static site; again, to bring it up to date."""
    from cli.progress import showing_progress
    from cli.render import print_json
    from schemas.release import ReleaseEmpty
    from web.static_site.build import Options, publish_site

    wanted = filters.select(join_query(query))
    options = Options(has_captures=captures, has_search=not no_search)
    try:
        with showing_progress():
            made = with_archive(lambda archive: publish_site(archive, folder, wanted, options))
    except ReleaseEmpty:
        filters.report_unknown()
        raise
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        _print(made)
    if made.problems:
        raise typer.Exit(EXIT_RUN_FAILED)


def _print(made: "PublishedSite") -> None:
    from cli.render import print_sentences

    print_sentences("problem", made.problems, "red")
    print_line(
        f"{made.article_count} articles in {made.path}: {made.file_count} files ({made.bytes} bytes); "
        f"{made.rendered_count} articles were new or changed, {made.written_count} files written, "
        f"{made.deleted_count} deleted"
    )
    for reason, count in made.left_out_counts.items():
        print_line(f"{count} left out: {reason.value}")
