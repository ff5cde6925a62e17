"""The commands `release` and `verify`: a folder that others can cite and check, and the check."""

from pathlib import Path
from typing import Annotated

import typer

from cli.failure import EXIT_RUN_FAILED
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


def release(  # noqa: PLR0913 - each is an option
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]", help="Only articles that match; the syntax is that of search.", show_default=False
        ),
    ] = None,
    *,
    from_day: FromDay = None,
    to_day: ToDay = None,
    section: Section = None,
    author: Author = None,
    tag: Tag = None,
    kind: OfKind = None,
    language: Language = None,
    site: SiteName = None,
    include_duplicates: Annotated[bool, typer.Option("--include-duplicates", help="Include duplicates.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a release: the articles, their captures, what is left out and why, and checksums of all of it."""
    from cli.progress import showing_progress
    from cli.render import print_json
    from pipeline.release import make_release
    from schemas.article import Kind
    from schemas.export import ArticleFilter

    check_days(from_day, to_day)
    wanted = ArticleFilter(
        since=day_of(from_day),
        until=day_of(to_day),
        site=site,
        query=join_query(query).strip() or None,
        section=section,
        author=author,
        tag=tag,
        kind=Kind(kind) if kind else None,
        language=language,
        include_duplicates=include_duplicates,
    )
    with showing_progress():
        made = with_archive(lambda archive: make_release(archive, folder, wanted))
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    print_line(f"{made.article_count} articles with {made.capture_count} captures ({made.bytes} bytes) in {made.path}")
    print_line(f"its digest, to publish with it: {made.sha256}")


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
