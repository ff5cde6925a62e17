"""Captures as rows: how far each WARC file is loaded, and which captures decide what the archive says today.

How far is set in the transaction that stores what was read. What decides is what is to be read again when the rules of
reading change.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from schemas.article import Article as Read
from schemas.article import Kind
from schemas.capture import SUCCESS_STATUSES, CaptureRef, CaptureSummary
from schemas.outcome import State
from storage.articles.article import as_ref
from storage.ledger.frontier import is_within
from storage.ledger.unit_of_work import Columns, execute_in, select_in
from storage.schema.tables import Article, Capture, Entry, Quarantine, Robots, WarcFile

OK = 200
"""The HTTP status of an answer that has what was asked for."""


def find_imported_digests(session: Session, digests: Collection[str]) -> set[str]:
    """Those of the SHA-256 digests that an imported file has; what was fetched is no file, though as empty as one.

    A file whose capture is lost is not known: it can be imported again.
    """
    imported = select(Capture.sha256).where(Capture.url.is_(None), ~Capture.is_lost)
    return set(select_in(session, imported, Capture.sha256, digests))


def find_page_capture(session: Session, key: str) -> CaptureRef | None:
    """Where the newest whole answer for an entry of the ledger lies."""
    newest = (
        select(Capture)
        .join(Entry, Capture.entry_id == Entry.id)
        .where(Entry.key == key, Capture.status.in_(SUCCESS_STATUSES), ~Capture.is_lost)
        .order_by(Capture.fetched_at.desc())
        .limit(1)
    )
    row = session.scalar(newest)
    return as_ref(row) if row else None


def list_article_captures(session: Session, article_id: str) -> list[CaptureSummary]:
    """List the captures of an article's pages, oldest first; of a text without a URL, the one it was read from.

    Captures that are known to be lost are left out.
    """
    is_own = or_(Capture.entry_id == Article.entry_id, Capture.id == Article.capture_id)
    rows = session.scalars(
        select(Capture)
        .join(Article, is_own)
        .where(Article.id == article_id, ~Capture.is_lost)
        .order_by(Capture.fetched_at, Capture.id)
    )
    return [
        CaptureSummary(
            ref=as_ref(row), url=row.url, fetched_at=row.fetched_at, status=row.status, media_type=row.media_type
        )
        for row in rows
    ]


def list_robots_texts(session: Session) -> dict[str, str]:
    """Address of each robots.txt -> what it said when it was last there."""
    rows = (
        select(Capture.url, Robots.text)
        .join(Capture, Capture.id == Robots.capture_id)
        .where(Capture.status.in_(SUCCESS_STATUSES))
        .order_by(Capture.fetched_at)
    )
    return {url: text for url, text in session.execute(rows) if url}


def find_position(session: Session, name: str) -> int:
    """Every record of this file before this byte is stored; 0 for a file that is not known."""
    row = session.get(WarcFile, name)
    return row.loaded_bytes if row else 0


def store_position(session: Session, name: str, position: int, cut_at: int | None = None) -> None:
    """Note how far a file was loaded, and where an incomplete last record starts."""
    row = session.get(WarcFile, name)
    if row is None:
        session.add(WarcFile(name=name, loaded_bytes=position, cut_at=cut_at))
        return
    # A slower reader of the same file never sets it back.
    if position >= row.loaded_bytes:
        row.loaded_bytes, row.cut_at = position, cut_at


def list_positions(session: Session, names: Collection[str] | None = None) -> dict[str, int]:
    """File name -> position, for every known file; with names given, only for those of them that are known."""
    positions = select(WarcFile.name, WarcFile.loaded_bytes)
    if names is None:
        return dict(session.execute(positions.order_by(WarcFile.name)).tuples().all())
    return {row[0]: row[1] for row in execute_in(session, positions, WarcFile.name, set(names))}


PART_COUNT = 128
"""Captures that are asked for at a time: these are read while the next are looked up, and no transaction is long."""

PLACE = (Capture.id, Capture.warc, Capture.offset, Capture.length, Capture.sha256, Capture.url, Capture.fetched_at)

STORED_PREFIX = "stored_"
STORED_NAMES = tuple(column.name for column in Article.__table__.c if column.name != "body")
"""What a reading is compared with: bodies by their digests."""

STORED = tuple(getattr(Article, name).label(f"{STORED_PREFIX}{name}") for name in STORED_NAMES)

UNDECIDED_STATES = frozenset({State.PENDING, State.FAILED, State.GONE})
"""A page was answered and no article came of it: today's rules may find one."""


class Sibling(NamedTuple):
    """Another whole answer of the same article: a live blog is its page and its posts."""

    ref: CaptureRef
    url: str | None
    fetched_at: datetime


class Rereading(NamedTuple):
    """A capture to be read again, with what the archive made of it."""

    ref: CaptureRef
    url: str | None
    fetched_at: datetime
    key: str | None
    """The ledger's; None for a text without a URL."""
    stored: Columns | None
    """The article that was read from it, by column, without its body; None where none was."""
    siblings: tuple[Sibling, ...] = ()


def iterate_rereadings(
    session: Session,
    since: date | None = None,
    until: date | None = None,
    numbers: Collection[int] | None = None,
) -> Iterator[Rereading]:
    """What is to be read again, in the order in which it lies in the WARC files.

    The capture of each article, of each open quarantine row, and the newest whole answer of each URL that has
    neither. With a day given, of what was published then (both inclusive, Moscow time); with `numbers`, of these
    quarantine rows alone.
    """
    statement = _select(since, until).order_by(Capture.warc, Capture.offset)
    if numbers is not None:
        statement = statement.where(Quarantine.id.in_(numbers))
    after: tuple[str, int] = ("", -1)
    while rows := session.execute(statement.where(_lies_after(after)).limit(PART_COUNT)).all():
        yield from _as_rereadings(session, rows)
        after = (rows[-1].warc, rows[-1].offset)
        session.rollback()  # gives the snapshot back: whoever writes meanwhile is not held up


def list_changed(session: Session, articles: Mapping[str, Read]) -> list[Rereading]:
    """The captures of those of the articles, by id, that are stored with another text or headline."""
    rows = select(Article.id, Article.content_sha256, Article.headline, Article.capture_id)
    found = execute_in(session, rows, Article.id, articles.keys())
    captures = {number for key, digest, headline, number in found if (digest, headline) != _tell(articles[key])}
    # Found by their own numbers: that costs nothing for whatever else is stored.
    return list(_as_rereadings(session, list(execute_in(session, _select(), Capture.id, captures))))


def list_waiting(session: Session, keys: Collection[str]) -> list[Rereading]:
    """The newest whole answers of these entries, by key, that wait for an article though they have one."""
    rows = (
        select(Capture.id)
        .join(Entry, Entry.id == Capture.entry_id)
        .where(Capture.status.in_(SUCCESS_STATUSES), ~Capture.is_lost)
    )
    captures = set(select_in(session, rows, Entry.key, keys))
    return list(_as_rereadings(session, list(execute_in(session, _select(), Capture.id, captures))))


def list_related(session: Session, article_ids: Collection[str]) -> list[Rereading]:
    """Every whole answer that one of these articles may have been read from, as if nothing had been."""
    own = select(Capture.id).join(Article, Article.capture_id == Capture.id)
    others = (
        select(Capture.id)
        .join(Article, Article.entry_id == Capture.entry_id)
        .where(Capture.status.in_(SUCCESS_STATUSES))
    )
    captures = {
        *select_in(session, own.where(~Capture.is_lost), Article.id, article_ids),
        *select_in(session, others.where(~Capture.is_lost), Article.id, article_ids),
    }
    rows = list(execute_in(session, _select_rows(), Capture.id, captures))
    return [one._replace(stored=None) for one in _as_rereadings(session, rows)]


def _tell(article: Read) -> tuple[str, str | None]:
    return article.content_sha256, article.headline


def list_sources(session: Session) -> list[Rereading]:
    """The whole answers of what is no page of an entry, sources among them, in the order in which they came."""
    rows = session.execute(select(*PLACE).where(*_of_no_entry()).order_by(Capture.fetched_at, Capture.id))
    return [Rereading(_as_ref(row), row.url, row.fetched_at, None, None) for row in rows]


def _of_no_entry() -> Sequence[ColumnElement[bool]]:
    return (
        Capture.entry_id.is_(None),
        Capture.url.is_not(None),
        Capture.status.in_(SUCCESS_STATUSES),
        ~Capture.is_lost,
    )


def list_companions(session: Session, recognize: Callable[[str], str | None]) -> dict[str, list[Sibling]]:
    """Record id -> the captures that are a part of its page (a live blog's posts) and belong to no entry themselves.

    `recognize` answers whose part a URL is.
    """
    found: dict[str, list[Sibling]] = defaultdict(list)
    rows = select(*PLACE).where(*_of_no_entry())
    for row in session.execute(rows.execution_options(yield_per=PART_COUNT)):
        if key := recognize(row.url):
            found[key].append(Sibling(_as_ref(row), row.url, row.fetched_at))
    return dict(found)


def count_rereadings(session: Session, since: date | None = None, until: date | None = None) -> int:
    """How many those are."""
    wanted = _select(since, until).with_only_columns(Capture.id).subquery()
    return session.scalar(select(func.count()).select_from(wanted)) or 0


def _select_rows() -> Select[Any]:
    """Whole answers, with the article and the open quarantine row of each."""
    is_open = and_(Quarantine.capture_id == Capture.id, Quarantine.resolved_at.is_(None))
    return (
        select(*PLACE, Capture.entry_id.label("entry"), Entry.key, Quarantine.id.label("number"), *STORED)
        .outerjoin(Article, Article.capture_id == Capture.id)
        .outerjoin(Quarantine, is_open)
        .outerjoin(Entry, Entry.id == Capture.entry_id)
        .where(Capture.status.in_(SUCCESS_STATUSES))
    )


def _select(since: date | None = None, until: date | None = None) -> Select[Any]:
    newer = aliased(Capture)
    is_overtaken = (
        select(newer.id)
        .where(
            newer.entry_id == Capture.entry_id,
            newer.status.in_(SUCCESS_STATUSES),
            newer.fetched_at > Capture.fetched_at,
        )
        .where(~newer.is_lost)
        .exists()
    )
    is_undecided = and_(Entry.state.in_(UNDECIDED_STATES), ~is_overtaken, ~Capture.is_lost)
    return (
        _select_rows()
        .where(or_(Article.id.is_not(None), Quarantine.id.is_not(None), is_undecided))
        .where(_is_published(since, until))
    )


def _is_published(since: date | None, until: date | None) -> ColumnElement[bool]:
    if since is None and until is None:
        return true()
    bounds = [Article.published_on >= since if since else None, Article.published_on <= until if until else None]
    is_article_within = and_(*(bound for bound in bounds if bound is not None))
    return or_(is_article_within, and_(Article.id.is_(None), Entry.id.is_not(None), is_within(since, until)))


def _lies_after(place: tuple[str, int]) -> ColumnElement[bool]:
    return tuple_(Capture.warc, Capture.offset) > tuple_(*map(literal, place))


def _as_rereadings(session: Session, rows: Sequence[Row[Any]]) -> Iterator[Rereading]:
    blogs = {row.entry for row in rows if row.entry is not None and _has_parts(row)}
    siblings = _list_siblings(session, blogs)
    for row in rows:
        stored = {name: getattr(row, f"{STORED_PREFIX}{name}") for name in STORED_NAMES}
        yield Rereading(
            ref=_as_ref(row),
            url=row.url,
            fetched_at=row.fetched_at,
            key=row.key,
            stored=stored if stored["id"] else None,
            siblings=tuple(one for one in siblings[row.entry] if one.ref != _as_ref(row)) if row.entry in blogs else (),
        )


def _has_parts(row: Row[Any]) -> bool:
    """Whether it may be one part of a page: a live blog's, or one that is no article by itself."""
    return row.key is not None and getattr(row, f"{STORED_PREFIX}kind") in {Kind.LIVE, None}


def _list_siblings(session: Session, entries: Collection[int]) -> dict[int, list[Sibling]]:
    found: dict[int, list[Sibling]] = defaultdict(list)
    statement = select(*PLACE, Capture.entry_id.label("entry")).where(
        Capture.status.in_(SUCCESS_STATUSES), ~Capture.is_lost
    )
    for row in execute_in(session, statement, Capture.entry_id, entries):
        found[row.entry].append(Sibling(_as_ref(row), row.url, row.fetched_at))
    return found


def _as_ref(row: Row[Any]) -> CaptureRef:
    return CaptureRef(warc=row.warc, offset=row.offset, length=row.length, sha256=row.sha256)
