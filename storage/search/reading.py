"""Searches for a reader: pages of hits by cursor, counted by values and by day, duplicates under their primary."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
from sqlalchemy import cast, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from schemas.export import ArticleFilter
from schemas.failure import UsageFailure
from schemas.search import Duplicate, HitPage, ReaderFilter, SearchHit, SearchOrder, SearchPart, SearchQuery
from storage.articles.selection import iterate_blocks
from storage.engine import Database
from storage.export.block import Block
from storage.ledger.unit_of_work import execute_in
from storage.schema.tables import Article
from storage.search.column_cache import ColumnCache
from storage.search.columns import Columns, Found, Places
from storage.search.finding import PLAN, RANKS, TIERS, list_open_words, read_hits
from storage.search.match import Forms, Match, render_match, render_tsquery, scope_query
from storage.search.number_array import Numbers, read_numbers
from storage.search.table import INDEX, SQLITE_INDEX, Searched
from storage.search.vocabulary import find_forms

CURSOR = re.compile(r"([0-2])\.(-?[0-9]{1,18})")
"""Tier and number of a page's last hit."""


class CursorInvalid(UsageFailure):
    """The cursor is not one that a page named."""


class Ordered(NamedTuple):
    """Places of hits in their order, in tiers: hits of a better tier come first."""

    places: Places
    part: SearchPart | None
    """The part that contains all wanted terms."""


def read_page(
    database: Database,
    cache: ColumnCache,
    query: SearchQuery | None,
    wanted: ReaderFilter,
    limit: int,
    cursor: str | None = None,
) -> HitPage:
    """Return a page of the articles that match a query (None: all articles), after the hit that the cursor names.

    Raises:
        CursorInvalid: it names none.
    """
    columns = cache.get()
    after = _read_cursor(cursor) if cursor else None
    with database.read() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(PLAN)
        forms = find_forms(session, list_open_words(query)) if query else {}

        def find() -> Found:
            places = columns.filter_places(_find_numbers(session, query, forms), wanted)
            return Found(places, columns.count(places))

        found = columns.remember((query, wanted.model_copy(update={"order": SearchOrder.RELEVANCE})), find)
        tiers = _order(session, query, forms, wanted, columns, found.places)
        page = list(islice(_walk(tiers, columns, after, wanted.order), limit + 1))
        found_in = {int(columns.numbers[place]): tiers[tier].part for tier, place in page[:limit]}
        hits = sorted(read_hits(session, query, forms, found_in, Searched.number), key=RANKS[wanted.order])
        last = page[limit - 1] if len(page) > limit else None
        return HitPage(
            hits=tuple(hits),
            duplicates=_find_duplicates(session, hits),
            next_cursor=f"{last[0]}.{columns.numbers[last[1]]}" if last else None,
            count=found.counted,
        )


def _read_cursor(cursor: str) -> tuple[int, int]:
    match = CURSOR.fullmatch(cursor)
    if not match:
        raise CursorInvalid("the cursor is not one that a page named")
    return int(match[1]), int(match[2])


def _find_numbers(session: Session, query: SearchQuery | None, forms: Forms) -> Numbers | None:
    """Return the numbers of all articles that match, in no order; None without a query."""
    return _find_matching(session, scope_query(query, forms, ())) if query else None


def _find_matching(session: Session, match: Match) -> Numbers:
    if session.get_bind().dialect.name == "sqlite":
        is_match = INDEX.c[SQLITE_INDEX].op("MATCH")(render_match(match))
        return read_numbers(session, INDEX.c.rowid, select(INDEX.c.rowid).where(is_match))
    is_match = Searched.document.op("@@")(cast(render_tsquery(match), TSQUERY))
    return read_numbers(session, Searched.number, select(Searched.number).where(is_match))


def _order(
    session: Session, query: SearchQuery | None, forms: Forms, wanted: ReaderFilter, columns: Columns, matching: Places
) -> list[Ordered]:
    """Return the places, the newest first unless the filter wants the oldest; by relevance, in tiers."""
    if wanted.order is SearchOrder.OLDEST:
        first_dated = int(np.searchsorted(matching, columns.dated_place))
        return [Ordered(np.roll(matching, -first_dated), None)]
    is_open = query is not None and any(term.part is None for group in query.wanted for term in group)
    if not query or not is_open or wanted.order is not SearchOrder.RELEVANCE:
        return [Ordered(matching[::-1], None)]
    tiers: list[Ordered] = []
    are_left = np.zeros(len(columns.numbers), dtype=bool)
    are_left[matching] = True
    for part, scope in TIERS.items():
        found = columns.find_places(_find_matching(session, scope_query(query, forms, scope))) if part else matching
        tier = found[are_left[found]]
        are_left[tier] = False
        tiers.append(Ordered(tier[::-1], part))
    return tiers


def _walk(
    tiers: list[Ordered], columns: Columns, after: tuple[int, int] | None, order: SearchOrder
) -> Iterator[tuple[int, int]]:
    """Yield (tier, place) of the hits after a tier and a number."""
    for tier, one in enumerate(tiers):
        if after and tier < after[0]:
            continue
        start = _find_start(columns.numbers[one.places], after[1], order) if after and tier == after[0] else 0
        yield from ((tier, int(place)) for place in one.places[start:])


def _find_start(numbers: Numbers, after: int, order: SearchOrder) -> int:
    """Return how many of the numbers, which are in their order, do not come after another one."""
    if order is not SearchOrder.OLDEST:
        return len(numbers) - int(np.searchsorted(numbers[::-1], after))
    dated_count = int(np.count_nonzero(numbers >= 0))  # those without a date, whose numbers are negative, come last
    dated, others = numbers[:dated_count], numbers[dated_count:]
    if after >= 0:
        return int(np.searchsorted(dated, after, side="right"))
    return dated_count + int(np.searchsorted(others, after, side="right"))


def _find_duplicates(session: Session, hits: list[SearchHit]) -> dict[str, tuple[Duplicate, ...]]:
    columns = select(Article.duplicate_of, Article.id, Article.headline, Article.published_on)
    found: dict[str, list[Duplicate]] = defaultdict(list)
    for of, article_id, headline, day in execute_in(session, columns, Article.duplicate_of, [hit.id for hit in hits]):
        found[of].append(Duplicate(id=article_id, headline=headline, published_on=day))
    return {of: tuple(sorted(ones, key=lambda one: one.id)) for of, ones in sorted(found.items())}


def iterate_found(session: Session, query_text: str, wanted: ReaderFilter) -> Iterator[Block]:
    """Yield all articles that match, for an export: the oldest first, those without a date last."""
    chosen = ArticleFilter(
        query=query_text.strip() or None,
        since=wanted.since,
        until=wanted.until,
        site=wanted.site or None,
        kind=wanted.kind,
        language=wanted.language or None,
        include_duplicates=wanted.include_duplicates,
        min_confidence=wanted.min_confidence,
    )
    for block in iterate_blocks(session, chosen):
        # Section, author and tag are words in an `ArticleFilter`; here they are values.
        kept = [place for place in range(len(block["id"])) if _has_values(block, place, wanted)]
        if kept:
            yield {name: [values[place] for place in kept] for name, values in block.items()}


def _has_values(block: Block, place: int, wanted: ReaderFilter) -> bool:
    names = (*block["authors"][place], *block["agencies"][place])
    return (
        (wanted.section is None or block["section"][place] == wanted.section)
        and (wanted.author is None or wanted.author in names)
        and (wanted.tag is None or wanted.tag in block["tags"][place])
    )
