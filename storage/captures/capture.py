"""Capture rows: how far each WARC file is loaded, and which captures determine what the archive says.

A file's position is set in the transaction that stores what was read. The captures that determine the archive's
articles are the ones to reread when parsing rules change.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import accumulate
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
from storage.schema.tables import Article, Capture, Entry, Quarantine, Revision, RightsRow, Robots, WarcFile

OK = 200
"""HTTP status of a successful response."""


def find_page_capture(session: Session, key: str) -> CaptureRef | None:
    """Return a reference to the newest successful capture of a ledger entry."""
    newest = (
        select(Capture)
        .join(Entry, Capture.entry_id == Entry.id)
        .where(Entry.key == key, Capture.status.in_(SUCCESS_STATUSES), ~Capture.is_lost)
        .order_by(Capture.fetched_at.desc())
        .limit(1)
    )
    row = session.scalar(newest)
    return as_ref(row) if row else None


def list_article_captures(
    session: Session, article_id: str, companion_urls: Collection[str] = (), *, with_lost: bool = False
) -> list[CaptureSummary]:
    """List the captures of an article's pages, oldest first; of a text without a URL, those it was read from.

    `companion_urls`: where parts of its page are that belong to no entry (a live blog's posts); their captures are
    listed too. Captures that are known to be lost are left out unless `with_lost` is set.
    """
    is_own = or_(Capture.entry_id == Article.entry_id, Capture.id == Article.capture_id)
    found = set(session.scalars(select(Capture.id).join(Article, is_own).where(Article.id == article_id)))
    found |= set(session.scalars(select(Revision.capture_id).where(Revision.article_id == article_id)))
    if companion_urls:
        parts = select(Capture.id).where(Capture.entry_id.is_(None), Capture.url.in_(companion_urls))
        found |= set(session.scalars(parts))
    rows = select_in(session, select(Capture), Capture.id, found)
    return [
        _summarize(row)
        for row in sorted(rows, key=lambda row: (row.fetched_at, row.id))
        if with_lost or not row.is_lost
    ]


def find_capture(session: Session, ref: CaptureRef) -> CaptureSummary:
    """Return the capture at a location that an article names."""
    at_location = (Capture.warc == ref.warc, Capture.offset == ref.offset)
    return _summarize(session.scalars(select(Capture).where(*at_location)).one())


def _summarize(row: Capture) -> CaptureSummary:
    return CaptureSummary(
        ref=as_ref(row), url=row.url, fetched_at=row.fetched_at, status=row.status, media_type=row.media_type
    )


def list_robots_texts(session: Session) -> dict[str, str]:
    """Return URL of each robots.txt -> its text in the newest successful capture."""
    rows = (
        select(Capture.url, Robots.text)
        .join(Capture, Capture.id == Robots.capture_id)
        .where(Capture.status.in_(SUCCESS_STATUSES))
        .order_by(Capture.fetched_at)
    )
    return {url: text for url, text in session.execute(rows) if url}


def find_position(session: Session, name: str) -> int:
    """Return the byte before which every record of a file is stored; 0 for an unknown file."""
    row = session.get(WarcFile, name)
    return row.loaded_bytes if row else 0


def store_position(session: Session, name: str, position: int, cut_at: int | None = None) -> None:
    """Record how far a file is loaded, and where an incomplete last record starts (both in bytes)."""
    row = session.get(WarcFile, name)
    if row is None:
        session.add(WarcFile(name=name, loaded_bytes=position, cut_at=cut_at))
        return
    # A slower reader of the same file never sets it back.
    if position >= row.loaded_bytes:
        row.loaded_bytes, row.cut_at = position, cut_at


def list_positions(session: Session, names: Collection[str] | None = None) -> dict[str, int]:
    """Return file name -> position (bytes) of all known files, or of those among `names`."""
    positions = select(WarcFile.name, WarcFile.loaded_bytes)
    if names is None:
        return dict(session.execute(positions.order_by(WarcFile.name)).tuples().all())
    return {row[0]: row[1] for row in execute_in(session, positions, WarcFile.name, set(names))}


PART_COUNT = 128
"""Captures per query: small enough to keep each transaction short while the captures are read."""

CAPTURE_COLUMNS = (
    Capture.id,
    Capture.warc,
    Capture.offset,
    Capture.length,
    Capture.sha256,
    Capture.url,
    Capture.fetched_at,
)

STORED_PREFIX = "stored_"
STORED_NAMES = tuple(column.name for column in Article.__table__.c if column.name != "body")
"""Article columns that a rereading is compared with; bodies are compared by digest."""

STORED = tuple(getattr(Article, name).label(f"{STORED_PREFIX}{name}") for name in STORED_NAMES)

UNDECIDED_STATES = frozenset({State.PENDING, State.FAILED, State.GONE})
"""States in which a page may have been captured without yielding an article: current rules may find one."""


Position = tuple[str, int]
"""Where a record begins: WARC file and byte."""


class Sibling(NamedTuple):
    """Another successful capture of the same article: a live blog consists of its page and its posts."""

    ref: CaptureRef
    url: str | None
    fetched_at: datetime


class RereadingFilter(NamedTuple):
    """Which captures to reread; by default all of them."""

    since: date | None = None
    until: date | None = None
    """First and last publication day, both inclusive."""
    site: str | None = None
    """Only captures of this publisher's articles and URLs."""


EVERYTHING = RereadingFilter()


class Rereading(NamedTuple):
    """A capture to reread, with the article that is stored from it."""

    ref: CaptureRef
    url: str | None
    fetched_at: datetime
    key: str | None
    """The ledger entry's key; None for a text without a URL."""
    stored: Columns | None
    """The stored article's columns, without its body; None if there is no article."""
    siblings: tuple[Sibling, ...] = ()
    rights: Columns | None = None
    """What is stored of its statements about its use; None if it has not been read for that."""


def iterate_rereadings(
    session: Session,
    wanted: RereadingFilter = EVERYTHING,
    numbers: Collection[int] | None = None,
    within: tuple[Position, Position] | None = None,
) -> Iterator[Rereading]:
    """Yield the captures to reread, in WARC file order.

    These are the capture of each article and of each open quarantine row, and the newest successful capture of each
    URL that has neither. `numbers` limits them to these quarantine rows, `within` to those from one position to
    another (both inclusive).
    """
    statement = _select(wanted).order_by(Capture.warc, Capture.offset)
    if numbers is not None:
        statement = statement.where(Quarantine.id.in_(numbers))
    if within is not None:
        statement = statement.where(_is_from(within[0]), ~_is_after(within[1]))
    after: Position = ("", -1)
    while rows := session.execute(statement.where(_is_after(after)).limit(PART_COUNT)).all():
        yield from _as_rereadings(session, rows)
        after = (rows[-1].warc, rows[-1].offset)
        session.rollback()  # releases the snapshot, so that writers are not held up


def iterate_sections(
    session: Session, wanted: RereadingFilter, *, most_captures: int, most_bytes: int
) -> Iterator[tuple[Position, Position]]:
    """Yield where sections of the captures to reread begin and end (both inclusive), in WARC file order.

    A section ends after that many captures or bytes of records, whichever comes first, even in the middle of a file.
    """
    statement = _select(wanted).with_only_columns(Capture.warc, Capture.offset, Capture.length)
    statement = statement.order_by(Capture.warc, Capture.offset)
    after: Position = ("", -1)
    while rows := session.execute(statement.where(_is_after(after)).limit(most_captures)).all():
        session.rollback()  # releases the snapshot, so that writers are not held up
        sizes = accumulate(row.length for row in rows)
        count = max(1, sum(1 for size in sizes if size <= most_bytes))
        first, last = rows[0], rows[count - 1]
        after = (last.warc, last.offset)
        yield (first.warc, first.offset), after


def list_changed(session: Session, articles: Mapping[str, Read]) -> list[Rereading]:
    """Return the captures of the articles (by id) whose stored text or headline differs."""
    rows = select(Article.id, Article.content_sha256, Article.headline, Article.capture_id)
    found = execute_in(session, rows, Article.id, articles.keys())
    captures = {number for key, digest, headline, number in found if (digest, headline) != _content_of(articles[key])}
    # Selected by capture id, so the cost does not grow with the archive.
    return list(_as_rereadings(session, list(execute_in(session, _select(), Capture.id, captures))))


def list_undecided(session: Session, keys: Collection[str]) -> list[Rereading]:
    """Return the newest successful captures of these entries (by key) that still have no article."""
    rows = (
        select(Capture.id)
        .join(Entry, Entry.id == Capture.entry_id)
        .where(Capture.status.in_(SUCCESS_STATUSES), ~Capture.is_lost)
    )
    captures = set(select_in(session, rows, Entry.key, keys))
    return list(_as_rereadings(session, list(execute_in(session, _select(), Capture.id, captures))))


def list_rereadings(session: Session, refs: Collection[CaptureRef]) -> list[Rereading]:
    """Return the successful captures at these locations."""
    offsets: dict[str, set[int]] = defaultdict(set)
    for ref in refs:
        offsets[ref.warc].add(ref.offset)
    rows = [
        row
        for warc, found in offsets.items()
        for row in execute_in(session, _select_rows().where(Capture.warc == warc), Capture.offset, found)
    ]
    return list(_as_rereadings(session, rows))


def list_related(session: Session, article_ids: Collection[str]) -> list[Rereading]:
    """Return every successful capture that one of these articles may be read from, without what is stored."""
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


def _content_of(article: Read) -> tuple[str, str | None]:
    return article.content_sha256, article.headline


def list_sources(session: Session) -> list[Rereading]:
    """Return the successful captures that belong to no entry, sources included, in the order of fetching."""
    rows = session.execute(select(*CAPTURE_COLUMNS).where(*_of_no_entry()).order_by(Capture.fetched_at, Capture.id))
    return [Rereading(_as_ref(row), row.url, row.fetched_at, None, None) for row in rows]


def _of_no_entry() -> Sequence[ColumnElement[bool]]:
    return (
        Capture.entry_id.is_(None),
        Capture.url.is_not(None),
        Capture.status.in_(SUCCESS_STATUSES),
        ~Capture.is_lost,
    )


def list_companions(session: Session, recognize: Callable[[str], str | None]) -> dict[str, list[Sibling]]:
    """Return record id -> captures that are part of its page (a live blog's posts) but belong to no entry.

    `recognize` returns the record id that a URL is a part of, or None.
    """
    found: dict[str, list[Sibling]] = defaultdict(list)
    rows = select(*CAPTURE_COLUMNS).where(*_of_no_entry())
    for row in session.execute(rows.execution_options(yield_per=PART_COUNT)):
        if key := recognize(row.url):
            found[key].append(Sibling(_as_ref(row), row.url, row.fetched_at))
    return dict(found)


def count_rereadings(session: Session, wanted: RereadingFilter = EVERYTHING) -> int:
    """Return how many captures `iterate_rereadings` yields."""
    found = _select(wanted).with_only_columns(Capture.id).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _select_rows() -> Select[Any]:
    """Select successful captures, each with its article and open quarantine row."""
    is_open = and_(Quarantine.capture_id == Capture.id, Quarantine.resolved_at.is_(None))
    return (
        select(
            *CAPTURE_COLUMNS,
            Capture.entry_id.label("entry"),
            Entry.key,
            Quarantine.id.label("number"),
            RightsRow.stated.label("rights"),
            *STORED,
        )
        .outerjoin(Article, Article.capture_id == Capture.id)
        .outerjoin(Quarantine, is_open)
        .outerjoin(Entry, Entry.id == Capture.entry_id)
        .outerjoin(RightsRow, RightsRow.capture_id == Capture.id)
        .where(Capture.status.in_(SUCCESS_STATUSES))
    )


def _select(wanted: RereadingFilter = EVERYTHING) -> Select[Any]:
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
        .where(_is_published(wanted.since, wanted.until), _is_of_site(wanted.site))
    )


def _is_published(since: date | None, until: date | None) -> ColumnElement[bool]:
    if since is None and until is None:
        return true()
    bounds = [Article.published_on >= since if since else None, Article.published_on <= until if until else None]
    is_article_within = and_(*(bound for bound in bounds if bound is not None))
    return or_(is_article_within, and_(Article.id.is_(None), Entry.id.is_not(None), is_within(since, until)))


def _is_of_site(site: str | None) -> ColumnElement[bool]:
    """Whether the article is of this site or, where there is none, the URL is: a text without a URL may have a site."""
    if site is None:
        return true()
    return or_(Article.site == site, and_(Article.id.is_(None), Entry.site == site))


def _is_after(position: Position) -> ColumnElement[bool]:
    return tuple_(Capture.warc, Capture.offset) > tuple_(*map(literal, position))


def _is_from(position: Position) -> ColumnElement[bool]:
    return tuple_(Capture.warc, Capture.offset) >= tuple_(*map(literal, position))


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
            rights=row.rights,
        )


def _has_parts(row: Row[Any]) -> bool:
    """Whether the capture may be one part of a page: of a live blog, or of no article by itself."""
    return row.key is not None and getattr(row, f"{STORED_PREFIX}kind") in {Kind.LIVE, None}


def _list_siblings(session: Session, entries: Collection[int]) -> dict[int, list[Sibling]]:
    found: dict[int, list[Sibling]] = defaultdict(list)
    statement = select(*CAPTURE_COLUMNS, Capture.entry_id.label("entry")).where(
        Capture.status.in_(SUCCESS_STATUSES), ~Capture.is_lost
    )
    for row in execute_in(session, statement, Capture.entry_id, entries):
        found[row.entry].append(Sibling(_as_ref(row), row.url, row.fetched_at))
    return found


def _as_ref(row: Row[Any]) -> CaptureRef:
    return CaptureRef(warc=row.warc, offset=row.offset, length=row.length, sha256=row.sha256)
