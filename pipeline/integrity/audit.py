"""Audits the archive: its WARC files against its database, its states against its articles.

Each WARC file is read once, record by record: is each record known, and is each known record there as it was stored?
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any

from pipeline.archive import Archive, open_archive
from pipeline.load import PARALLEL_BYTES, list_unloaded
from pipeline.progress import report_progress
from pipeline.reader import NO_LIMIT, ReaderContext
from schemas.capture import CaptureRef
from schemas.integrity import IntegrityReport, WarcFinding
from schemas.settings import Settings
from storage.integrity.content import list_dependents, list_lost
from storage.integrity.lost_capture import RecordFacts, count_unknown, list_stored_captures, list_warcs
from storage.integrity.page import audit_pages, audit_search
from storage.integrity.state import audit_rows
from storage.reports.audit import audit_ledger
from storage.warc.capture import NotAWarc, iterate_captures
from storage.warc.remote import StoreUnreachable
from storage.warc.store import WarcStore, is_own

LoadedFile = tuple[str, int, Mapping[int, RecordFacts]]
"""A WARC file's name, its loaded bytes, and its stored captures by offset."""


def audit_archive(settings: Settings) -> IntegrityReport:
    """Compare the contents of the WARC files with the database; nothing is changed.

    Raises:
        DatabaseDamaged: the database's content is not what was written.
        Whatever `open_archive` raises.
    """
    with open_archive(settings, writable=False) as archive:
        return audit_opened(archive)


def audit_opened(archive: Archive) -> IntegrityReport:
    """Audit an archive that is already open."""
    audit_pages(archive.database)
    try:
        unlisted, sizes = None, archive.warcs.list_remote() | archive.warcs.list_local()
    except StoreUnreachable as error:
        unlisted, sizes = str(error), archive.warcs.list_local()
    unloaded = list_unloaded(archive, sizes)
    findings = list(_check_files(archive, unloaded))
    index = audit_search(archive.database)
    with archive.database.read() as session:
        lost = {article_id: f"{warc}: it is lost" for article_id, warc in list_lost(session).items()}
        for one in findings:
            dependents = list_dependents(session, one.name, one.missing.keys())
            lost |= {article_id: f"{one.name}: {one.missing[offset]}" for article_id, offset in dependents.items()}
        records = audit_rows(session)
        states = audit_ledger(session)
        unknown_count = count_unknown(session)
    return IntegrityReport(
        files=tuple(findings),
        unloaded_count=len(unloaded),
        unlisted=unlisted,
        lost_articles=dict(sorted(lost.items())),
        unknown_count=unknown_count,
        records=(*records, *index),
        states=tuple(states),
    )


def _check_files(archive: Archive, unloaded: Sequence[str]) -> Iterator[WarcFinding]:
    """Check files in order of name, several in parallel. A file that was never loaded must at least be a WARC file."""
    with archive.database.read() as session:
        loaded = dict.fromkeys(unloaded, 0) | list_warcs(session)
    names = sorted(loaded)
    is_much = sum(loaded.values()) >= PARALLEL_BYTES and len(names) > 1
    files = ((name, loaded[name], _list_stored(archive, name)) for name in names)
    with ExitStack() as stack:
        if is_much:
            # No time limit: files are only compared, and no extraction rule runs on them.
            reader = stack.enter_context(closing(archive.make_reader(None, limit_seconds=NO_LIMIT)))
            findings = reader.read_each(check_files, files, _fail_file, group_count=1)
        else:
            findings = check_files(archive.reader.context, files)
        for count, finding in enumerate(findings):
            report_progress("check", count, len(names))
            yield finding


def _list_stored(archive: Archive, name: str) -> dict[int, RecordFacts]:
    with archive.database.read() as session:
        return list_stored_captures(session, name)


def check_files(context: ReaderContext, files: Iterable[LoadedFile]) -> Iterator[WarcFinding]:
    """Yield `check_file` of each."""
    assert context.warcs  # noqa: S101 - for mypy: an archive's reader has them
    for name, loaded_bytes, stored in files:
        yield check_file(context.warcs, context.max_page_bytes, name, loaded_bytes, stored)


def _fail_file(file: LoadedFile, reason: str) -> WarcFinding:
    return WarcFinding(name=file[0], capture_count=0, error=reason)


def check_file(
    warcs: WarcStore, max_page_bytes: int, name: str, loaded_bytes: int, stored: Mapping[int, RecordFacts]
) -> WarcFinding:
    """Compare the loaded part of a WARC file with its stored captures (by offset)."""
    captures = iterate_captures(warcs.at(name), name, 0, max_page_bytes)
    comparison = _Comparison(stored)
    try:
        for capture, end in captures:
            if end > loaded_bytes and capture.ref.offset not in stored:
                break  # not loaded yet, which is fine
            comparison.add(capture.ref)
    except StoreUnreachable as error:
        return WarcFinding(name=name, capture_count=comparison.count, error=str(error))  # its content is unknown
    except (OSError, NotAWarc) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        return WarcFinding(
            name=name, capture_count=comparison.count, error=reason, **_Comparison(stored, reason).list_absent()
        )
    return WarcFinding(
        name=name,
        capture_count=comparison.count,
        unknown=tuple(comparison.unknown),
        returned=comparison.returned,
        damaged=tuple(map(str, captures.corrupt)),
        unread=tuple(offset for offset in captures.corrupt_at if is_own(name) and offset not in stored),
        **comparison.list_absent(),
    )


class _Comparison:
    """Compares a file's captures with those stored for it."""

    def __init__(self, stored: Mapping[int, RecordFacts], why: str = "there is no such record") -> None:
        self._stored = stored
        self._absent = dict.fromkeys(stored, why)
        self.unknown: list[int] = []
        self.returned: dict[int, int] = {}
        self.count = 0

    def add(self, ref: CaptureRef) -> None:
        """Add a capture of the file."""
        self.count += 1
        known = self._stored.get(ref.offset)
        if known is None:
            self.unknown.append(ref.offset)
        elif not known.has(ref):
            self._absent[ref.offset] = "there is a different record"
        else:
            del self._absent[ref.offset]
            if known.is_lost:
                self.returned[ref.offset] = ref.length

    def list_absent(self) -> dict[str, Any]:
        """Return stored captures that were not found, as fields of `WarcFinding`."""
        is_lost = {offset: self._stored[offset].is_lost for offset in self._absent}
        missing = {offset: why for offset, why in self._absent.items() if not is_lost[offset]}
        return {
            "missing": missing,
            "lost": tuple(offset for offset in is_lost if is_lost[offset] and not self._stored[offset].is_erased),
        }
