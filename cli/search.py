"""The command `search`: full-text search, best hits first."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.filters import Filters, with_filters
from cli.option import AsJson, between, join_query, with_archive

QUERY_HELP = (
    'Words that must all match, "a phrase", -excluded, this OR that, prefix*; headline:, subtitle:, author:, section: '
    "or tag: before a word or phrase."
)

DEFAULT_LIMIT = 20
"""A few screens of a terminal; beyond that, a narrower query serves better."""

MAX_LIMIT = 10_000
"""Beyond that, an export serves better."""


MAX_OFFSET = 1_000_000
"""Beyond that, an export serves better."""


class Order(StrEnum):
    """The order of hits: `schemas.search.SearchOrder`, repeated here so that `--help` need not load it."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@with_filters
def search(
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help=QUERY_HELP)],
    *,
    filters: Filters,
    sort: Annotated[Order, typer.Option(metavar="ORDER", help=f"The order: {', '.join(Order)}.")] = Order.RELEVANCE,
    offset: Annotated[
        int, typer.Option(metavar="COUNT", callback=between(0, MAX_OFFSET), help="Skip this many of them.")
    ] = 0,
    limit: Annotated[
        int, typer.Option(metavar="COUNT", callback=between(1, MAX_LIMIT), help="Show at most this many articles.")
    ] = DEFAULT_LIMIT,
    as_json: AsJson = False,
) -> None:
    """Search the articles: hits in headlines first, then subtitles, then anywhere; newest first within each."""
    from cli.render import print_json
    from cli.render_search import render_hits
    from schemas.search import SearchFilter, SearchOrder
    from storage.search.finding import count_hits, search_articles
    from storage.search.query import read_query

    wanted = read_query(join_query(query), **filters.query_parts)
    chosen = SearchFilter(order=SearchOrder(sort), offset=offset, limit=limit, **filters.conditions)
    if as_json:
        hits = with_archive(lambda archive: search_articles(archive.database, wanted, chosen))
        print_json([hit.model_dump(mode="json") for hit in hits])
    else:
        hits, count = with_archive(
            lambda archive: (
                search_articles(archive.database, wanted, chosen),
                count_hits(archive.database, wanted, chosen),
            )
        )
        render_hits(hits, count, offset)
    if not hits:
        filters.report_unknown()
