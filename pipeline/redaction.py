"""Takes articles down: out of the database, and if wanted out of the WARC files; undoes it while these are whole.

The decision is written first, to the file beside the WARC files; after that, whatever is interrupted is completed by
the next command that writes.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from urllib.parse import urlsplit

from pipeline.archive import Archive, open_archive, open_existing
from pipeline.quality.findings import CANDIDATES
from pipeline.reprocess.comparison import attach_parts, recognize_part, reread_captures
from pipeline.run import now, write_indexes
from pipeline.status import RecordUnknown, resolve_id
from schemas.capture import CaptureRef
from schemas.failure import RunFailure, UsageFailure
from schemas.redaction import (
    Action,
    Decision,
    Redaction,
    RedactionReport,
    Removal,
    Tombstone,
    combine_decisions,
)
from schemas.settings import Settings
from storage.articles.article import find_article, list_duplicates
from storage.captures.capture import list_companions, list_rereadings
from storage.engine import Session
from storage.ledger.batches import Storage
from storage.ledger.frontier import find_entry
from storage.redactions.file import StoredDecisions
from storage.redactions.removal import (
    count_revisions,
    describe_redaction,
    list_articles,
    list_records,
    list_source_captures,
    remove_redacted,
    restore_redacted,
)
from storage.redactions.scrubbing import scrub_if_due
from storage.redactions.synchronization import (
    erase_redacted,
    file_redaction,
    find_redaction,
    find_tombstone,
    list_tombstones,
)
from storage.warc.capture import CaptureCorrupt, CaptureTruncated, NotAWarc, read_capture
from storage.warc.cdxj import write_index
from storage.warc.remote import INDEX_SUFFIX, StoreUnreachable


class ReasonMissing(UsageFailure):
    """An article is to be redacted, and no reason is given."""


class NotRedacted(RunFailure):
    """There is no such redaction to undo."""


class RecordErased(RunFailure):
    """A redaction cannot be undone: its WARC records were overwritten."""


Parts = dict[str, list[CaptureRef]]

SITEMAP_MARK = b"<urlset"
TITLE_MARK = b":title>"
"""A sitemap names URLs and times; only one with this element, for news, has headlines too."""


def list_redactions(settings: Settings) -> list[Tombstone]:
    """Return all redactions in force, oldest first.

    Raises:
        Whatever `open_archive` raises for reading.
    """
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return list_tombstones(session)


def plan_redaction(
    settings: Settings, id_or_url: str, reason: str | None, *, with_duplicates: bool = False, erase: bool = False
) -> RedactionReport:
    """Return what a redaction would take out; nothing is changed.

    Raises:
        RecordUnknown, ReasonMissing: as `redact`.
        Whatever `open_archive` raises for reading.
    """
    with open_archive(settings, writable=False) as archive:
        keys = _choose(archive, id_or_url, with_duplicates=with_duplicates)
        removals = [one for one, _ in _describe_all(archive, keys, reason, now())]
    count = sum(one.capture_count + one.source_count for one in removals) if erase else 0
    return RedactionReport(is_dry_run=True, removals=tuple(removals), erased_count=count)


def redact(
    settings: Settings, id_or_url: str, reason: str | None, *, with_duplicates: bool = False, erase: bool = False
) -> RedactionReport:
    """Redact an article, and with `with_duplicates` the other publications of its text.

    With `erase`, also overwrite its WARC records; those of an article that is redacted already too.

    Raises:
        RecordUnknown: the archive knows nothing of this id or URL.
        ReasonMissing: there is no reason, and it is not redacted yet.
        RunInProgress: another run is writing.
        Whatever `open_archive` raises for writing.
    """
    open_existing(settings).close()
    with open_archive(settings, writable=True) as archive:
        stored = StoredDecisions(archive.warcs)
        at = _next_time(stored)
        keys = _choose(archive, id_or_url, with_duplicates=with_duplicates)
        found = _describe_all(archive, keys, reason, at)
        removals, redactions = [one for one, _ in found], [one for _, one in found]
        filed = combine_decisions(stored.list_decisions())
        with archive.database.begin() as session:
            stored.add([file_redaction(one) for one in redactions if one.id not in filed])
            for one in redactions:
                remove_redacted(session, one)
        problems = [_describe_unreachable(stored)] if stored.unreachable else []
        count = 0
        if erase:
            count, failures = _erase(archive, stored, [one.id for one in redactions], _next_time(stored))
            problems += failures
        problems += _clear_up(archive, redactions)
        with archive.database.read() as session:
            removals = [_with_tombstone(session, one) for one in removals]
    return RedactionReport(
        is_dry_run=False, removals=tuple(removals), erased_count=count, problems=tuple(dict.fromkeys(problems))
    )


def undo_redaction(settings: Settings, id_or_url: str) -> Tombstone:
    """Let a redacted article in again, and read it from its captures.

    Raises:
        NotRedacted: it is not redacted.
        RecordErased: its WARC records were overwritten.
        Whatever `open_archive` raises for writing.
    """
    open_existing(settings).close()
    with open_archive(settings, writable=True) as archive:
        key = resolve_id(archive, id_or_url)
        stored = StoredDecisions(archive.warcs)
        filed = combine_decisions(stored.list_decisions())
        with archive.database.read() as session:
            tombstone = find_tombstone(session, _find_key(session, key))
        if tombstone is None or tombstone.id not in filed:
            raise NotRedacted(f"{id_or_url} is not redacted")
        if filed[tombstone.id].erased_at:
            raise RecordErased(f"{tombstone.id} was erased from the WARC files: there is nothing to read it from")
        parts = _list_parts(archive)
        with archive.database.begin() as session:
            refs = list_records(session, filed[tombstone.id], parts)
            stored.add([Decision(id=tombstone.id, action=Action.UNDO, at=_next_time(stored))])
            restore_redacted(session, tombstone.id)
        _reread(archive, refs)
        _rewrite_indexes(archive, {ref.warc for ref in refs})
        return tombstone


def _choose(archive: Archive, id_or_url: str, *, with_duplicates: bool) -> list[str]:
    """Return the keys to redact: the article's, and if wanted those of the other publications of its text."""
    key = resolve_id(archive, id_or_url)
    with archive.database.read() as session:
        key = _find_key(session, key)
        if tombstone := find_tombstone(session, key):
            return [tombstone.id]
        if find_article(session, key) is None and find_entry(session, key) is None:
            raise RecordUnknown(f"no record {id_or_url} in the archive, and no such URL in its ledger")
        return [key, *(_list_others(session, key) if with_duplicates else ())]


def _find_key(session: Session, key: str) -> str:
    entry = find_entry(session, key)
    return entry.key if entry else key


def _list_others(session: Session, key: str) -> list[str]:
    """Return the other articles of an article's group of duplicates."""
    article = find_article(session, key)
    if article is None:
        return []
    primary = article.duplicate_of or key
    return [one for one in (primary, *list_duplicates(session, primary)) if one != key]


def _describe_all(
    archive: Archive, keys: Sequence[str], reason: str | None, at: datetime
) -> list[tuple[Removal, Redaction]]:
    parts = _list_parts(archive)
    with archive.database.read() as session:
        found = [_describe(session, key, reason, at, parts, keys) for key in keys]
    return [(one.model_copy(update={"source_count": _count_quotations(archive, made)}), made) for one, made in found]


def _count_quotations(archive: Archive, redaction: Redaction) -> int:
    """Return how many captures of sources quote an article, as far as they can be read now."""
    try:
        return len(_list_quotations(archive, redaction))
    except StoreUnreachable:
        return 0


def _list_quotations(archive: Archive, redaction: Redaction) -> list[CaptureRef]:
    """Return the captures of sources that quote an article: feeds and listings, and sitemaps with headlines.

    Raises:
        StoreUnreachable: some cannot be read now.
    """
    urls = {*redaction.urls, *([redaction.identity.url] if redaction.identity else [])}
    if not urls:
        return []
    with archive.database.read() as session:
        refs = list_source_captures(session, urls)
    paths = [re.escape(urlsplit(url).path.encode()) for url in sorted(urls)]
    names = re.compile(rb"(?:%s)(?![\w-])" % b"|".join(paths))
    return [ref for ref in refs if _quotes(archive, ref, names)]


def _quotes(archive: Archive, ref: CaptureRef, names: re.Pattern[bytes]) -> bool:
    try:
        body = read_capture(ref, archive.warcs, archive.settings.max_page_bytes).body
    except StoreUnreachable:
        raise
    except (CaptureCorrupt, CaptureTruncated, NotAWarc, OSError):
        return False
    is_list = SITEMAP_MARK in body and TITLE_MARK not in body
    return not is_list and names.search(body) is not None


def _describe(
    session: Session, key: str, reason: str | None, at: datetime, parts: Parts, keys: Sequence[str]
) -> tuple[Removal, Redaction]:
    known = find_tombstone(session, key)
    if known is None and not reason:
        raise ReasonMissing(f"{key} is not redacted yet: a --reason is needed")
    made = Redaction(
        id=key, reason=known.reason if known else reason or "", redacted_at=known.redacted_at if known else at
    )
    redaction = find_redaction(session, known) if known else describe_redaction(session, made, parts)
    article_ids = list_articles(session, redaction.keys)
    removal = Removal(
        tombstone=known or redaction.tombstone,
        was_redacted=known is not None,
        article_ids=tuple(article_ids),
        revision_count=count_revisions(session, redaction.keys),
        capture_count=len(list_records(session, redaction, parts)),
        duplicates=tuple(one for one in _list_others(session, key) if one not in {*keys, *article_ids}),
        source_count=0,
    )
    return removal, redaction


def _with_tombstone(session: Session, removal: Removal) -> Removal:
    found = find_tombstone(session, removal.tombstone.id)
    return removal.model_copy(update={"tombstone": found or removal.tombstone})


def _list_parts(archive: Archive) -> Parts:
    with archive.database.read() as session:
        found = list_companions(session, recognize_part)
    return {key: [one.ref for one in siblings] for key, siblings in found.items()}


def _next_time(stored: StoredDecisions) -> datetime:
    """Return the time of a new decision: later than all others, whatever the clock says."""
    times = [one.at for one in stored.list_decisions()]
    return max([now(), *(at + timedelta(microseconds=1) for at in times)])


def _erase(archive: Archive, stored: StoredDecisions, ids: Sequence[str], at: datetime) -> tuple[int, list[str]]:
    """Write the decision to erase, and then overwrite the records that it names."""
    parts, count = _list_parts(archive), 0
    problems: list[str] = []
    filed = combine_decisions(stored.list_decisions())
    quotations: dict[str, list[CaptureRef]] = {one: [] for one in ids}
    try:
        quotations |= {one: _list_quotations(archive, filed[one]) for one in ids}
    except StoreUnreachable as error:
        problems.append(f"feeds and listings that quote it were not overwritten: {error}")
    with archive.database.read() as session:
        # The database knows more captures than the file: those imported since.
        known = {one.id: find_redaction(session, one) for one in list_tombstones(session)}
        records = {one: (*list_records(session, known[one], parts), *quotations[one]) for one in ids}
    stored.add([Decision(id=one, action=Action.ERASE, at=at, records=records[one]) for one in ids])
    for redaction in combine_decisions(stored.list_decisions()).values():
        if redaction.id in ids:
            erased_count, failures = erase_redacted(archive.database, archive.warcs, redaction)
            count += erased_count
            problems += failures
    return count, problems


def _describe_unreachable(stored: StoredDecisions) -> str:
    return f"the store does not have the redaction yet, the next command that writes adds it: {stored.unreachable}"


def _clear_up(archive: Archive, redactions: Sequence[Redaction]) -> list[str]:
    """Remove what is left in files of our own: pages set apart for tests, indexes, deleted rows."""
    urls = {url for one in redactions for url in one.urls}
    for meta in (archive.settings.data_dir / CANDIDATES).glob("*/*/meta.json"):
        if _find_url(meta) in urls:
            rmtree(meta.parent)
    with archive.database.read() as session:
        warcs = {ref.warc for one in redactions for ref in list_records(session, one, {})}
    filed = combine_decisions(StoredDecisions(archive.warcs).list_decisions())
    warcs |= {ref.warc for one in redactions if one.id in filed for ref in filed[one.id].records}
    problems = _rewrite_indexes(archive, warcs)
    problem = scrub_if_due(archive.database)
    return [*problems, problem] if problem else problems


def _find_url(meta: Path) -> str | None:
    """Return the URL of a page that was set apart for tests; None if its description cannot be read."""
    try:
        found: str | None = json.loads(meta.read_bytes()).get("url")
    except (OSError, ValueError, AttributeError):
        return None
    return found


def _rewrite_indexes(archive: Archive, warcs: set[str]) -> list[str]:
    """Write the indexes of these WARC files anew, here and in the store."""
    settings, remote = archive.settings, archive.warcs.remote
    for name in sorted(warcs):
        index = settings.index_dir / f"{name}{INDEX_SUFFIX}"
        index.unlink(missing_ok=True)
        if remote is None or name in archive.warcs.list_local():
            continue
        index.parent.mkdir(exist_ok=True)
        try:
            with archive.database.read() as session:
                write_index(session, name, index)
            remote.put_bytes(index.name, index.read_bytes())
        except StoreUnreachable as error:
            return [f"the store still has the former index of {name}: {error}"]
        finally:
            index.unlink(missing_ok=True)
    write_indexes(archive, None)
    return []


def _reread(archive: Archive, refs: Sequence[CaptureRef]) -> None:
    """Read captures again, as `reprocess --apply` would."""
    with archive.database.read() as session:
        parts = list_companions(session, recognize_part)
        wanted = list(attach_parts(list_rereadings(session, refs), parts))
    outcomes = [one.outcome for one in reread_captures(archive, wanted) if one.outcome]
    Storage(archive.database, None, archive.settings.revisit_plan).store([], now(), reread=outcomes)
