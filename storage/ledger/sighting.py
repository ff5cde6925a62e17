"""Stores sightings (URLs that sources advertise) with their entries and aliases, and when listings were last read.

A first run has a hundred thousand sightings, and every later run the same ones: they are stored in batches, and those
without news are skipped by comparing columns, without creating an object per row. When a source says something
different of a URL (another headline or date), that becomes a separate row.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from schemas.outcome import State
from schemas.redaction import REDACTED
from schemas.url import Identity, SourceKind
from schemas.url import Sighting as Seen
from storage.ledger.publication_date import month_of, publication_time
from storage.ledger.state import ARTICLE_STATES, LAST_RETRY, enter_state, is_excluded_by_rule, is_redacted, merge
from storage.ledger.unit_of_work import (
    CHANGING,
    Columns,
    UnitOfWork,
    execute_in,
    load_urls,
    record_publication_day,
    record_publication_time,
)
from storage.redactions.table import RedactionRow
from storage.schema.tables import Alias, Entry, Listing, Sighting

PART_COUNT = 2_000
"""Sightings per batch: a few MB of rows; larger batches are no faster."""

REPEAT_INTERVAL = timedelta(days=1)
"""How often `last_seen_at` is updated: the hour does not matter, and otherwise every crawl would rewrite every row."""

GONE_REVIVED_AFTER = timedelta(weeks=4)
"""A page that returns does so within days; one that stays advertised for good then costs two requests a month."""

EXCLUDABLE_STATES = frozenset({State.PENDING, State.FAILED, State.BLOCKED, State.QUARANTINED})
"""States that wait for a fetch or a decision: a current rule can exclude these entries."""

MARK_ADVERTISED = update(Alias).where(Alias.url == bindparam("of_url")).values(advertised_site=bindparam("of_site"))
"""For aliases that existed before any source advertised them: those that a redirect led to, for example."""

MOVABLE_STATES = frozenset({State.PENDING, State.FAILED, State.BLOCKED, State.GONE})
"""States without a page: these entries are fetched at the URL that was sighted last."""


SightingKey = tuple[str, str, str | None, datetime | None]
"""URL, source, title and publication time: what identifies a sighting's row."""


class _Part(NamedTuple):
    """What is stored of the URLs in one batch."""

    sightings: dict[SightingKey, Columns]
    sources: set[tuple[str, str]]
    """Each URL with each source that ever advertised it."""
    sites: dict[str, str]
    """URL -> the site that it is advertised for."""


class _KnownEntry(NamedTuple):
    """The columns of an entry that a sighting may change."""

    state: State
    url: str
    first_seen_at: datetime
    published_at: datetime | None
    published_on: date | None
    published_month: str | None
    state_at: datetime
    rule: str | None

    @property
    def is_redacted(self) -> bool:
        """Whether its article was taken down."""
        return self.state == State.EXCLUDED and self.rule == REDACTED


def store_sightings(batch: UnitOfWork, sightings: Sequence[tuple[Identity, Seen]]) -> int:
    """Store each sighting; return how many URLs no source had advertised before."""
    new_count, has_merged = 0, False
    sightings = _drop_redacted_titles(batch, sightings)
    for start in range(0, len(sightings), PART_COUNT):
        part = batch.make_part()
        new_count += _store_part(part, sightings[start : start + PART_COUNT])
        has_merged |= part.has_merged
    if has_merged or any(identity.url in batch.urls or identity.key in batch.keys for identity, _ in sightings):
        load_urls(batch, batch.identities, batch.urls)
    return new_count


def _drop_redacted_titles(
    batch: UnitOfWork, sightings: Sequence[tuple[Identity, Seen]]
) -> Sequence[tuple[Identity, Seen]]:
    """Return the sightings without the headlines of redacted articles, which sources may still have."""
    redacted = select(Entry.key, Alias.url).join(Alias, Alias.entry_id == Entry.id)
    rows = batch.session.execute(redacted.join(RedactionRow, RedactionRow.id == Entry.key)).all()
    if not rows:
        return sightings
    names = {name for row in rows for name in row}
    return [
        (identity, seen.model_copy(update={"title": None}) if {identity.key, identity.url} & names else seen)
        for identity, seen in sightings
    ]


def list_source_urls(session: Session, site: str) -> set[str]:
    """Return every source that ever advertised a URL of a site."""
    return set(session.scalars(select(Sighting.source_url).where(Sighting.site == site).distinct()))


def _store_part(batch: UnitOfWork, sightings: Sequence[tuple[Identity, Seen]]) -> int:
    part = _load_part(batch, sightings)
    advertised_before = set(part.sites)
    news = _find_news(batch, part, sightings)
    load_urls(batch, [identity for identity, _ in news], set())
    for identity, seen in news:
        _store(batch, part, identity, seen)
        _store_sighting(batch, part, identity, seen)
    new = {url: site for url, site in part.sites.items() if url not in advertised_before}
    _mark_advertised(batch, new)
    return len(new)


def _mark_advertised(batch: UnitOfWork, new: dict[str, str]) -> None:
    """Write the batch, with the site in the alias of each URL that is advertised for the first time."""
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


def _find_news(
    batch: UnitOfWork, part: _Part, sightings: Sequence[tuple[Identity, Seen]]
) -> list[tuple[Identity, Seen]]:
    """Return the sightings that may change an entry; of the others, update `last_seen_at` where that is due."""
    news = []
    columns = select(Alias.url, *(getattr(Entry, name) for name in _KnownEntry._fields))
    urls = {identity.url for identity, seen in sightings if (identity.url, seen.source_url) in part.sources}
    rows = execute_in(batch.session, columns.join(Entry, Entry.id == Alias.entry_id), Alias.url, urls)
    owners = {row[0]: _KnownEntry(*row[1:]) for row in rows}
    for identity, seen in sightings:
        owner = owners.get(identity.url)
        is_known = (identity.url, seen.source_url) in part.sources
        if not (is_known and owner and _is_up_to_date(batch, owner, identity, seen)):
            news.append((identity, seen))
        elif not _is_repeated(part.sightings.get(_sighting_key(identity, seen)), seen):
            _store_sighting(batch, part, identity, seen)
    return news


def _sighting_key(identity: Identity, seen: Seen) -> SightingKey:
    return (identity.url, seen.source_url, seen.title, publication_time(seen.published_at))


def _is_repeated(row: Columns | None, seen: Seen) -> bool:
    return row is not None and row["first_seen_at"] <= seen.seen_at < row["last_seen_at"] + REPEAT_INTERVAL


def _is_up_to_date(batch: UnitOfWork, owner: _KnownEntry, identity: Identity, seen: Seen) -> bool:
    """Whether this sighting would change nothing in the entry."""
    if owner.first_seen_at > seen.seen_at or _is_dated(owner, seen):
        return False
    if owner.state in ARTICLE_STATES or owner.is_redacted:
        return True
    is_elsewhere = owner.state == State.GONE and owner.url != identity.url
    if is_elsewhere or _is_revival_due(batch, owner.state, owner.state_at, seen.seen_at):
        return False
    return (identity.rule is None) == (owner.state != State.EXCLUDED)


def _is_revival_due(
    batch: UnitOfWork, state: State, state_at: datetime, at: datetime, after: timedelta = GONE_REVIVED_AFTER
) -> bool:
    """Whether an entry has been gone long enough to be fetched once more, as it is still advertised."""
    return state == State.GONE and (at >= state_at + after or batch.is_ahead(state_at))


def _is_dated(owner: _KnownEntry, seen: Seen) -> bool:
    """Whether the sighting adds a publication time, day or month that the entry lacks."""
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
        _update_url(batch, entry, identity, seen.seen_at, is_first=is_first)
    if entry.published_at is None:
        _record_time(entry, seen)
    record_publication_day(entry, seen.published_on, seen.published_month)


def _record_time(entry: Entry, seen: Seen) -> None:
    """Record the source's publication time, but the URL's day: a feed's clock may run hours ahead."""
    record_publication_time(entry, seen.published_at)
    if entry.published_at and seen.published_on:
        entry.published_on, entry.published_month = seen.published_on, month_of(seen.published_on)


def _exclude(batch: UnitOfWork, entry: Entry, identity: Identity, at: datetime) -> None:
    """Exclude a waiting entry that a current rule says is not an article."""
    if is_redacted(entry):
        return
    if entry.url == identity.url and (entry.state in EXCLUDABLE_STATES or is_excluded_by_rule(entry)):
        enter_state(batch, entry, State.EXCLUDED, max(at, entry.state_at))
        entry.rule = identity.rule
        entry.next_try_at = entry.missing_at = None


def _readmit(batch: UnitOfWork, entry: Entry, identity: Identity, at: datetime) -> Entry:
    """Make an entry pending again if an earlier rule excluded it and no current one does; return the URL's entry."""
    owner = batch.owners[identity.url]
    if is_redacted(owner) or is_redacted(entry):
        return entry
    if owner.key != identity.key and identity.id and is_excluded_by_rule(owner):
        # The current rules find an id in its URL, hence another key.
        entry = batch.entries.get(identity.key) or batch.add_entry(identity, at)
        merge(batch, owner, entry)
    if is_excluded_by_rule(entry):
        enter_state(batch, entry, State.PENDING, max(at, entry.state_at))
        entry.url, entry.url_at, entry.next_try_at = identity.url, at, min(at, batch.now)
    return entry


def _update_url(batch: UnitOfWork, entry: Entry, identity: Identity, at: datetime, *, is_first: bool) -> None:
    """Set the URL of an entry without a page to the one that a source advertised last.

    A source that only repeats its URL does not change it: a sitemap keeps the old URL of an article that the feed has
    under a new one, and both are read in every run. But an entry gone at one URL is, after a while, tried at the other.
    """
    if (
        entry.key == identity.key
        and entry.url == identity.url
        and _is_revival_due(batch, entry.state, entry.state_at, at)
    ):
        enter_state(batch, entry, State.PENDING, at)
        entry.next_try_at, entry.missing_at = min(at, batch.now), None
        return
    is_elsewhere = entry.key == identity.key and entry.url != identity.url and entry.state in MOVABLE_STATES
    is_due = is_first or _is_revival_due(batch, entry.state, entry.state_at, at, LAST_RETRY)
    if not (is_elsewhere and is_due and batch.sort_key(at) > batch.sort_key(entry.url_at)):
        return
    entry.url, entry.url_at = identity.url, at
    if entry.state in {State.GONE, State.PENDING}:
        enter_state(batch, entry, State.PENDING, max(at, entry.state_at))
        entry.next_try_at, entry.missing_at = min(at, batch.now), None  # it was missing at the other URL


def _store_sighting(batch: UnitOfWork, part: _Part, identity: Identity, seen: Seen) -> None:
    row = part.sightings.get(_sighting_key(identity, seen))
    if row is None:
        _add_sighting(batch, part, identity, seen)
        return
    row["first_seen_at"] = min(row["first_seen_at"], seen.seen_at)
    row["last_seen_at"] = max(row["last_seen_at"], seen.seen_at)
    # Also for a row that is not written yet: it is inserted with these values, and then updated to the same.
    batch.changed_sightings[row["id"]] = row


def _add_sighting(batch: UnitOfWork, part: _Part, identity: Identity, seen: Seen) -> None:
    row = {
        "id": batch.next_id(Sighting),
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
    part.sightings[_sighting_key(identity, seen)] = row
    part.sources.add((identity.url, seen.source_url))


def record_listing_read(session: Session, url: str, at: datetime) -> None:
    """Record that a listing (identified by its first page) was read to its end, or to the URLs known before."""
    row = session.get(Listing, url)
    if row is None:
        session.add(Listing(url=url, walked_at=at))
    else:
        row.walked_at = at


def list_listing_reads(session: Session, now: datetime) -> dict[str, datetime]:
    """Return listing -> when it was last read that far. Times recorded by a clock that ran ahead are left out."""
    return {row.url: row.walked_at for row in session.scalars(select(Listing).where(Listing.walked_at <= now))}


def list_listing_sightings(session: Session, urls: Collection[str]) -> list[tuple[str, str, datetime]]:
    """Return the sightings of these URLs in listings: URL, the listing's page, when it was first seen there."""
    columns = select(Sighting.url, Sighting.source_url, Sighting.first_seen_at)
    rows = execute_in(session, columns.where(Sighting.source_kind == SourceKind.LISTING), Sighting.url, set(urls))
    return [(row[0], row[1], row[2]) for row in rows]
