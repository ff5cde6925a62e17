"""The command `search`: full-text search, best hits first."""

from typing import Annotated, Any

import typer

from cli.option import AsJson, FromDay, ToDay, day_of, with_archive

DEFAULT_LIMIT = 20
"""A few screens of a terminal; beyond that, a narrower query serves better."""

MAX_LIMIT = 10_000
"""Beyond that, an export serves better."""


NO_SHORT_OPTIONS: dict[str, Any] = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
"""`-word` is part of the query, so this command has no short options."""


def search(  # noqa: PLR0913 - each is an option
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="QUERY",
            help='Words that must all match, "a phrase", -excluded, this OR that, prefix*; headline:, subtitle:, '
            "author:, section: or tag: before a word or phrase.",
        ),
    ],
    from_day: FromDay = None,
    to_day: ToDay = None,
    section: Annotated[str | None, typer.Option(help="Words of the section's name.")] = None,
    author: Annotated[str | None, typer.Option(help="Consecutive words of an author's or agency's name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="Show at most this many articles.")] = DEFAULT_LIMIT,
    *,
    include_duplicates: Annotated[bool, typer.Option("--include-duplicates", help="Include duplicates.")] = False,
    as_json: AsJson = False,
) -> None:
    """Search the articles: hits in headlines first, then subtitles, then anywhere; newest first within each."""
    from cli.render import print_json
    from cli.render_search import render_hits
    from schemas.search import SearchFilter
    from storage.search.finding import search_articles
    from storage.search.query import read_query

    if from_day and to_day and from_day > to_day:
        raise typer.BadParameter(f"--from {from_day:%Y-%m-%d} lies after --to {to_day:%Y-%m-%d}")
    for word in query:
        if word.startswith("--"):
            raise typer.BadParameter(f"No such option: {word}")
    wanted = read_query(" ".join(query), author=author, section=section)
    chosen = SearchFilter(
        since=day_of(from_day), until=day_of(to_day), include_duplicates=include_duplicates, limit=limit
    )
    hits = with_archive(lambda archive: search_articles(archive.database, wanted, chosen))
    print_json([hit.model_dump(mode="json") for hit in hits]) if as_json else render_hits(hits, limit)
