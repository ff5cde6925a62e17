"""Store articles: new, changed and removed ones.

`storage.revisions.difference` defines what counts as a change; `storage.near_duplicates.grouping` finds duplicates.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from schemas.article import Article as ExtractedArticle
from schemas.revision import RevisionClass
from schemas.table import TIME_UNKNOWN
from storage.ledger.publication_date import publication_day
from storage.ledger.unit_of_work import Columns, UnitOfWork, load_articles
from storage.revisions.difference import classify_change
from storage.revisions.precedence import REMOVED, is_less_complete, rank_read, rank_stored
from storage.revisions.version import content_of, save_version
from storage.schema.tables import Article, Entry, Revision

CONTENT_FIELDS = (
    "edition",
    "language",
    "kind",
    "headline",
    "subtitle",
    "authors",
    "agencies",
    "sponsor",
    "section",
    "tags",
    "published_at",
    "images",
    "content_sha256",
)
"""If all of these columns are equal, nothing has changed; that is known without loading the body."""

FIELD_NAMES = {"content_sha256": "body"}
"""Column -> the field that it represents, where the names differ."""


class StoreResult(NamedTuple):
    """Outcome of storing an article, and the article's state after it."""

    outcome: str
    """`stored`, `unchanged`, `revised`, `restored` or `not-newer`."""
    duplicate_of: str | None
    """Its primary before this batch."""
    url: str | None
    published_at: datetime | None
    published_offset: str | None


def store_article(batch: UnitOfWork, read: ExtractedArticle, entry: Entry | None, capture_id: int) -> StoreResult:
    """Store an extracted article."""
    row = find_row(batch, read.id)
    if row is None:
        _add(batch, read, entry, capture_id)
        return StoreResult("stored", None, read.url, read.published_at, read.published_offset)
    outcome = _update(batch, row, read, capture_id)
    return StoreResult(outcome, row.duplicate_of, row.url, row.published_at, row.published_offset)


def record_check(batch: UnitOfWork, article_id: str, at: datetime) -> None:
    """Record that the publisher reported an article as unchanged."""
    row = find_row(batch, article_id)
    if row is None or _is_older(batch, at, row):
        return
    if is_removed(row):
        _revise(batch, row, _without_removed(row.flags), RevisionClass.RESTORED, at)
    row.checked_at = at


def remove_article(batch: UnitOfWork, article_id: str, capture_id: int, at: datetime) -> bool:
    """Mark an article as removed by the publisher, keeping its content. Return whether that is new."""
    row = find_row(batch, article_id) or _load_row(batch, article_id)
    if row is None or is_removed(row) or _is_older(batch, at, row):
        return False
    fields: Columns = {"flags": sorted({*row.flags, REMOVED}), "removed_capture_id": capture_id, "checked_at": at}
    _revise(batch, row, fields, RevisionClass.REMOVED, at)
    return True


def reread_article(batch: UnitOfWork, row: Article, read: ExtractedArticle, capture_id: int) -> str:
    """Store a new extraction from a capture stored earlier; return `unchanged`, `annotated` or `revised`."""
    is_own = row.capture_id == capture_id
    if not is_own and rank_read(batch, read) <= rank_stored(batch, row):
        return "unchanged"  # the capture is older than the one that showed the current content
    if not is_own and is_less_complete(batch, row, read, capture_id):
        return "unchanged"
    stored = {name: getattr(row, name) for name in (*CONTENT_FIELDS, *ANNOTATED_FIELDS)}
    if list_changes(stored, read) if is_own else _classify(row, read):
        fields = _to_columns(read) | {"capture_id": capture_id, "checked_at": max(row.checked_at, read.fetched_at)}
        if is_removed(row) and read.fetched_at <= row.checked_at:
            fields |= {"flags": sorted({*read.flags, REMOVED}), "removed_capture_id": row.removed_capture_id}
        _revise(batch, row, fields, RevisionClass.REPROCESSED, batch.now)
        return "revised"
    if is_own and (names := list_annotations(stored, read)):
        _annotate(row, read, names)
        return "annotated"
    return "unchanged"


def rebase_article(batch: UnitOfWork, row: Article, read: ExtractedArticle, capture_id: int) -> None:
    """Overwrite an article with what this capture contains and point it to this capture, without making a revision.

    For articles whose capture is lost, and for rows that differ from what was extracted.
    """
    before = row.content_sha256
    fields = _to_columns(read) | {"capture_id": capture_id, "checked_at": max(row.checked_at, read.fetched_at)}
    if is_removed(row):
        fields |= {"flags": sorted({*read.flags, REMOVED}), "removed_capture_id": row.removed_capture_id}
    if _is_later(row.modified_at, read.modified_at):  # from a later capture
        del fields["modified_at"]
    if read.fetched_at < row.checked_at:
        del fields["url"]
    for name, value in fields.items():
        setattr(row, name, value)
    if row.content_sha256 != before:
        batch.former_texts.setdefault(row.id, before)


def has_content(row: Article, read: ExtractedArticle) -> bool:
    """Whether an extracted article has exactly the stored content."""
    return not list_changes({name: getattr(row, name) for name in CONTENT_FIELDS}, read)


def withdraw_article(batch: UnitOfWork, row: Article) -> None:
    """Delete an article that is invalid by the current rules. Its versions stay; a later one continues their count."""
    save_version(batch, row)
    batch.withdrawn[row.id] = (row.revision, row.fetched_at)
    batch.former_texts.setdefault(row.id, row.content_sha256)
    batch.articles.pop(row.id, None)
    batch.session.delete(row)


def list_changes(stored: Mapping[str, Any], read: ExtractedArticle) -> tuple[str, ...]:
    """Return the content fields in which an extraction differs at all from the stored columns.

    For extractions from one capture: any difference, in quotes and spaces too, comes from the parser.
    """
    fields = _to_columns(read)
    return tuple(FIELD_NAMES.get(name, name) for name in CONTENT_FIELDS if stored[name] != fields[name])


ANNOTATED_FIELDS = ("sources", "flags", "confidence", "published_offset", "modified_at", "fetched_at", "checked_at")


def list_annotations(stored: Mapping[str, Any], read: ExtractedArticle) -> tuple[str, ...]:
    """Return which of the fields that make no revision differ between two extractions from one capture."""
    names = ["sources"] if stored["sources"] != dict(read.sources) else []
    if set(stored["flags"]) - {REMOVED} != set(read.flags) - {REMOVED}:
        names.append("flags")
    if stored["confidence"] != read.confidence:
        names.append("confidence")
    if stored["published_offset"] != read.published_offset:
        names.append("published_offset")
    # If later captures showed the same content, the modification time may come from one of them.
    is_only_one = stored["checked_at"] == stored["fetched_at"]
    if stored["modified_at"] != read.modified_at and (
        is_only_one or _is_later(read.modified_at, stored["modified_at"])
    ):
        names.append("modified_at")
    return tuple(names)


def is_removed(row: Article) -> bool:
    """Whether the article's page is known to be removed."""
    return REMOVED in row.flags


def find_row(batch: UnitOfWork, article_id: str) -> Article | None:
    """Return the row of an article in this batch; None if it is not stored."""
    if article_id in batch.new_articles:
        batch.write()
        del batch.new_articles[article_id]
        return _load_row(batch, article_id)
    return batch.articles.get(article_id)


def _load_row(batch: UnitOfWork, article_id: str) -> Article | None:
    batch.articles |= {row.id: row for row in load_articles(batch.session, {article_id})}
    return batch.articles.get(article_id)


def _update(batch: UnitOfWork, row: Article, read: ExtractedArticle, capture_id: int) -> str:
    is_lost = row.capture_id in batch.lost_captures
    is_older = rank_read(batch, read) < rank_stored(batch, row)
    if is_older or is_less_complete(batch, row, read, capture_id):
        # It changes nothing, but a capture with the same content can replace a lost one.
        if is_lost and has_content(row, read):
            rebase_article(batch, row, read, capture_id)
        is_other_text = read.content_sha256 != row.content_sha256
        return "not-newer" if is_other_text and capture_id in batch.row_captures else "unchanged"
    is_first_known = TIME_UNKNOWN in row.flags and TIME_UNKNOWN not in read.flags
    revision_class = _classify(row, read) or (RevisionClass.RESTORED if is_removed(row) else None)
    if revision_class is None:
        if is_lost or is_first_known:
            rebase_article(batch, row, read, capture_id)
        row.checked_at = read.fetched_at
        row.url = read.url or row.url  # the slug follows the headline; the previous URL is an alias
        if _is_later(read.modified_at, row.modified_at):
            _annotate(row, read, ("modified_at",))
        return "unchanged"
    fields = _to_columns(read) | {"capture_id": capture_id, "checked_at": read.fetched_at}
    _revise(batch, row, fields, revision_class, batch.now if is_first_known else read.fetched_at)
    return "restored" if revision_class is RevisionClass.RESTORED else "revised"


def _is_older(batch: UnitOfWork, at: datetime, row: Article) -> bool:
    """Whether the current content was seen later than this."""
    return batch.sort_key(at) < batch.sort_key(row.checked_at)


def _classify(row: Article, read: ExtractedArticle) -> RevisionClass | None:
    stored = {name: getattr(row, name) for name in CONTENT_FIELDS}
    changed = list_changes(stored, read)
    if not changed:
        return None
    body = None if "body" in changed else read.body
    return classify_change(content_of(row, body), content_of(read))


def _is_later(at: datetime | None, known: datetime | None) -> bool:
    return at is not None and (known is None or at > known)


def _annotate(row: Article, read: ExtractedArticle, names: tuple[str, ...]) -> None:
    """Write changes that make no revision in place."""
    fields = _to_columns(read)
    kept = [REMOVED] if is_removed(row) else []
    if "flags" in names:
        row.flags = sorted({*read.flags, *kept})
    if "sources" in names:
        row.sources, row.extractor = fields["sources"], read.extractor
    if "confidence" in names:
        row.confidence = read.confidence
    if "published_offset" in names:
        row.published_offset, row.published_on = read.published_offset, fields["published_on"]
    if "modified_at" in names:
        row.modified_at = read.modified_at
        source = {name: value for name, value in read.sources.items() if name == "modified_at"}
        row.sources = dict(sorted((row.sources | source).items()))


def _add(batch: UnitOfWork, read: ExtractedArticle, entry: Entry | None, capture_id: int) -> None:
    number, revision_class, revised_at = _find_version(batch, read)
    row = _to_columns(read) | {
        "id": read.id,
        "site": read.site,
        "entry_id": entry.id if entry else None,
        "capture_id": capture_id,
        "first_seen_at": min(entry.first_seen_at, read.fetched_at) if entry else read.fetched_at,
        "checked_at": read.fetched_at,
        "revision": number,
        "revision_class": revision_class,
        "revised_at": revised_at,
    }
    batch.new_articles[read.id] = row
    batch.added_article_ids.add(read.id)
    batch.former_texts.setdefault(read.id, None)
    batch.new_rows[Article].append(row)


def _find_version(batch: UnitOfWork, read: ExtractedArticle) -> tuple[int, RevisionClass | None, datetime | None]:
    """Return number, class and time of the first version, or of the next one after the article was withdrawn."""
    number, _ = batch.withdrawn.get(read.id, (0, None))
    if not number:
        return 1, None, None
    batch.write()
    former = batch.session.get_one(Revision, (read.id, number))
    revision_class = classify_change(content_of(former), content_of(read)) or RevisionClass.RESTORED
    return number + 1, revision_class, read.fetched_at


def _revise(batch: UnitOfWork, row: Article, fields: Columns, revision_class: RevisionClass, at: datetime) -> None:
    save_version(batch, row)
    before = row.content_sha256
    for name, value in fields.items():
        setattr(row, name, value)
    row.revision += 1
    row.revision_class, row.revised_at = revision_class, at
    if row.content_sha256 != before:
        batch.former_texts.setdefault(row.id, before)


def _without_removed(flags: list[str]) -> Columns:
    return {"flags": [flag for flag in flags if flag != REMOVED], "removed_capture_id": None}


def _to_columns(read: ExtractedArticle) -> Columns:
    """Return the columns of an extracted article, with lists for tuples and dicts for records."""
    return {
        "edition": read.edition,
        "language": read.language,
        "url": read.url,
        "kind": read.kind,
        "headline": read.headline,
        "subtitle": read.subtitle,
        "authors": list(read.authors),
        "agencies": list(read.agencies),
        "sponsor": read.sponsor,
        "section": read.section,
        "tags": list(read.tags),
        "published_at": read.published_at,
        "published_offset": read.published_offset,
        "published_on": publication_day(read.published_at, read.site, read.published_offset),
        "modified_at": read.modified_at,
        "fetched_at": read.fetched_at,
        "body": read.body,
        "word_count": read.word_count,
        "images": [image.model_dump() for image in read.images],
        "content_sha256": read.content_sha256,
        "extractor": read.extractor,
        "sources": dict(sorted(read.sources.items())),
        "flags": list(read.flags),
        "confidence": read.confidence,
        "removed_capture_id": None,
    }
