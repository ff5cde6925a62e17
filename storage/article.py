"""Articles as the archive gives them: one by id or address, and all of them in a fixed order."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from schemas.article import ArticleRecord, Image
from schemas.capture import CaptureRef
from schemas.model import Count, NonEmpty, Record
from storage.batch import select_in
from storage.tables import Alias, Article, Capture

PARTITION_COUNT = 200
"""Articles held at a time while streaming: a MB or two, and one statement for all their aliases."""


class ArticleFilter(Record):
    """Which articles: everything that is given must hold."""

    since: date | None = None
    """Published on this day (in Moscow) or later. With a day given, articles without a date are left out."""
    until: date | None = None
    """Published on this day (in Moscow) or before."""
    site: NonEmpty | None = None
    section: NonEmpty | None = None
    include_duplicates: bool = False


class ArticleCount(Record):
    """Articles in the archive."""

    article_count: Count
    """Without duplicates: what an export has by default."""
    duplicate_count: Count


def find_article(session: Session, id_or_url: str) -> ArticleRecord | None:
    """The article of a record id, or of any address of it in its canonical spelling."""
    rows = select(Article).options(joinedload(Article.capture))
    row = session.scalar(rows.where(Article.id == id_or_url))
    if row is None:
        by_alias = rows.join(Alias, Alias.entry_id == Article.entry_id).where(Alias.url == id_or_url)
        row = session.scalar(by_alias)
    return next(_as_records(session, [row]), None) if row else None


def count_articles(session: Session) -> ArticleCount:
    """How many articles are stored, imported ones too."""
    count, duplicate_count = session.execute(select(func.count(), func.count(Article.duplicate_of))).one()
    return ArticleCount(article_count=count - duplicate_count, duplicate_count=duplicate_count)


def list_duplicates(session: Session, article_id: str) -> list[str]:
    """The ids of the articles that are duplicates of this one."""
    return list(session.scalars(select(Article.id).where(Article.duplicate_of == article_id).order_by(Article.id)))


def iterate_articles(session: Session, wanted: ArticleFilter | None = None) -> Iterator[ArticleRecord]:
    """The articles by publication time, those without one last, and by id within the same time."""
    wanted = wanted or ArticleFilter()
    # Two walks along the index: one ORDER BY with the dateless ones last would sort all the bodies on disk.
    dated = select(Article).where(Article.published_at.is_not(None)).order_by(Article.published_at, Article.id)
    yield from _stream(session, _narrow(dated, wanted))
    if wanted.since is None and wanted.until is None:
        dateless = select(Article).where(Article.published_at.is_(None)).order_by(Article.id)
        yield from _stream(session, _narrow(dateless, wanted))


def _narrow(statement: Select[Article], wanted: ArticleFilter) -> Select[Article]:
    if wanted.since:
        statement = statement.where(Article.published_on >= wanted.since)
    if wanted.until:
        statement = statement.where(Article.published_on <= wanted.until)
    if wanted.site:
        statement = statement.where(Article.site == wanted.site)
    if wanted.section:
        statement = statement.where(Article.section == wanted.section)
    if not wanted.include_duplicates:
        statement = statement.where(Article.duplicate_of.is_(None))
    return statement.options(joinedload(Article.capture))


def _stream(session: Session, statement: Select[Article]) -> Iterator[ArticleRecord]:
    result = session.scalars(statement.execution_options(yield_per=PARTITION_COUNT))
    for rows in result.partitions():
        yield from _as_records(session, rows)


def _as_records(session: Session, rows: Sequence[Article]) -> Iterator[ArticleRecord]:
    entry_ids = {row.entry_id for row in rows if row.entry_id is not None}
    urls: dict[int, list[str]] = defaultdict(list)
    for alias in select_in(session, select(Alias), Alias.entry_id, entry_ids):
        urls[alias.entry_id].append(alias.url)
    for row in rows:
        others = [] if row.entry_id is None else [url for url in urls[row.entry_id] if url != row.url]
        yield _as_record(row, tuple(sorted(others)))


def _as_record(row: Article, aliases: tuple[str, ...]) -> ArticleRecord:
    return ArticleRecord(
        id=row.id,
        site=row.site,
        edition=row.edition,
        language=row.language,
        url=row.url,
        kind=row.kind,
        headline=row.headline,
        subtitle=row.subtitle,
        authors=tuple(row.authors),
        agencies=tuple(row.agencies),
        section=row.section,
        tags=tuple(row.tags),
        published_at=row.published_at,
        modified_at=row.modified_at,
        fetched_at=row.fetched_at,
        body=row.body,
        word_count=row.word_count,
        images=tuple(Image(**image) for image in row.images),
        content_sha256=row.content_sha256,
        extractor=row.extractor,
        # PostgreSQL keeps the keys of a document in an order of its own.
        sources=dict(sorted(row.sources.items())),
        flags=tuple(row.flags),
        capture=as_ref(row.capture),
        aliases=aliases,
        first_seen_at=row.first_seen_at,
        revision=row.revision,
        duplicate_of=row.duplicate_of,
        duplicate_kind=row.duplicate_kind,
        similarity=row.similarity,
    )


def as_ref(row: Capture) -> CaptureRef:
    """Where a stored capture lies."""
    return CaptureRef(warc=row.warc, offset=row.offset, length=row.length, sha256=row.sha256)
