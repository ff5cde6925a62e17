"""Compares what the current rules read from stored captures with the stored records."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sites
from pipeline.archive import Archive
from pipeline.interpret import read_outcome
from pipeline.reader import ReaderContext
from pipeline.reprocess.summary import Finding
from schemas.article import Kind
from schemas.capture import Capture
from schemas.outcome import ArticleRead, CaptureQuarantined, Outcome, SourceRead
from schemas.reprocess import Change
from sites.publishers import Publishers
from storage.captures.capture import Rereading, Sibling, list_changed
from storage.revisions.store import list_annotations, list_changes
from storage.warc.capture import CaptureCorrupt, CaptureTruncated, NotAWarc, read_capture
from storage.warc.remote import StoreUnreachable

logger = logging.getLogger(__name__)

GROUP_COUNT = 32
"""Captures sent to a process at a time: about 80 ms of work; adjacent ones in a store take one request."""

STORE = "the store of WARC files"
"""As reports name it."""

EMPTY: tuple[object, ...] = (None, "", [], (), {})


def read_former(archive: Archive, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Reread the previous pages of changed articles; return those that the current rules read differently.

    If they are stored first, a change of rules is not mistaken for a change by the publisher. Live blogs change with
    each capture, and are skipped.
    """
    articles = {one.article.id: one.article for one in outcomes if isinstance(one, ArticleRead)}
    articles = {record_id: one for record_id, one in articles.items() if one.kind is not Kind.LIVE}
    with archive.database.read() as session:
        wanted = list_changed(session, articles)
    found = reread_captures(archive, wanted)
    return [one.outcome for one in found if one.change is Change.CHANGED and one.outcome]


def recognize_part(url: str) -> str | None:
    """Return the id of the record whose page a URL is a part of; None for any other URL."""
    return sites.find_site(url).recognize_companion(url)


def attach_parts(wanted: Iterable[Rereading], parts: Mapping[str, list[Sibling]]) -> Iterator[Rereading]:
    """Yield each with the captures of its page's parts (by record id): a live blog's posts."""
    for one in wanted:
        found = parts.get(one.key or "", [])
        yield one._replace(siblings=(*one.siblings, *found)) if found else one


def reread_captures(archive: Archive, wanted: Iterable[Rereading]) -> Iterator[Finding]:
    """Yield what the current rules read from captures, in order. They are consumed as needed."""
    return archive.reader.read_each(_read_group, wanted, _fail_rereading, GROUP_COUNT)


def _read_group(context: ReaderContext, wanted: Sequence[Rereading]) -> Iterator[Finding]:
    """Reread captures; runs in a reading process."""
    warcs = context.warcs
    assert warcs  # noqa: S101 - for mypy: an archive's reader has them
    near = warcs.prefetch([one.ref for one in wanted])
    read = partial(read_capture, warcs=near, max_page_bytes=context.max_page_bytes)
    for one in wanted:
        yield _read_one(read, one, context.publishers)


def _fail_rereading(wanted: Rereading, reason: str) -> Finding:
    """Return a finding that leaves the stored record unchanged: a hung reader says nothing about the page."""
    extractor = wanted.stored["extractor"] if wanted.stored else None
    detail = f"{wanted.url or 'a file'} ({wanted.ref.warc} at {wanted.ref.offset}): {reason}"
    return Finding(Change.UNREADABLE, _name_record(wanted), extractor, reasons=(detail,))


def read_source(archive: Archive, wanted: Rereading) -> SourceRead | None:
    """Return what a source advertised; None if it is not a source or cannot be read."""
    [found] = archive.reader.read_each(_read_sources, [wanted], _fail_source)
    if isinstance(found, str):
        logger.warning("%s (%s at %d) is skipped: %s", wanted.url, wanted.ref.warc, wanted.ref.offset, found)
        return None
    return found


def _read_sources(context: ReaderContext, wanted: Sequence[Rereading]) -> Iterator[SourceRead | str | None]:
    """Yield what each source advertised, or why it cannot be read; runs in a reading process."""
    warcs = context.warcs
    assert warcs  # noqa: S101 - for mypy: an archive's reader has them
    read = partial(read_capture, warcs=warcs, max_page_bytes=context.max_page_bytes)
    for one in wanted:
        try:
            outcome = _read(one, read, context.publishers)
        except (CaptureCorrupt, CaptureTruncated, NotAWarc, StoreUnreachable, OSError) as error:
            yield str(error)
        else:
            yield outcome if isinstance(outcome, SourceRead) else None


def _fail_source(_wanted: Rereading, reason: str) -> str:
    return reason


def _name_record(wanted: Rereading) -> str:
    return wanted.key or (wanted.stored["id"] if wanted.stored else None) or wanted.ref.warc


def _read_one(read: "partial[Capture]", wanted: Rereading, publishers: Publishers) -> Finding:
    record_id = _name_record(wanted)
    extractor = wanted.stored["extractor"] if wanted.stored else None
    try:
        outcome = _read(wanted, read, publishers)
    except StoreUnreachable as error:
        return Finding(Change.UNREADABLE, record_id, extractor, unopened=(STORE, str(error)))
    except OSError as error:
        unopened = f"the WARC file {wanted.ref.warc}", (error.strerror or str(error)).lower()
        return Finding(Change.UNREADABLE, record_id, extractor, unopened=unopened)
    except (CaptureTruncated, NotAWarc) as error:
        why = "it is truncated" if isinstance(error, CaptureTruncated) else "it is not a WARC file"
        return Finding(Change.UNREADABLE, record_id, extractor, unopened=(f"the WARC file {wanted.ref.warc}", why))
    except CaptureCorrupt as error:
        return Finding(Change.UNREADABLE, record_id, extractor, reasons=(str(error),))
    return _compare(wanted, outcome, record_id, extractor)


def _read(wanted: Rereading, read: "partial[Capture]", publishers: Publishers) -> Outcome:
    """Return the outcome of a capture, read together with the other parts of its page."""
    capture = _as_captured(read(wanted.ref), wanted.fetched_at)
    if not wanted.siblings or capture.url is None:
        return read_outcome(capture, publishers=publishers)
    site = publishers.find(capture.url)
    if site.recognize_companion(capture.url):
        pages = [one for one in wanted.siblings if one.url and not site.recognize_companion(one.url)]
        before = [one for one in pages if one.fetched_at <= wanted.fetched_at]
        page = max(before, key=_fetched_at, default=None)
        return read_outcome(capture, _read_sibling(page, read) if page else None, publishers=publishers)
    urls = site.companion_urls(capture.url, capture.body)
    parts = [_choose_part(wanted, url) for url in urls]
    companions = tuple(_read_sibling(part, read) for part in parts if part)
    return read_outcome(capture, companions=companions, publishers=publishers)


def _choose_part(wanted: Rereading, url: str) -> Sibling | None:
    """Return the part that was fetched with the page: the first one after it, else the last one before."""
    found = sorted((one for one in wanted.siblings if one.url == url), key=_fetched_at)
    return next((one for one in found if one.fetched_at >= wanted.fetched_at), found[-1] if found else None)


def _fetched_at(one: Sibling) -> datetime:
    return one.fetched_at


def _read_sibling(one: Sibling, read: "partial[Capture]") -> Capture:
    return _as_captured(read(one.ref), one.fetched_at)


def _as_captured(capture: Capture, fetched_at: datetime) -> Capture:
    """Apply the time in the database: there, a clock that ran ahead was corrected."""
    return capture.model_copy(update={"fetched_at": fetched_at})


def _compare(wanted: Rereading, outcome: Outcome, record_id: str, extractor: str | None) -> Finding:
    if not isinstance(outcome, ArticleRead):
        if wanted.stored is None:
            return Finding(Change.QUARANTINED, record_id, None)
        reasons = (
            outcome.reasons if isinstance(outcome, CaptureQuarantined) else (getattr(outcome, "reason", "no article"),)
        )
        return Finding(Change.WITHDRAWN, record_id, extractor, reasons=reasons, outcome=outcome)
    if wanted.stored is None:
        return Finding(Change.CURED, outcome.article.id, None, outcome=outcome)
    found = _compare_article(wanted.stored, outcome, record_id, extractor)
    rights = outcome.seen.rights
    if found.change is Change.UNCHANGED and rights and rights.model_dump(mode="json") != wanted.rights:
        return Finding(Change.ANNOTATED, record_id, extractor, outcome=outcome)
    return found


def _compare_article(stored: dict[str, Any], outcome: ArticleRead, record_id: str, extractor: str | None) -> Finding:
    article = outcome.article
    if fields := list_changes(stored, article):
        emptied = {name: _is_empty(article, name) for name in fields}
        won = tuple(name for name in fields if _was_empty(stored, name) and not emptied[name])
        lost = tuple(name for name in fields if emptied[name] and not _was_empty(stored, name))
        words = stored["word_count"], article.word_count
        return Finding(Change.CHANGED, record_id, extractor, fields, won, lost, words, outcome=outcome)
    if list_annotations(stored, article):
        return Finding(Change.ANNOTATED, record_id, extractor, outcome=outcome)
    return Finding(Change.UNCHANGED, record_id, extractor)


def _was_empty(stored: dict[str, Any], name: str) -> bool:
    return not stored["word_count"] if name == "body" else stored[name] in EMPTY


def _is_empty(article: Any, name: str) -> bool:
    return getattr(article, name) in EMPTY
