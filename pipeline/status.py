"""Reads the state of the archive for `status`, `show`, `identify` and `quarantine`."""

import re
from collections.abc import Sequence
from datetime import datetime

import sites
from pipeline.archive import Archive, open_archive
from pipeline.run import measure_completeness, now
from schemas.article import ArticleRecord, Kind
from schemas.capture import CaptureSummary
from schemas.duplicate import Explanation
from schemas.failure import RunFailure
from schemas.model import Count, Record
from schemas.redaction import Tombstone
from schemas.report import KindReading, RecurringParagraph
from schemas.revision import Difference, Revision
from schemas.rights import Rights
from schemas.settings import Settings
from storage.articles.article import count_articles, find_article, find_ids, list_articles, list_duplicates
from storage.captures.capture import list_article_captures
from storage.captures.rights import RightsReader
from storage.engine import DatabaseMissing, Session
from storage.ledger.frontier import audit_ledger, count_states, find_entry
from storage.ledger.quarantine import QuarantineRecord, count_quarantine, find_quarantine, list_quarantine
from storage.near_duplicates.duplicate import find_explanation
from storage.redactions.synchronization import find_tombstone, list_tombstones
from storage.reports.completeness import MissingUrl, MonthCount, count_months, list_missing
from storage.reports.history import find_last_recurrence_report
from storage.revisions.version import find_difference, list_revisions
from storage.runs.run import LISTED_COUNT, RunRecord, list_runs

TEXT_PREFIX = re.compile(r"text:[0-9a-f]{4,15}\Z")
"""The beginning of the id of a text without a URL."""

RUNS_SHOWN = 5
"""Number of runs that `status` lists: a screenful."""


class RecordUnknown(RunFailure):
    """The archive has nothing with this id or URL."""


class RecordAmbiguous(RecordUnknown):
    """A part of an id matches several records."""


class RecordRedacted(RecordUnknown):
    """The article was taken down; its tombstone says when and why."""

    def __init__(self, tombstone: Tombstone) -> None:
        super().__init__(f"{tombstone.id} was redacted on {tombstone.redacted_at:%Y-%m-%d}: {tombstone.reason}")
        self.tombstone = tombstone


class Status(Record):
    """The ledger by state, completeness by month, the last runs."""

    checked_at: datetime
    site: str | None = None
    """The publisher whose state it is; None for the whole archive."""
    article_count: Count
    """Articles in a default export, including imported ones."""
    duplicate_count: Count
    quarantined_count: Count
    redacted_count: Count
    """Articles that were taken down."""
    advertised_count: Count
    ledger: dict[str, Count]
    completeness: float | None
    """Stored (with duplicates) / obtainable advertised articles."""
    months: tuple[MonthCount, ...]
    runs: tuple[RunRecord, ...]
    noticed_by: str | None = None
    """The newest run that stored an article; its findings follow."""
    recurring: tuple[RecurringParagraph, ...] = ()
    leak_rate: float | None = None
    reading: dict[str, KindReading] = {}
    problems: tuple[str, ...]


def list_missing_urls(
    archive: Archive, month: str | None = None, limit: int | None = None, site: str | None = None
) -> list[MissingUrl]:
    """Return advertised articles that are missing, of one publication month (`YYYY-MM`, `unknown`) or all.

    Raises:
        UnknownSite: the site has no profile.
    """
    _check_site(archive, site)
    with archive.database.read() as session:
        return list_missing(session, site, month, limit)


def list_last_runs(archive: Archive, limit: int | None = None, site: str | None = None) -> list[RunRecord]:
    """Return the last runs, newest first; with a site, its own."""
    with archive.database.read() as session:
        return list_runs(session, LISTED_COUNT if limit is None else limit, site=site)


def read_status(archive: Archive, site: str | None = None) -> Status:
    """Return the archive's state, or that of one site.

    Raises:
        UnknownSite: the site has no profile.
    """
    _check_site(archive, site)
    with archive.database.read() as session:
        ledger = {state.value: count for state, count in count_states(session, site).items() if count}
        articles = count_articles(session, site)
        noticed = find_last_recurrence_report(session, site)
        return Status(
            checked_at=now(),
            site=site,
            article_count=articles.article_count,
            duplicate_count=articles.duplicate_count,
            quarantined_count=count_quarantine(session, site),
            redacted_count=len(list_tombstones(session, site)),
            advertised_count=sum(ledger.values()),
            ledger=ledger,
            completeness=measure_completeness(ledger),
            months=tuple(count_months(session, site)),
            runs=tuple(list_runs(session, RUNS_SHOWN, site=site)),
            noticed_by=noticed.run_id if noticed else None,
            recurring=tuple(filter(_is_unknown, noticed.recurring)) if noticed else (),
            leak_rate=noticed.leak_rate if noticed else None,
            reading=noticed.reading if noticed else {},
            problems=tuple(audit_ledger(session, site)),
        )


def _check_site(archive: Archive, site: str | None) -> None:
    """Raise if a site is named that has no profile."""
    if site is not None:
        archive.publishers.get(site)


def _is_unknown(found: RecurringParagraph) -> bool:
    """Return whether it is still in no publisher's list: the lists may have grown since the run."""
    return all(sites.get_site(name).boilerplate.remove([found.text]).paragraphs for name in sites.PUBLISHERS.profiles)


def find_record(archive: Archive, id_or_url: str) -> ArticleRecord:
    """Return a record by its id or any of its URLs.

    Raises:
        RecordRedacted: it was taken down.
        RecordUnknown: there is none.
    """
    with archive.database.read() as session:
        if found := list_articles(session, [id_or_url]):  # a whole id needs no looking for others
            return found[0]
    key = resolve_id(archive, id_or_url)
    with archive.database.read() as session:
        record = find_article(session, key)
        if record is None and (tombstone := _find_tombstone(session, key)):
            raise RecordRedacted(tombstone)
        is_quarantined = record is None and find_quarantine(session, _key(id_or_url)) is not None
    if is_quarantined:
        raise RecordUnknown(f"{id_or_url} is quarantined: see broadsheet quarantine show {id_or_url}")
    if record is None:
        raise RecordUnknown(f"no record {id_or_url} in the archive")
    return record


def _find_tombstone(session: Session, key: str) -> Tombstone | None:
    entry = find_entry(session, key)
    return find_tombstone(session, entry.key if entry else key)


def list_quarantine_records(
    archive: Archive, limit: int | None = None, site: str | None = None
) -> list[QuarantineRecord]:
    """Return what is quarantined now, oldest first; with a site, only captures of its URLs.

    Raises:
        UnknownSite: the site has no profile.
    """
    _check_site(archive, site)
    with archive.database.read() as session:
        return list_quarantine(session, site, limit=limit)


def find_quarantine_record(archive: Archive, id_or_url: str) -> QuarantineRecord:
    """Return the latest quarantined capture by record id, URL, or number in the list.

    Raises:
        RecordUnknown: there is none.
    """
    with archive.database.read() as session:
        found = find_quarantine(session, _key(id_or_url))
    if found is None:
        raise RecordUnknown(f"nothing is quarantined for {id_or_url}")
    return found


class IdentifiedUrl(Record):
    """The site and record that a URL belongs to, and whether the archive knows it."""

    url: str
    site: str
    edition: str | None
    id: str | None
    rule: str | None
    known: bool


def identify_urls(settings: Settings, urls: Sequence[str]) -> list[IdentifiedUrl]:
    """Return the site and record of each URL. Without a database, none is known."""
    identities = [sites.identify(url) for url in urls]
    known = _find_known(settings, {identity.key for identity in identities})
    return [
        IdentifiedUrl(
            url=url,
            site=identity.site,
            edition=identity.edition,
            id=identity.id,
            rule=identity.rule,
            known=identity.key in known and identity.rule != "malformed-address",
        )
        for url, identity in zip(urls, identities, strict=True)
    ]


def _find_known(settings: Settings, keys: set[str]) -> set[str]:
    try:
        with open_archive(settings, writable=False) as archive, archive.database.read() as session:
            return {key for key in keys if find_entry(session, key)}
    except DatabaseMissing:
        return set()


def resolve_id(archive: Archive, id_or_url: str) -> str:
    """Return the key of a record that is named in full, by a URL, or by an unambiguous part of its id.

    Parts are the number (`85656`, `a85656`), with or without the edition (`en:85656`), the slug (`archive/SLUG`), the
    beginning of a text's digest (`text:1050e3`), in any case. What matches nothing is returned as a key.

    Raises:
        RecordAmbiguous: several records match.
    """
    key = _key(id_or_url)
    part = re.sub(r"\Aa(?=[0-9]+\Z)", "", key.strip().lower())
    ids = {key, part}
    for site in archive.publishers.profiles.values():
        ids |= {f"{site.name}:{part}", *(f"{site.name}:{code}:{part}" for code in site.editions)}
    with archive.database.read() as session:
        found = find_ids(session, ids, part if TEXT_PREFIX.match(part) else None)
    if key in found or not found:
        return key
    if len(found) > 1:
        raise RecordAmbiguous(f"{id_or_url} is ambiguous: {', '.join(found)}")
    return found[0]


def _key(id_or_url: str) -> str:
    """Return the ledger's key for a URL in any spelling, even without a scheme; ids are returned unchanged."""
    host = id_or_url.partition("/")[0]
    if "://" not in id_or_url and "." in host and ":" not in host:
        return sites.identify(f"https://{id_or_url}").key
    return sites.identify(id_or_url).key if "://" in id_or_url else id_or_url


class ArticleDetails(Record):
    """A record, its revisions, and its relations to other records."""

    record: ArticleRecord
    revisions: tuple[Revision, ...]
    """Oldest first; the current one is last."""
    explanation: Explanation | None
    """Why it is a duplicate; None if it is not."""
    duplicates: tuple[str, ...]
    """The ids of its duplicates, sorted."""
    rights: Rights | None
    """What its capture says about its use, with its host's files at that time; None if unknown."""


def find_details(archive: Archive, id_or_url: str) -> ArticleDetails:
    """Return a record with its details, by its id or any of its URLs.

    Raises:
        RecordUnknown: there is none.
    """
    record = find_record(archive, id_or_url)
    with archive.database.read() as session:
        return ArticleDetails(
            record=record,
            revisions=tuple(list_revisions(session, record.id)),
            explanation=find_explanation(session, record.id),
            duplicates=tuple(list_duplicates(session, record.id)),
            rights=RightsReader(session).find(record.capture),
        )


def list_captures(archive: Archive, record: ArticleRecord, *, with_lost: bool = False) -> list[CaptureSummary]:
    """List the captures of a record's pages, oldest first; those of a live blog's posts too."""
    # Only a live blog has any, and looking for them takes longer than everything else.
    companion_urls = sites.get_site(record.site).locate_companions(record.id) if record.kind is Kind.LIVE else ()
    with archive.database.read() as session:
        return list_article_captures(session, record.id, companion_urls, with_lost=with_lost)


def compare_revisions(archive: Archive, id_or_url: str, before: int | None, after: int | None) -> Difference:
    """Return the difference between two revisions of a record; by default the last two.

    Raises:
        RecordUnknown: there is no such record.
        VersionUnknown: it has no revision of such a number.
    """
    record = find_record(archive, id_or_url)
    with archive.database.read() as session:
        return find_difference(session, record.id, before, after)
