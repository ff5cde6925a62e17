"""Articles as they are stored: new ones, changed ones, removed ones.

What a change is, `storage.revisions.difference` says; whose text is another one's, `storage.near_duplicates.grouping`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from schemas.article import Article as Read
from schemas.revision import RevisionClass
from storage.ledger.publication_date import publication_day
from storage.ledger.unit_of_work import Columns, UnitOfWork, load_articles
from storage.revisions.difference import classify_change
from storage.revisions.version import content_of, save_version
from storage.schema.tables import Article, Entry, Revision

REMOVED = "removed"
"""The flag of an article whose page the publisher has taken away."""

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
"""Where all of these are the same to the letter, nothing has changed, and no body needs to be loaded to know it."""

FIELD_NAMES = {"content_sha256": "body"}
"""What a column is called where it stands for another one."""


class StoreResult(NamedTuple):
    """How the storing of an article ended, and how it stands now."""

    outcome: str
    """`stored`, `unchanged`, `revised` or `restored`."""
    duplicate_of: str | None
    """As it was before this batch."""
    url: str | None
    published_at: datetime | None


def store_article(batch: UnitOfWork, read: Read, entry: Entry | None, capture_id: int) -> StoreResult:
    """Store what was read of an article."""
    row = find_row(batch, read.id)
    if row is None:
        _add(batch, read, entry, capture_id)
        return StoreResult("stored", None, read.url, read.published_at)
    outcome = _compare(batch, row, read, capture_id)
    return StoreResult(outcome, row.duplicate_of, row.url, row.published_at)


def record_check(batch: UnitOfWork, article_id: str, at: datetime) -> None:
    """The publisher says that an article is as it was."""
    row = find_row(batch, article_id)
    if row is None or _is_older(batch, at, row):
        return
    if is_removed(row):
        _revise(batch, row, _present(row.flags), RevisionClass.RESTORED, at)
    row.checked_at = at


def remove_article(batch: UnitOfWork, article_id: str, capture_id: int, at: datetime) -> bool:
    """The publisher has taken a page away: its content stays. Answers whether that is new."""
    row = find_row(batch, article_id) or _load_row(batch, article_id)
    if row is None or is_removed(row) or _is_older(batch, at, row):
        return False
    fields: Columns = {"flags": sorted({*row.flags, REMOVED}), "removed_capture_id": capture_id, "checked_at": at}
    _revise(batch, row, fields, RevisionClass.REMOVED, at)
    return True


def reread_article(batch: UnitOfWork, row: Article, read: Read, capture_id: int) -> str:
    """A capture that was stored before, as today's rules read it: `unchanged`, `annotated` or `revised`."""
    is_own = row.capture_id == capture_id
    if not is_own and batch.sort_key(read.fetched_at) <= batch.sort_key(row.checked_at):
        return "unchanged"  # of an older capture than what showed the present content, whatever it says
    stored = {name: getattr(row, name) for name in (*CONTENT_FIELDS, *TOLD_FIELDS)}
    if list_changes(stored, read) if is_own else _classify(row, read):
        fields = _fields(read) | {"capture_id": capture_id, "checked_at": max(row.checked_at, read.fetched_at)}
        if is_removed(row) and read.fetched_at <= row.checked_at:
            fields |= {"flags": sorted({*read.flags, REMOVED}), "removed_capture_id": row.removed_capture_id}
        _revise(batch, row, fields, RevisionClass.REPROCESSED, batch.now)
        return "revised"
    if is_own and (names := list_annotations(stored, read)):
        _annotate(row, read, names)
        return "annotated"
    return "unchanged"


def rebase_article(batch: UnitOfWork, row: Article, read: Read, capture_id: int) -> None:
    """Write an article as this capture gives it, in the place of what it was read from: that makes no revision.

    For captures that are lost, and for rows that are not what was read.
    """
    before = row.content_sha256
    fields = _fields(read) | {"capture_id": capture_id, "checked_at": max(row.checked_at, read.fetched_at)}
    if is_removed(row):
        fields |= {"flags": sorted({*read.flags, REMOVED}), "removed_capture_id": row.removed_capture_id}
    if _is_later(row.modified_at, read.modified_at):  # by a later capture's word
        del fields["modified_at"]
    if read.fetched_at < row.checked_at:
        del fields["url"]
    for name, value in fields.items():
        setattr(row, name, value)
    if row.content_sha256 != before:
        batch.former_texts.setdefault(row.id, before)


def has_content(row: Article, read: Read) -> bool:
    """Whether a capture gives the content that is stored, to the letter."""
    return not list_changes({name: getattr(row, name) for name in CONTENT_FIELDS}, read)


def withdraw_article(batch: UnitOfWork, row: Article) -> None:
    """It is no valid article by today's rules: its versions stay, and a later one goes on counting from them."""
    save_version(batch, row)
    batch.withdrawn[row.id] = (row.revision, row.fetched_at)
    batch.former_texts.setdefault(row.id, row.content_sha256)
    batch.articles.pop(row.id, None)
    batch.session.delete(row)


def list_changes(stored: Mapping[str, Any], read: Read) -> tuple[str, ...]:
    """The content fields in which a reading differs, to the letter, from the columns of the article that is stored.

    For readings of one and the same capture: what differs there is the reader's doing, quotes and spaces too.
    """
    fields = _fields(read)
    return tuple(FIELD_NAMES.get(name, name) for name in CONTENT_FIELDS if stored[name] != fields[name])


TOLD_FIELDS = ("sources", "flags", "modified_at", "fetched_at", "checked_at")


def list_annotations(stored: Mapping[str, Any], read: Read) -> tuple[str, ...]:
    """What differs beside the content, between two readings of one capture: `sources`, `flags`, `modified_at`."""
    found = ["sources"] if stored["sources"] != dict(read.sources) else []
    if set(stored["flags"]) - {REMOVED} != set(read.flags) - {REMOVED}:
        found.append("flags")
    # Where later captures showed the same content, the time of the last change may be by one of them.
    is_only_one = stored["checked_at"] == stored["fetched_at"]
    if stored["modified_at"] != read.modified_at and (
        is_only_one or _is_later(read.modified_at, stored["modified_at"])
    ):
        found.append("modified_at")
    return tuple(found)


def is_removed(row: Article) -> bool:
    """Whether its page is known to be taken away."""
    return REMOVED in row.flags


def find_row(batch: UnitOfWork, article_id: str) -> Article | None:
    """The row of an article that the batch speaks of; None where it is not stored."""
    if article_id in batch.new_article_ids:
        batch.write()
        batch.new_article_ids.discard(article_id)
        return _load_row(batch, article_id)
    return batch.articles.get(article_id)


def _load_row(batch: UnitOfWork, article_id: str) -> Article | None:
    batch.articles |= {row.id: row for row in load_articles(batch.session, {article_id})}
    return batch.articles.get(article_id)


def _compare(batch: UnitOfWork, row: Article, read: Read, capture_id: int) -> str:
    is_lost = row.capture_id in batch.lost_captures
    if _is_older(batch, read.fetched_at, row):
        # Of an older capture, whatever it says; but what says the same proves it.
        if is_lost and has_content(row, read):
            rebase_article(batch, row, read, capture_id)
        return "unchanged"
    found = _classify(row, read) or (RevisionClass.RESTORED if is_removed(row) else None)
    if found is None:
        if is_lost:
            rebase_article(batch, row, read, capture_id)
        row.checked_at = read.fetched_at
        row.url = read.url or row.url  # the slug follows the headline; the former URL is an alias
        if _is_later(read.modified_at, row.modified_at):
            _annotate(row, read, ("modified_at",))
        return "unchanged"
    fields = _fields(read) | {"capture_id": capture_id, "checked_at": read.fetched_at}
    _revise(batch, row, fields, found, read.fetched_at)
    return "restored" if found is RevisionClass.RESTORED else "revised"


def _is_older(batch: UnitOfWork, at: datetime, row: Article) -> bool:
    """Whether something newer shows the present content."""
    return batch.sort_key(at) < batch.sort_key(row.checked_at)


def _classify(row: Article, read: Read) -> RevisionClass | None:
    stored = {name: getattr(row, name) for name in CONTENT_FIELDS}
    changed = list_changes(stored, read)
    if not changed:
        return None
    body = None if "body" in changed else read.body
    return classify_change(content_of(row, body), content_of(read))


def _is_later(at: datetime | None, known: datetime | None) -> bool:
    return at is not None and (known is None or at > known)


def _annotate(row: Article, read: Read, names: tuple[str, ...]) -> None:
    """What makes no revision is written in place."""
    fields = _fields(read)
    kept = [REMOVED] if is_removed(row) else []
    if "flags" in names:
        row.flags = sorted({*read.flags, *kept})
    if "sources" in names:
        row.sources, row.extractor = fields["sources"], read.extractor
    if "modified_at" in names:
        row.modified_at = read.modified_at
        source = {name: told for name, told in read.sources.items() if name == "modified_at"}
        row.sources = dict(sorted((row.sources | source).items()))


def _add(batch: UnitOfWork, read: Read, entry: Entry | None, capture_id: int) -> None:
    number, found, revised_at = _find_place(batch, read)
    row = _fields(read) | {
        "id": read.id,
        "site": read.site,
        "entry_id": entry.id if entry else None,
        "capture_id": capture_id,
        "first_seen_at": min(entry.first_seen_at, read.fetched_at) if entry else read.fetched_at,
        "checked_at": read.fetched_at,
        "revision": number,
        "revision_class": found,
        "revised_at": revised_at,
    }
    batch.new_article_ids.add(read.id)
    batch.added_article_ids.add(read.id)
    batch.former_texts.setdefault(read.id, None)
    batch.new_rows[Article].append(row)


def _find_place(batch: UnitOfWork, read: Read) -> tuple[int, RevisionClass | None, datetime | None]:
    """Number, class and time of an article's version that has none before it among what is stored."""
    number, _ = batch.withdrawn.get(read.id, (0, None))
    if not number:
        return 1, None, None
    batch.write()
    former = batch.session.get_one(Revision, (read.id, number))
    found = classify_change(content_of(former), content_of(read)) or RevisionClass.RESTORED
    return number + 1, found, read.fetched_at


def _revise(batch: UnitOfWork, row: Article, fields: Columns, found: RevisionClass, at: datetime) -> None:
    save_version(batch, row)
    before = row.content_sha256
    for name, value in fields.items():
        setattr(row, name, value)
    row.revision += 1
    row.revision_class, row.revised_at = found, at
    if row.content_sha256 != before:
        batch.former_texts.setdefault(row.id, before)


def _present(flags: list[str]) -> Columns:
    return {"flags": [flag for flag in flags if flag != REMOVED], "removed_capture_id": None}


def _fields(read: Read) -> Columns:
    """The columns of an article as it was read: lists for tuples, plain mappings for records."""
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
        "published_on": publication_day(read.published_at),
        "modified_at": read.modified_at,
        "fetched_at": read.fetched_at,
        "body": read.body,
        "word_count": read.word_count,
        "images": [image.model_dump() for image in read.images],
        "content_sha256": read.content_sha256,
        "extractor": read.extractor,
        "sources": dict(sorted(read.sources.items())),
        "flags": list(read.flags),
        "removed_capture_id": None,
    }
