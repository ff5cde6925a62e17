"""Take redacted articles out of the database: their rows, and the words that no other article has."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

import sites
from schemas.article import content_sha256, split_paragraphs
from schemas.capture import SUCCESS_STATUSES, CaptureRef
from schemas.outcome import State
from schemas.redaction import DIGEST_PREFIX, REDACTED, Redaction
from schemas.url import Identity
from storage.articles.article import as_ref
from storage.ledger.state import exclude_redacted
from storage.ledger.unit_of_work import UnitOfWork, execute_in, load_urls, select_in
from storage.near_duplicates.grouping import regroup
from storage.redactions.table import RedactedKey, RedactionRow
from storage.revisions.store import withdraw_article
from storage.schema.tables import Alias, Article, Capture, Entry, Quarantine, Revision, RunRow, Sighting, Validator
from storage.search.document import Searchable, read_document
from storage.search.index import index_articles, merge_index
from storage.search.vocabulary import remove_unused_words

Text = tuple[str, Searchable]
"""The digest of a version's body, and its searchable columns."""


Parts = Mapping[str, Sequence[CaptureRef]]
"""Record id -> the captures of its page's further parts: a live blog's posts."""

NOTHING = content_sha256("")
"""The digest of an empty payload, which says nothing about an article."""


def describe_redaction(session: Session, redaction: Redaction, parts: Parts) -> Redaction:
    """Return a redaction with all by which its article is recognized, as far as the database knows it."""
    entry = session.scalar(select(Entry).where(Entry.key == redaction.id))
    texts = sorted({text_id_of(digest) for digest, _ in _list_texts(session, [redaction.id])})
    known = redaction.model_copy(update={"keys": (redaction.id, *texts)})
    pages = [row.sha256 for row in _list_captures(session, known) if row.status in SUCCESS_STATUSES]
    digests = {*pages, *(ref.sha256 for ref in parts.get(redaction.id, ()))} - {NOTHING}
    urls = session.scalars(select(Alias.url).where(Alias.entry_id == entry.id).order_by(Alias.url)) if entry else ()
    keys = (*known.keys, *(f"{DIGEST_PREFIX}{digest}" for digest in sorted(digests)))
    identity = _identify(entry) if entry else None
    return redaction.model_copy(update={"identity": identity, "urls": tuple(urls), "keys": keys})


def text_id_of(digest: str) -> str:
    """Return the id that a text without a URL has, by the digest of its body."""
    return f"text:{digest[:16]}"


def _identify(entry: Entry) -> Identity:
    url = entry.url if entry.record_id else entry.key
    return Identity(url=url, site=entry.site, edition=entry.edition, id=entry.record_id)


def list_articles(session: Session, keys: Collection[str]) -> list[str]:
    """Return the ids of the stored articles among these keys."""
    return sorted(select_in(session, select(Article.id), Article.id, keys))


def count_revisions(session: Session, ids: Collection[str]) -> int:
    """Count the former versions of these articles."""
    return len(list(select_in(session, select(Revision.number), Revision.article_id, ids)))


SIGHTING_INTERVAL = timedelta(days=2)
"""How long after its last recorded sighting a URL may have been advertised: that time is updated once a day."""


def list_source_captures(session: Session, urls: Collection[str]) -> list[CaptureRef]:
    """Return the captures of feeds, sitemaps and listings that may name one of these URLs."""
    spans = select(Sighting.source_url, Sighting.first_seen_at, Sighting.last_seen_at)
    found: set[CaptureRef] = set()
    for source_url, first_at, last_at in execute_in(session, spans, Sighting.url, urls):
        is_within = Capture.fetched_at.between(first_at, last_at + SIGHTING_INTERVAL)
        statement = select(Capture).where(Capture.url == source_url, is_within, ~Capture.is_lost)
        found |= {as_ref(row) for row in session.scalars(statement)}
    return sorted(found, key=lambda ref: (ref.warc, ref.offset))


def list_records(session: Session, redaction: Redaction, parts: Parts) -> list[CaptureRef]:
    """Return the WARC records that have a redacted article and can be read."""
    refs = {as_ref(row) for row in _list_captures(session, redaction) if not row.is_lost}
    return sorted({*refs, *parts.get(redaction.id, ())}, key=lambda ref: (ref.warc, ref.offset))


def _list_captures(session: Session, redaction: Redaction) -> list[Capture]:
    digests = [key.removeprefix(DIGEST_PREFIX) for key in redaction.keys if key.startswith(DIGEST_PREFIX)]
    of_entry = select(Capture.id).join(Entry, Entry.id == Capture.entry_id).where(Entry.key == redaction.id)
    found = {
        *session.scalars(of_entry),
        *select_in(session, select(Article.capture_id), Article.id, redaction.keys),
        *select_in(session, select(Revision.capture_id), Revision.article_id, redaction.keys),
        *select_in(session, select(Capture.id).where(Capture.url.is_(None)), Capture.sha256, digests),
    }
    return list(select_in(session, select(Capture), Capture.id, found))


def remove_redacted(session: Session, redaction: Redaction) -> None:
    """Take a redacted article out of the database, and mark its ledger entry; may be repeated."""
    with session.no_autoflush:  # the unit of work flushes explicitly
        batch = UnitOfWork(session, None, redaction.redacted_at)
        stored = _store(session, redaction)
        entry = _exclude(batch, redaction)
        ids = {*redaction.keys, redaction.id}
        ids |= set(session.scalars(select(Article.id).where(Article.entry_id == entry.id))) if entry else set()
        texts = list(_list_texts(session, ids))
        for row in list(select_in(session, select(Article), Article.id, ids)):
            batch.articles[row.id] = row
            withdraw_article(batch, row)
        regroup(batch)
        index_articles(session, batch.touched_ids)
        _delete(session, Revision.article_id, ids)
        stored.is_scrubbed = stored.is_scrubbed and not texts
        if entry:
            _remove_ledger_rows(session, entry, redaction)
        if texts:
            remove_unused_words(session, {word for _, text in texts for word in read_document(text).words})
            _remove_from_reports(session, {one for _, text in texts for one in split_paragraphs(text.body)})
            merge_index(session)


def restore_redacted(session: Session, redaction_id: str) -> None:
    """Let an article in again: its captures can be reread, and its page is due, unless a rule excludes its URL."""
    session.execute(delete(RedactedKey).where(RedactedKey.redaction_id == redaction_id))
    row = session.get(RedactionRow, redaction_id)
    if row is None:
        return
    entry = session.scalar(select(Entry).where(Entry.key == redaction_id, Entry.rule == REDACTED))
    if entry:
        entry.rule = sites.identify(entry.url).rule
        entry.state = State.EXCLUDED if entry.rule else State.PENDING
        entry.next_try_at = None if entry.rule else row.redacted_at
    session.delete(row)


def _store(session: Session, redaction: Redaction) -> RedactionRow:
    """Store a redaction. A new one may have more in the database than texts: titles of feeds, reasons of quarantine."""
    row = session.get(RedactionRow, redaction.id) or RedactionRow(id=redaction.id, is_scrubbed=False)
    row.reason, row.redacted_at = redaction.reason, redaction.redacted_at
    session.add(row)
    session.flush()
    add_keys(session, redaction.id, {redaction.id, *redaction.keys})
    return row


def add_keys(session: Session, redaction_id: str, keys: AbstractSet[str]) -> None:
    """Add keys by which a redacted article, or a capture that quotes it, is recognized."""
    own = select(RedactedKey.key).where(RedactedKey.redaction_id == redaction_id)
    known = set(select_in(session, own, RedactedKey.key, keys))
    session.add_all(RedactedKey(key=key, redaction_id=redaction_id) for key in sorted(keys - known))
    session.flush()


def _exclude(batch: UnitOfWork, redaction: Redaction) -> Entry | None:
    """Exclude the article's ledger entry, which gets all of its URLs; return it, if there is one."""
    if redaction.identity is None:
        return None
    at = redaction.redacted_at
    load_urls(batch, [redaction.identity], set(redaction.urls))
    entry = batch.entries.get(redaction.id) or batch.add_entry(redaction.identity, at)
    for url in sorted({*redaction.urls, entry.url} - batch.owners.keys()):
        batch.add_alias(url, entry, at)
    exclude_redacted(entry, at)
    batch.write()
    return entry


def _list_texts(session: Session, ids: Collection[str]) -> list[Text]:
    """Return the text of each version of these articles."""
    return [
        (row[0], Searchable(*row[1:]))
        for table, key in ((Article, Article.id), (Revision, Revision.article_id))
        for row in execute_in(session, _select_text(table), key, ids)
    ]


def _select_text(table: type[Article] | type[Revision]) -> Select[Any]:
    return select(table.content_sha256, *(getattr(table, name) for name in Searchable._fields))


def _remove_ledger_rows(session: Session, entry: Entry, redaction: Redaction) -> None:
    """Delete what the ledger quotes of an article: reasons of quarantine, titles in feeds, validators of requests."""
    own = select(Capture.id).where(Capture.entry_id == entry.id)
    session.execute(delete(Quarantine).where(or_(Quarantine.entry_id == entry.id, Quarantine.capture_id.in_(own))))
    urls = {entry.url, *session.scalars(select(Alias.url).where(Alias.entry_id == entry.id)), *redaction.urls}
    for url in sorted(urls):
        session.execute(update(Sighting).where(Sighting.url == url).values(title=None))
    _delete(session, Validator.url, urls)


def _remove_from_reports(session: Session, paragraphs: Collection[str]) -> None:
    """Drop an article's paragraphs from the recurring ones that reports of runs quote."""
    for row in session.scalars(select(RunRow).where(RunRow.report.is_not(None))):
        report = row.report or {}
        kept = [one for one in report.get("recurring", ()) if not _is_quoted(one["text"], paragraphs)]
        if len(kept) < len(report.get("recurring", ())):
            row.report = report | {"recurring": kept}
    session.flush()


def _is_quoted(text: str, paragraphs: Collection[str]) -> bool:
    return text in paragraphs or (text.endswith("…") and any(one.startswith(text[:-1]) for one in paragraphs))


def _delete(session: Session, column: Any, values: Collection[str]) -> None:
    for value in sorted(values):
        session.execute(delete(column.class_).where(column == value))
