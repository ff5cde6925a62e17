"""The stored rows for a batch of outcomes: loaded in a few statements, changed in memory, written at once.

Rows that change are objects; rows that are only added are plain mappings until they are written, thousands in one
statement, which is twice as fast. Call `write` before any query in between.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import Row, Select, any_, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import QueryableAttribute, Session, defer, joinedload, make_transient_to_detached

from schemas.capture import CaptureRef
from schemas.outcome import ArticleRead, CaptureQuarantined, FetchForbidden, Outcome, Redirected, Seen, State, Unchanged
from schemas.schedule import STANDARD_PLAN, RevisitPlan
from schemas.table import ROW_MEDIA_TYPE
from schemas.url import Identity
from storage.articles.terms import ReadTerms
from storage.bulk import insert_mappings
from storage.ledger.parallel import ParallelWriter
from storage.ledger.publication_date import is_month, month_of, publication_day, publication_time
from storage.schema.tables import Alias, Article, Base, Capture, Entry, Quarantine, Revision, Sighting, Validator

IN_COUNT = 500
"""Values in one IN list: far below SQLite's limit of 32,766 variables, and planned quickly by PostgreSQL."""

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

CHANGING = ("id", "first_seen_at", "last_seen_at")
"""The id of a sighting's row, and the columns that a repeated sighting changes."""

Entity = TypeVar("Entity")
Found = TypeVar("Found", bound=tuple[Any, ...])
Columns = dict[str, Any]


@dataclass(slots=True)
class UnitOfWork:
    """The rows that a batch of outcomes touches, by the keys that outcomes use."""

    session: Session
    run_id: str | None
    now: datetime
    plan: RevisitPlan = STANDARD_PLAN
    entries: dict[str, Entry] = field(default_factory=dict)
    """By key."""
    owners: dict[str, Entry] = field(default_factory=dict)
    """URL -> the entry that has it as an alias."""
    identities: Sequence[Identity] = ()
    """The identities whose entries were looked up, found or not."""
    keys: set[str] = field(default_factory=set)
    """The keys of `identities`."""
    urls: set[str] = field(default_factory=set)
    """The URLs whose owners were looked up, those of `identities` included."""
    captures: set[tuple[str, int]] = field(default_factory=set)
    """File and offset of the captures that are stored already."""
    articles: dict[str, Article] = field(default_factory=dict)
    """By id, without their bodies; not those that are still to be written."""
    lost_captures: set[int] = field(default_factory=set)
    """Ids of the captures of `articles` that are lost: another capture replaces them."""
    row_captures: set[int] = field(default_factory=set)
    """Ids of the captures that are rows of imported tables: of `articles`, and of those that are stored."""
    open_rows: dict[str, list[Quarantine]] = field(default_factory=lambda: defaultdict(list))
    """Open quarantine rows by the entry's key; without an entry, by the digest of the capture."""
    new_entries: list[Entry] = field(default_factory=list)
    """Entries to insert: they are the session's from then on."""
    new_rows: dict[type[Base], list[Columns]] = field(default_factory=lambda: defaultdict(list))
    """Rows to insert."""
    new_articles: dict[str, Columns] = field(default_factory=dict)
    """Articles that were added, and not looked up since, with all columns as they are stored."""
    added_article_ids: set[str] = field(default_factory=set)
    """All articles that were added."""
    former_texts: dict[str, str | None] = field(default_factory=dict)
    """Article whose text is new -> digest of its text before this batch; None if the article is new."""
    withdrawn: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """Article that was withdrawn before -> its last version's number, and when that was fetched."""
    changed_sightings: dict[int, Columns] = field(default_factory=dict)
    """Sightings to update, by id."""
    validators: dict[str, Columns] = field(default_factory=dict)
    """Validators of the fetched URLs, by URL."""
    changed_validators: set[str] = field(default_factory=set)
    """URLs whose validators are to be written or deleted."""
    seen_rights: dict[int, Seen] = field(default_factory=dict)
    """Capture id -> the capture, if it says something about its use that is to be stored."""
    capture_count: int = 0
    """Captures that were not stored before."""
    page_count: int = 0
    """Those of them that belong to an entry."""
    redactions: dict[str, str] = field(default_factory=dict)
    """Key of a redacted article -> id of its redaction; of the keys that the outcomes have."""
    terms: ReadTerms = field(default_factory=ReadTerms)
    """What the articles are found by, where readers have made that."""
    has_merged: bool = False
    """Whether entries were merged."""
    parallel: ParallelWriter | None = None
    """The locks of this transaction; None if no other writes at the same time."""
    _ids: dict[type[Base], Iterator[int]] = field(default_factory=dict)

    @property
    def touched_ids(self) -> set[str]:
        """The ids of all articles that this batch concerns, withdrawn ones included."""
        return self.articles.keys() | self.added_article_ids | self.former_texts.keys()

    def is_ahead(self, at: datetime) -> bool:
        """Whether a time is so far ahead that the clock that recorded it must be wrong."""
        return at > self.now + self.plan.longest_wait

    def sort_key(self, at: datetime) -> datetime:
        """Return a time for comparisons: one recorded by a wrong clock sorts before all others."""
        return BEFORE_ALL if self.is_ahead(at) else at

    def next_id(self, table: type[Alias | Capture | Entry | Quarantine | Sighting]) -> int:
        """Return the id of a new row, which no other transaction gets."""
        if table not in self._ids:
            self._ids[table] = self._iterate_ids(table)
        return next(self._ids[table])

    def _iterate_ids(self, table: type[Alias | Capture | Entry | Quarantine | Sighting]) -> Iterator[int]:
        if self.parallel:
            return self.parallel.iterate_ids(table.__tablename__)
        return count((self.session.scalar(select(func.max(table.id))) or 0) + 1)

    def write(self) -> None:
        """Write all new and changed rows, so that queries see them."""
        self.session.flush()
        self._insert_entries()
        for table, rows in self.new_rows.items():
            insert_mappings(self.session.connection(), Base.metadata.tables[table.__tablename__], rows)
        if self.changed_sightings:
            changes = [{name: row[name] for name in CHANGING} for row in self.changed_sightings.values()]
            self.session.execute(update(Sighting), changes)
        if self.changed_validators:
            self._write_validators()
        self.new_rows.clear()
        self.changed_sightings.clear()
        self.changed_validators.clear()

    def _insert_entries(self) -> None:
        """Insert the new entries as rows, which takes a third of the time that the session would take."""
        if not self.new_entries:
            return
        table = Base.metadata.tables[Entry.__tablename__]
        insert_mappings(self.session.connection(), table, list(map(vars, self.new_entries)))
        for entry in self.new_entries:
            make_transient_to_detached(entry)
        self.session.add_all(self.new_entries)
        self.new_entries.clear()

    def _write_validators(self) -> None:
        changed = sorted(self.changed_validators)
        for start in range(0, len(changed), IN_COUNT):
            self.session.execute(delete(Validator).where(Validator.url.in_(changed[start : start + IN_COUNT])))
        if rows := [self.validators[url] for url in changed if url in self.validators]:
            self.session.execute(insert(Validator), rows)

    def make_part(self) -> "UnitOfWork":
        """Write this batch, and return an empty one in the same run and transaction."""
        self.write()
        return UnitOfWork(self.session, self.run_id, self.now, self.plan, _ids=self._ids)

    def is_known(self, ref: CaptureRef) -> bool:
        """Whether this capture is stored already."""
        return (ref.warc, ref.offset) in self.captures

    def find_entry(self, identity: Identity) -> Entry | None:
        """Return the entry of a URL: by its key, else by its alias (after a merge, or under another key)."""
        return self.entries.get(identity.key) or self.owners.get(identity.url)

    def ensure_entry(self, identity: Identity, at: datetime) -> Entry:
        """Return the entry of a URL, adding it if needed: as `pending`, or `excluded` by the URL's rule."""
        entry = self.find_entry(identity) or self.add_entry(identity, at)
        record_first_seen(entry, at)
        if identity.url not in self.owners:
            self.add_alias(identity.url, entry, at)
        return entry

    def add_entry(self, identity: Identity, at: datetime) -> Entry:
        """Add an entry under the identity's key, without an alias yet; unless it is excluded, it is due at once."""
        entry = Entry(
            id=self.next_id(Entry),
            key=identity.key,
            site=identity.site,
            edition=identity.edition,
            record_id=identity.id,
            url=identity.url,
            url_at=at,
            state=State.EXCLUDED if identity.rule else State.PENDING,
            state_at=at,
            rule=identity.rule,
            attempts=0,
            next_try_at=None if identity.rule else min(at, self.now),
            first_seen_at=at,
        )
        self.new_entries.append(entry)
        self.entries[entry.key] = entry
        return entry

    def add_alias(self, url: str, entry: Entry, at: datetime) -> None:
        """Add an alias of an entry."""
        self.owners[url] = entry
        row = {"id": self.next_id(Alias), "url": url, "entry_id": entry.id, "first_seen_at": at}
        self.new_rows[Alias].append(row | {"advertised_site": None})

    def add_capture(self, seen: Seen, entry: Entry | None) -> int:
        """Add a capture; return its id."""
        self.captures.add((seen.ref.warc, seen.ref.offset))
        self.capture_count += 1
        self.page_count += entry is not None
        capture_id = self.next_id(Capture)
        if seen.media_type == ROW_MEDIA_TYPE:
            self.row_captures.add(capture_id)
        if seen.rights:
            self.seen_rights[capture_id] = seen
        row = {
            "id": capture_id,
            "warc": seen.ref.warc,
            "offset": seen.ref.offset,
            "length": seen.ref.length,
            "sha256": seen.ref.sha256,
            "url": seen.url,
            "status": seen.status,
            "fetched_at": seen.fetched_at,
            "media_type": seen.media_type,
            "entry_id": entry.id if entry else None,
            "run_id": self.run_id,
        }
        self.new_rows[Capture].append(row)
        return capture_id

    def resolve(self, key: str) -> None:
        """Close the open quarantine rows of an entry's key, or of a capture's digest."""
        for row in self.open_rows.pop(key, []):
            row.resolved_at = self.now


def load_batch(
    session: Session,
    outcomes: Sequence[Outcome],
    *,
    run_id: str | None,
    now: datetime,
    plan: RevisitPlan = STANDARD_PLAN,
    parallel: ParallelWriter | None = None,
) -> UnitOfWork:
    """Load all stored rows that the outcomes refer to.

    Raises:
        WritersCollided: an entry is among them that this transaction has not locked.
    """
    batch = UnitOfWork(session, run_id, now, plan, terms=ReadTerms(outcomes), parallel=parallel)
    load_urls(batch, [identity for outcome in outcomes for identity in _identities(outcome)], _urls(outcomes))
    if parallel:
        parallel.audit(batch.entries)
    _load_captures(batch, outcomes)
    _load_articles(batch, outcomes)
    _load_validators(batch, outcomes)
    return batch


def seen_of(outcome: Outcome) -> Seen | None:
    """Return the outcome's capture, if it has one."""
    return None if isinstance(outcome, FetchForbidden) else outcome.seen


def record_first_seen(entry: Entry, at: datetime) -> None:
    """Record when an entry was first seen, if that is earlier than known."""
    entry.first_seen_at = min(entry.first_seen_at, at)


def record_publication_time(entry: Entry, published_at: datetime | None, offset: str | None = None) -> None:
    """Set an entry's publication time; one without a zone, or without a calendar day, is ignored.

    `offset` is the UTC offset that the page gives with it. It may move the day of a time that is known already.
    """
    at = publication_time(published_at)
    day = publication_day(at, entry.site, offset)
    if at and (at != entry.published_at or day != publication_day(at, entry.site, None)):
        entry.published_at, entry.published_on = at, day
        entry.published_month = month_of(day) if day else None


def record_publication_day(entry: Entry, day: date | None, month: str | None) -> None:
    """Set the publication day named by the URL, else the month it was advertised in, where no time is known."""
    if entry.published_on is None and day:
        entry.published_on, entry.published_month = day, month_of(day)
    if entry.published_month is None and month and is_month(month):
        entry.published_month = month


def _identities(outcome: Outcome) -> Iterator[Identity]:
    """Yield the identities of pages; advertised URLs are looked up later, in batches, when they are stored."""
    identity: Identity | None = getattr(outcome, "identity", None)
    if identity:
        yield identity
    if isinstance(outcome, Redirected):
        yield outcome.target


def _urls(outcomes: Sequence[Outcome]) -> set[str]:
    read = [item for item in outcomes if isinstance(item, ArticleRead)]
    named = {url for item in read for url in (item.article.url, *item.aliases) if url}
    return _fetched_urls(outcomes) | named


def _fetched_urls(outcomes: Sequence[Outcome]) -> set[str]:
    return {seen.url for seen in map(seen_of, outcomes) if seen and seen.url}


def load_urls(batch: UnitOfWork, identities: Sequence[Identity], urls: set[str]) -> None:
    """Load the rows of these URLs in place of those loaded before; the batch must have nothing left to write."""
    session = batch.session
    batch.identities, batch.keys = identities, {identity.key for identity in identities}
    batch.urls = urls | {identity.url for identity in identities}
    by_id = {row.id: row for row in select_in(session, select(Entry), Entry.key, batch.keys)}
    aliases = select(Alias.url, Alias.entry_id)
    owners = {row.url: row.entry_id for row in execute_in(session, aliases, Alias.url, batch.urls)}
    others = set(owners.values()) - by_id.keys()
    by_id |= {row.id: row for row in select_in(session, select(Entry), Entry.id, others)}
    batch.entries = {row.key: row for row in by_id.values()}
    batch.owners = {url: by_id[entry_id] for url, entry_id in owners.items()}
    for entry in batch.entries:
        batch.open_rows.pop(entry, None)
    is_open = select(Quarantine).where(Quarantine.resolved_at.is_(None))
    for row in select_in(session, is_open, Quarantine.entry_id, by_id.keys()):
        batch.open_rows[by_id[row.entry_id or 0].key].append(row)


def _load_captures(batch: UnitOfWork, outcomes: Sequence[Outcome]) -> None:
    offsets: dict[str, set[int]] = defaultdict(set)
    for seen in filter(None, map(seen_of, outcomes)):
        offsets[seen.ref.warc].add(seen.ref.offset)
    for warc, warc_offsets in offsets.items():
        known = select(Capture.offset).where(Capture.warc == warc)
        batch.captures |= {(warc, offset) for offset in select_in(batch.session, known, Capture.offset, warc_offsets)}
    nameless = {
        item.seen.ref.sha256
        for item in outcomes
        if isinstance(item, ArticleRead | CaptureQuarantined) and item.identity is None
    }
    is_open = (
        select(Quarantine)
        .join(Capture, Capture.id == Quarantine.capture_id)
        .where(Quarantine.resolved_at.is_(None), Quarantine.entry_id.is_(None))
        .options(joinedload(Quarantine.capture))
    )
    for row in select_in(batch.session, is_open, Capture.sha256, nameless):
        batch.open_rows[row.capture.sha256].append(row)


def _load_articles(batch: UnitOfWork, outcomes: Sequence[Outcome]) -> None:
    read = [outcome.article for outcome in outcomes if isinstance(outcome, ArticleRead)]
    confirmed = [outcome.identity for outcome in outcomes if isinstance(outcome, Unchanged) and outcome.identity]
    entries = filter(None, map(batch.find_entry, confirmed))
    for article in load_articles(batch.session, {article.id for article in read} | {entry.key for entry in entries}):
        batch.articles[article.id] = article
    capture_ids = {row.capture_id for row in batch.articles.values()}
    lost = select(Capture.id).where(Capture.is_lost)
    batch.lost_captures |= set(select_in(batch.session, lost, Capture.id, capture_ids))
    batch.row_captures |= set(
        select_in(
            batch.session, select(Capture.id).where(Capture.media_type == ROW_MEDIA_TYPE), Capture.id, capture_ids
        )
    )
    absent = {article.id for article in read} - batch.articles.keys()
    versions = select(Revision.article_id, Revision.number, Revision.fetched_at)
    for article_id, number, fetched_at in execute_in(batch.session, versions, Revision.article_id, absent):
        batch.withdrawn[article_id] = max((number, fetched_at), batch.withdrawn.get(article_id, (0, fetched_at)))


def _load_validators(batch: UnitOfWork, outcomes: Sequence[Outcome]) -> None:
    rows = execute_in(batch.session, select(*Validator.__table__.c), Validator.url, _fetched_urls(outcomes))
    batch.validators = {row.url: dict(row._mapping) for row in rows}  # noqa: SLF001 - its public name


def load_articles(session: Session, ids: set[str]) -> Iterator[Article]:
    """Yield articles by id, without their bodies: digests show whether those change."""
    return select_in(session, select(Article).options(defer(Article.body)), Article.id, ids)


def select_in(
    session: Session, statement: Select[tuple[Entity]], column: QueryableAttribute[Any], values: Collection[str | int]
) -> Iterator[Entity]:
    """Yield the first column of the rows whose `column` has one of any number of values."""
    for (found,) in execute_in(session, statement, column, values):
        yield found


def execute_in(
    session: Session, statement: Select[Found], column: QueryableAttribute[Any], values: Collection[Any]
) -> Iterator[Row[Found]]:
    """Yield the rows whose `column` has one of any number of values."""
    wanted = sorted(values)
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for start in range(0, len(wanted), IN_COUNT):
        part = wanted[start : start + IN_COUNT]
        # PostgreSQL's driver parses a statement with hundreds of parameters anew each time.
        is_wanted = column.in_(part) if is_sqlite else column == any_(literal(part, ARRAY(column.type)))
        yield from session.execute(statement.where(is_wanted))
