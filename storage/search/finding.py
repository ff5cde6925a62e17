"""Full-text search: the same hits in the same order on both databases."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, cast, func, select, text, true
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import QueryableAttribute, Session

from schemas.search import SearchCount, SearchFilter, SearchHit, SearchOrder, SearchPart, SearchQuery
from schemas.span import DAY
from storage.articles.rights import list_rights_conditions
from storage.engine import Database
from storage.ledger.unit_of_work import execute_in
from storage.schema.tables import Article
from storage.search.index import BEGINNING, first_number_of
from storage.search.match import (
    Forms,
    Match,
    Scope,
    WordSequence,
    expand_term,
    has_phrases,
    render_candidates,
    render_match,
    render_tsquery,
    scope_query,
)
from storage.search.snippet import cut_snippet, find_marks
from storage.search.table import INDEX, SQLITE_INDEX, Searched
from storage.search.vocabulary import find_forms

TIERS: Mapping[SearchPart | None, Scope] = {
    SearchPart.HEADLINE: (SearchPart.HEADLINE,),
    SearchPart.SUBTITLE: (SearchPart.HEADLINE, SearchPart.SUBTITLE),
    None: (),
}
"""Parts that contain all wanted terms, the best first; within each tier, the newest article comes first."""

TIER_ORDER = tuple(TIERS)

PLAN = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),"
    " set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)"
)
"""Have PostgreSQL, in this transaction, use the word index and then go row by row as long as needed."""

HIT_COLUMNS = (
    Article.id,
    Article.url,
    Article.kind,
    Article.headline,
    Article.subtitle,
    Article.authors,
    Article.section,
    Article.published_at,
    Article.published_on,
    Article.duplicate_of,
    Article.body,
)


def search_articles(database: Database, query: SearchQuery, wanted: SearchFilter) -> list[SearchHit]:
    """Return the articles that match a query, the best first."""
    with database.read() as session:
        if database.engine.dialect.name == "postgresql":
            session.execute(PLAN)
        forms = find_forms(session, list_open_words(query))
        found = find_ids(session, query, forms, wanted)
        return sorted(read_hits(session, query, forms, found), key=RANKS[wanted.order])


def find_ids(session: Session, query: SearchQuery, forms: Forms, wanted: SearchFilter) -> dict[str, SearchPart | None]:
    """Return the ids of matching articles, in the filter's order -> the part that contains all wanted terms.

    Parts are only looked at for the order by relevance.
    """
    if wanted.order is not SearchOrder.RELEVANCE:
        statement = _select(session, scope_query(query, forms, ()), wanted)
        return dict.fromkeys(session.scalars(statement.offset(wanted.offset).limit(wanted.limit)))
    found: dict[str, SearchPart | None] = {}
    end = wanted.offset + wanted.limit
    is_open = any(term.part is None for group in query.wanted for term in group)
    for tier, scope in TIERS.items():
        if tier and not is_open:
            continue  # every term names its part, so there is only one tier
        statement = _select(session, scope_query(query, forms, scope), wanted)
        # Hits of better tiers are found here again, so ask for that many more.
        for article_id in session.scalars(statement.limit(end + len(found))):
            if len(found) < end:
                found.setdefault(article_id, tier)
        if len(found) == end:
            break
    return dict(islice(found.items(), wanted.offset, None))


def count_hits(database: Database, query: SearchQuery, wanted: SearchFilter) -> SearchCount:
    """Count the articles that match a query, and those that the filter's days leave out because they have no date."""
    dateless = wanted.model_copy(update={"since": None, "until": None})
    has_days = wanted.since is not None or wanted.until is not None
    with database.read() as session:
        match = scope_query(query, find_forms(session, list_open_words(query)), ())
        undated = _select(session, match, dateless).where(Article.published_at.is_(None))
        return SearchCount(
            total_count=_count(session, _select(session, match, wanted)),
            undated_count=_count(session, undated) if has_days else 0,
        )


def _count(session: Session, statement: Select[tuple[str]]) -> int:
    return session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0


def select_matching(session: Session, query: SearchQuery) -> Select[tuple[str]]:
    """Return a statement that selects the ids of all articles that match a query, in no order."""
    match = scope_query(query, find_forms(session, list_open_words(query)), ())
    if session.get_bind().dialect.name == "sqlite":
        is_match = INDEX.c[SQLITE_INDEX].op("MATCH")(render_match(match))
        return select(Searched.article_id).join(INDEX, Searched.number == INDEX.c.rowid).where(is_match)
    return select(Searched.article_id).where(Searched.document.op("@@")(cast(render_tsquery(match), TSQUERY)))


def list_open_words(query: SearchQuery) -> set[str]:
    """Return the words that match in all their forms."""
    terms = [term for group in (*query.wanted, query.excluded) for term in group]
    return {term.words[0] for term in terms if not term.is_exact}


def _select(session: Session, match: Match, wanted: SearchFilter) -> Select[tuple[str]]:
    """Select the ids of the matches: the oldest first if the filter says so, else the newest; undated ones last."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement, number = _select_sqlite(match) if is_sqlite else _select_postgresql(match)
    statement = statement.join(Article, Article.id == Searched.article_id)
    if wanted.order is SearchOrder.OLDEST:
        statement = statement.order_by(None).order_by(number < 0, number)  # without a date, numbers are negative
    statement = statement.where(*_list_day_conditions(number, wanted))
    for column, value in (
        (Article.site, wanted.site),
        (Article.kind, wanted.kind),
        (Article.language, wanted.language),
    ):
        if value is not None:
            statement = statement.where(column == value)
    statement = statement.where(*list_rights_conditions(wanted.rights, respect_tdm=wanted.respect_tdm))
    if wanted.min_confidence is not None:
        statement = statement.where(Article.confidence >= wanted.min_confidence)
    return statement if wanted.include_duplicates else statement.where(Article.duplicate_of.is_(None))


def _list_day_conditions(number: ColumnElement[int], wanted: SearchFilter) -> Iterator[ColumnElement[bool]]:
    """Yield bounds of the numbers, by which the search stops early, and the exact days: each site has its time zone."""
    if wanted.since or wanted.until:
        yield number >= first_number_of(wanted.since or date.min)
    if wanted.until and wanted.until < date.max - DAY:
        yield number < first_number_of(wanted.until + 2 * DAY)
    # `= true` keeps the database from beginning with the index of the days, and then sorting.
    if wanted.since:
        yield (Article.published_on >= wanted.since) == true()
    if wanted.until:
        yield (Article.published_on <= wanted.until) == true()


def _select_sqlite(match: Match) -> tuple[Select[tuple[str]], ColumnElement[int]]:
    """Select on SQLite: FTS5 yields matches in the order of their numbers, and stops when enough are found."""
    statement = select(Article.id).select_from(INDEX).join(Searched, Searched.number == INDEX.c.rowid)
    is_match = INDEX.c[SQLITE_INDEX].op("MATCH")(render_match(match))
    return statement.where(is_match).order_by(INDEX.c.rowid.desc()), INDEX.c.rowid


def _select_postgresql(match: Match) -> tuple[Select[tuple[str]], ColumnElement[int]]:
    """Select on PostgreSQL: first the numbers of the candidates, from the index, then row by row in their order.

    The planner knows neither how rare a word is nor what decompressing a text costs, and would read all of them.
    """
    is_candidate = Searched.document.op("@@")(cast(render_candidates(match), TSQUERY))
    # Ordered by an expression: for the number itself, the planner would scan the primary key, and thus all articles.
    columns = select(Searched.number, (-Searched.number).label("age")).where(is_candidate).order_by("age")
    candidates = columns.cte("candidates").prefix_with("MATERIALIZED")
    statement = select(Article.id).select_from(candidates).join(Searched, Searched.number == candidates.c.number)
    if has_phrases(match):
        statement = statement.where(Searched.document.op("@@")(cast(render_tsquery(match), TSQUERY)))
    return statement.order_by(candidates.c.age), candidates.c.number


def read_hits(
    session: Session,
    query: SearchQuery | None,
    forms: Forms,
    found: Mapping[Any, SearchPart | None],
    key: QueryableAttribute[Any] = Article.id,
) -> list[SearchHit]:
    """Read the hits of these ids, or numbers, in their order. Without a query, there is nothing to mark in them."""
    columns = select(key.label("key"), *HIT_COLUMNS)
    if key is not Article.id:
        columns = columns.join(Searched, Searched.article_id == Article.id)
    rows = {row.key: row for row in execute_in(session, columns, key, found.keys())}
    sequences = {part: _list_sequences(query, forms, part) for part in TIER_ORDER}
    # An article may have been withdrawn since the search.
    return [_as_hit(rows[one], tier, sequences) for one, tier in found.items() if one in rows]


def _rank_by_relevance(hit: SearchHit) -> tuple[int, float, str]:
    """Sort by tier, newest first, then id: index numbers are in no order within a second."""
    return TIER_ORDER.index(hit.found_in), *_rank_by_age(hit)


def _rank_by_age(hit: SearchHit) -> tuple[float, str]:
    return -(hit.published_at or BEGINNING).timestamp(), hit.id


def _rank_by_time(hit: SearchHit) -> tuple[bool, float, str]:
    return hit.published_at is None, (hit.published_at or BEGINNING).timestamp(), hit.id


RANKS: Mapping[SearchOrder, Callable[[SearchHit], tuple[Any, ...]]] = {
    SearchOrder.RELEVANCE: _rank_by_relevance,
    SearchOrder.NEWEST: _rank_by_age,
    SearchOrder.OLDEST: _rank_by_time,
}
"""Sort keys of hits."""


def _list_sequences(query: SearchQuery | None, forms: Forms, part: SearchPart | None) -> list[WordSequence]:
    """Return the sequences to mark in a headline or a subtitle, or in the body for None."""
    terms = [term for group in (query.wanted if query else ()) for term in group if term.part in {None, part}]
    return [sequence for term in terms for sequence in expand_term(term, forms)]


def _as_hit(
    row: Row[Any], tier: SearchPart | None, sequences: Mapping[SearchPart | None, list[WordSequence]]
) -> SearchHit:
    snippet = cut_snippet(row.body, sequences[None])
    return SearchHit(
        id=row.id,
        url=row.url,
        kind=row.kind,
        headline=row.headline,
        headline_marks=find_marks(row.headline or "", sequences[SearchPart.HEADLINE]),
        subtitle=row.subtitle,
        subtitle_marks=find_marks(row.subtitle or "", sequences[SearchPart.SUBTITLE]),
        authors=tuple(row.authors),
        section=row.section,
        published_at=row.published_at,
        published_on=row.published_on,
        duplicate_of=row.duplicate_of,
        found_in=tier,
        snippet=snippet.text,
        snippet_marks=snippet.marks,
    )
