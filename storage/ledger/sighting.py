"""What sources advertise: sightings, with the entries and aliases that they bring, and how far listings were read.

A first run brings a hundred thousand, every later run the same ones: they are stored a part at a time, and those that
tell nothing new are passed over on the columns that were looked up, without making an object of any row. When a source
says something else of a URL (another headline, another date), that is a row of its own.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from schemas.outcome import State
from schemas.url import Identity, SourceKind
from schemas.url import Sighting as Seen
from storage.ledger.publication_date import month_of, publication_time
from storage.ledger.state import KEPT_STATES, LAST_RETRY, enter_state, is_excluded_by_rule, merge
from storage.ledger.unit_of_work import (
    CHANGING,
    Columns,
    UnitOfWork,
    execute_in,
    load_urls,
    record_publication_day,
    record_publication_time,
)
from storage.schema.tables import Alias, Entry, Listing, Sighting

PART_COUNT = 2_000
"""Sightings that are held at a time: a few MB of rows; more at once is no faster."""

NOTED_EVERY = timedelta(days=1)
"""How often a mere repetition is noted: nobody asks for the hour, and every crawl would rewrite every row."""

GONE_REVIVED_AFTER = timedelta(weeks=4)
"""A page that comes back does so within days; one that is named for ever costs two requests a month."""

EXCLUDABLE_STATES = frozenset({State.PENDING, State.FAILED, State.BLOCKED, State.QUARANTINED})
"""What waits for a fetch or a decision: a rule of today decides it."""

MARK_ADVERTISED = update(Alias).where(Alias.url == bindparam("of_url")).values(advertised_site=bindparam("of_site"))
"""What a redirect led to, say, before any source advertised it."""

MOVABLE_STATES = frozenset({State.PENDING, State.FAILED, State.BLOCKED, State.GONE})
"""What has no page yet is asked for where it was sighted last."""


Said = tuple[str, str, str | None, datetime | None]
"""A URL, a source, and what that said of it: a title, a publication time."""


class _Part(NamedTuple):
    """What is stored of a part's URLs."""

    sightings: dict[Said, Columns]
    sources: set[tuple[str, str]]
    """Each URL with each source that ever had it."""
    sites: dict[str, str]
    """Address -> the site that it is advertised as one of."""


class _Noted(NamedTuple):
    """Of an entry, what a sighting may change."""

    state: State
    url: str
    first_seen_at: datetime
    published_at: datetime | None
    published_on: date | None
    published_month: str | None
    state_at: datetime


def store_sightings(batch: UnitOfWork, sightings: Sequence[tuple[Identity, Seen]]) -> int:
    """Note and write each sighting; answers how many URLs no source had advertised before."""
    new_count, has_merged = 0, False
    for start in range(0, len(sightings), PART_COUNT):
        part = batch.divide()
        new_count += _store_part(part, sightings[start : start + PART_COUNT])
        has_merged |= part.has_merged
    if has_merged or any(identity.url in batch.urls or identity.key in batch.keys for identity, _ in sightings):
        load_urls(batch, batch.identities, batch.urls)
    return new_count


def list_source_urls(session: Session, site: str) -> set[str]:
    """Every source that ever named a URL of a site."""
    return set(session.scalars(select(Sighting.source_url).where(Sighting.site == site).distinct()))


def _store_part(batch: UnitOfWork, sightings: Sequence[tuple[Identity, Seen]]) -> int:
    part = _load_part(batch, sightings)
    advertised_before = set(part.sites)
    told = _find_told(batch, part, sightings)
    load_urls(batch, [identity for identity, _ in told], set())
    for identity, seen in told:
        _store(batch, part, identity, seen)
        _store_sighting(batch, part, identity, seen)
    new = {url: site for url, site in part.sites.items() if url not in advertised_before}
    _mark_advertised(batch, new)
    return len(new)


def _mark_advertised(batch: UnitOfWork, new: dict[str, str]) -> None:
    """Write the part, with the site in the alias of each URL that is advertised for the first time."""
    rows = {row["url"]: row for row in batch.new_rows.get(Alias, ())}
    for url in new.keys() & rows.keys():
        rows[url]["advertised_site"] = new[url]
    batch.write()
    known = [{"of_url": url, "of_site": site} for url, site in new.items() if url not in rows]
    if known:
        batch.session.connection().execute(MARK_ADVERTISED, known)


def _load_part(batch: UnitOfWork, sightings: Sequence[tuple[Identity, Seen]]) -> _Part:
    urls = {identity.url for identity, _ in sightings}
    columns = [getattr(Sighting, name) for name in ("url", "source_url", "title", "published_at", "site", *CHANGING)]
    part = _Part({}, set(), {})
    for row in execute_in(batch.session, select(*columns), Sighting.url, urls):
        url, source_url, title, published_at, site, *times = row
        part.sightings[url, source_url, title, published_at] = dict(zip(CHANGING, times, strict=True))
        part.sources.add((url, source_url))
        part.sites[url] = site
    return part


def _find_told(
    batch: UnitOfWork, part: _Part, sightings: Sequence[tuple[Identity, Seen]]
) -> list[tuple[Identity, Seen]]:
    """The sightings that tell something of an entry. Of the others, those worth it are noted as seen again."""
    told = []
    columns = select(Alias.url, *(getattr(Entry, name) for name in _Noted._fields))
    urls = {identity.url for identity, seen in sightings if (identity.url, seen.source_url) in part.sources}
    rows = execute_in(batch.session, columns.join(Entry, Entry.id == Alias.entry_id), Alias.url, urls)
    owners = {row[0]: _Noted(*row[1:]) for row in rows}
    for identity, seen in sightings:
        owner = owners.get(identity.url)
        is_known = (identity.url, seen.source_url) in part.sources
        if not (is_known and owner and _is_as_noted(batch, owner, identity, seen)):
            told.append((identity, seen))
        elif not _is_repeated(part.sightings.get(_said(identity, seen)), seen):
            _store_sighting(batch, part, identity, seen)
    return told


def _said(identity: Identity, seen: Seen) -> Said:
    return (identity.url, seen.source_url, seen.title, publication_time(seen.published_at))


def _is_repeated(row: Columns | None, seen: Seen) -> bool:
    return row is not None and row["first_seen_at"] <= seen.seen_at < row["last_seen_at"] + NOTED_EVERY


def _is_as_noted(batch: UnitOfWork, owner: _Noted, identity: Identity, seen: Seen) -> bool:
    """Whether the entry is as this sighting would leave it."""
    if owner.first_seen_at > seen.seen_at or _is_dated(owner, seen):
        return False
    if owner.state in KEPT_STATES:
        return True
    is_elsewhere = owner.state == State.GONE and owner.url != identity.url
    if is_elsewhere or _is_back(batch, owner.state, owner.state_at, seen.seen_at):
        return False
    return (identity.rule is None) == (owner.state != State.EXCLUDED)


def _is_back(
    batch: UnitOfWork, state: State, state_at: datetime, at: datetime, after: timedelta = GONE_REVIVED_AFTER
) -> bool:
    """Whether a source still names what is gone for so long that it is worth another look."""
    return state == State.GONE and (at >= state_at + after or batch.is_ahead(state_at))


def _is_dated(owner: _Noted, seen: Seen) -> bool:
    """Whether the sighting says more of when it was published than is known."""
    return bool(
        (owner.published_at is None and publication_time(seen.published_at))
        or (owner.published_on is None and seen.published_on)
        or (owner.published_month is None and seen.published_month)
    )


def _store(batch: UnitOfWork, part: _Part, identity: Identity, seen: Seen) -> None:
    entry = batch.ensure_entry(identity, seen.seen_at)
    if identity.rule:
        _exclude(batch, entry, identity, seen.seen_at)
    else:
        entry = _readmit(batch, entry, identity, seen.seen_at)
        is_first = (identity.url, seen.source_url) not in part.sources
        _move(batch, entry, identity, seen.seen_at, is_first=is_first)
    if entry.published_at is None:
        _record_time(entry, seen)
    record_publication_day(entry, seen.published_on, seen.published_month)


def _record_time(entry: Entry, seen: Seen) -> None:
    """The time that a source says, on the day that the URL says: a feed's clock may run hours ahead."""
    record_publication_time(entry, seen.published_at)
    if entry.published_at and seen.published_on:
        entry.published_on, entry.published_month = seen.published_on, month_of(seen.published_on)


def _exclude(batch: UnitOfWork, entry: Entry, identity: Identity, at: datetime) -> None:
    """What waits is not fetched when a rule of today says that it is no article."""
    if entry.url == identity.url and (entry.state in EXCLUDABLE_STATES or is_excluded_by_rule(entry)):
        enter_state(batch, entry, State.EXCLUDED, max(at, entry.state_at))
        entry.rule = identity.rule
        entry.next_try_at = entry.missing_at = None


def _readmit(batch: UnitOfWork, entry: Entry, identity: Identity, at: datetime) -> Entry:
    """What a rule of yesterday left out waits for its fetch, if no rule of today does; answers whose URL it is."""
    owner = batch.owners[identity.url]
    if owner.key != identity.key and identity.id and is_excluded_by_rule(owner):
        # Its URL has an id today, and so another key.
        entry = batch.entries.get(identity.key) or batch.add_entry(identity, at)
        merge(batch, owner, entry)
    if is_excluded_by_rule(entry):
        enter_state(batch, entry, State.PENDING, max(at, entry.state_at))
        entry.url, entry.url_at, entry.next_try_at = identity.url, at, min(at, batch.now)
    return entry


def _move(batch: UnitOfWork, entry: Entry, identity: Identity, at: datetime, *, is_first: bool) -> None:
    """A record without a page is asked for at the URL that a source came up with last.

    A source that only repeats its URL does not move it: a sitemap keeps the old URL of what the feed has under
    a new one, and both are read in every run. But what is gone at one is, after a while, looked for at the other.
    """
    if entry.key == identity.key and entry.url == identity.url and _is_back(batch, entry.state, entry.state_at, at):
        enter_state(batch, entry, State.PENDING, at)
        entry.next_try_at, entry.missing_at = min(at, batch.now), None
        return
    is_elsewhere = entry.key == identity.key and entry.url != identity.url and entry.state in MOVABLE_STATES
    is_due = is_first or _is_back(batch, entry.state, entry.state_at, at, LAST_RETRY)
    if not (is_elsewhere and is_due and batch.order(at) > batch.order(entry.url_at)):
        return
    entry.url, entry.url_at = identity.url, at
    if entry.state in {State.GONE, State.PENDING}:
        enter_state(batch, entry, State.PENDING, max(at, entry.state_at))
        entry.next_try_at, entry.missing_at = min(at, batch.now), None  # it was the other URL that was not there


def _store_sighting(batch: UnitOfWork, part: _Part, identity: Identity, seen: Seen) -> None:
    row = part.sightings.get(_said(identity, seen))
    if row is None:
        _add_sighting(batch, part, identity, seen)
        return
    row["first_seen_at"] = min(row["first_seen_at"], seen.seen_at)
    row["last_seen_at"] = max(row["last_seen_at"], seen.seen_at)
    # Of a row that is still to be written, too: it is written as it stands then, and updated to the same.
    batch.changed_sightings[row["id"]] = row


def _add_sighting(batch: UnitOfWork, part: _Part, identity: Identity, seen: Seen) -> None:
    row = {
        "id": batch.number(Sighting),
        "url": identity.url,
        "site": part.sites.setdefault(identity.url, identity.site),
        "source_url": seen.source_url,
        "source_kind": seen.source_kind,
        "first_seen_at": seen.seen_at,
        "last_seen_at": seen.seen_at,
        "title": seen.title,
        "published_at": publication_time(seen.published_at),
    }
    batch.new_rows[Sighting].append(row)
    part.sightings[_said(identity, seen)] = row
    part.sources.add((identity.url, seen.source_url))


def record_listing_read(session: Session, url: str, at: datetime) -> None:
    """Note that a listing, named by its first page, was read to its end, or to where all was known."""
    row = session.get(Listing, url)
    if row is None:
        session.add(Listing(url=url, walked_at=at))
    else:
        row.walked_at = at


def list_walked(session: Session, now: datetime) -> dict[str, datetime]:
    """Listing -> when it was last read so far. What a clock that ran ahead noted is left out."""
    return {row.url: row.walked_at for row in session.scalars(select(Listing).where(Listing.walked_at <= now))}


def list_named(session: Session, urls: Collection[str]) -> list[tuple[str, str, datetime]]:
    """Of these URLs, those that a listing has named: URL, the listing's page, when it did so first."""
    columns = select(Sighting.url, Sighting.source_url, Sighting.first_seen_at)
    rows = execute_in(session, columns.where(Sighting.source_kind == SourceKind.LISTING), Sighting.url, set(urls))
    return [(row[0], row[1], row[2]) for row in rows]
