"""Make a release: a folder with articles, their captures, what is left out, and checksums of all of it.

The same archive gives the same bytes, on either database: a release holds no time or place of its own making.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import BinaryIO

from pipeline.archive import Archive
from pipeline.completeness import CompletenessReport, ReportFormat, count_completeness, render_report
from pipeline.progress import report_progress
from pipeline.release_metadata import write_metadata
from pipeline.reprocess.comparison import recognize_part
from pipeline.template import render
from schemas.article import ArticleRecord
from schemas.capture import SUCCESS_STATUSES, CaptureSummary
from schemas.export import RIGHTS, ArticleFilter, DataCard, Exported, FileFormat, name_card
from schemas.model import Record
from schemas.process import INHERITED_UMASK
from schemas.release import (
    COMPLETENESS_PATH,
    JSONL_PATH,
    LEFT_OUT_PATH,
    PARQUET_PATH,
    PROVENANCE_PATH,
    SUMS_PATH,
    WACZ_PATH,
    CopiedCapture,
    LeftOut,
    LeftOutReason,
    Provenance,
    Released,
    ReleaseEmpty,
)
from storage.articles.selection import (
    count_matching,
    iterate_articles,
    iterate_duplicates,
    iterate_reserved,
    iterate_uncertain,
)
from storage.atomic_file import USER_FILE_MODE, flush
from storage.captures.capture import Sibling, find_capture, list_article_captures, list_companions
from storage.captures.rights import RightsReader
from storage.engine import Session
from storage.export.file import write_articles
from storage.export.sink import ExportUnwritable
from storage.export.wacz import WARC_PATH, WaczWriter, read_member
from storage.redactions.synchronization import list_tombstones
from storage.reports.completeness import list_missing
from storage.warc.capture import CaptureCorrupt, CaptureTruncated, read_capture
from storage.warc.member import NotAWarc
from storage.warc.remote import StoreUnreachable

NEVER = datetime(1980, 1, 1, tzinfo=UTC)
"""Stands for the time of an archive that has had no run."""

PROGRESS_COUNT = 100
"""Captures between two reports of progress."""


def make_release(archive: Archive, folder: Path, wanted: ArticleFilter) -> Released:
    """Write a release into a new or empty folder, which has its list of digests only when it is complete.

    Raises:
        ReleaseEmpty: no article matches.
        ExportUnwritable: the folder cannot be written, is not empty, or is the archive's own.
        StoreUnreachable: captures are in a remote store that does not respond.
    """
    with _making(archive, folder) as part, archive.database.read_snapshot() as session:
        if not count_matching(session, wanted):
            raise ReleaseEmpty("no article matches: there is nothing to release")
        tables = [
            write_articles(session, part / path, FileFormat.choose(path), wanted) for path in (PARQUET_PATH, JSONL_PATH)
        ]
        completeness = count_completeness(session, wanted.site)
        provenance = list(_copy_captures(archive, session, part / WACZ_PATH, wanted, completeness))
        left_out = list(list_left_out(session, wanted))
        _write_lines(part / PROVENANCE_PATH, provenance)
        _write_lines(part / LEFT_OUT_PATH, left_out)
        lost_count = sum(one.lost is not None for one in provenance)
        counts = Counter(one.reason for one in left_out)
        page_count = sum(one.url is not None and one.lost is None for one in provenance)
        told = {"lost_count": lost_count, "left_out_counts": counts, "page_count": page_count}
        _write_documents(part, wanted, tables, completeness, told)
        byte_count = _write_sums(part)
        sums_sha256 = hashlib.sha256((part / SUMS_PATH).read_bytes()).hexdigest()
    return Released(
        path=str(folder),
        article_count=len(provenance),
        capture_count=sum((one.lost is None) + len(one.companions) for one in provenance),
        lost_count=lost_count,
        left_out_counts=dict(counts),
        bytes=byte_count,
        sha256=sums_sha256,
    )


@contextmanager
def _making(archive: Archive, folder: Path) -> Iterator[Path]:
    """Yield a folder whose content becomes the release when the block ends; an exception removes it.

    A new folder gets its name then. An empty one that exists (a mounted disk, the working folder) gets the files, the
    list of digests last.
    """
    target = folder.resolve()
    _check_target(archive, folder, target)
    try:
        is_there = target.exists()
        part = Path(mkdtemp(prefix=".release.", suffix=".part", dir=target if is_there else target.parent))
    except OSError as error:
        raise _name_unwritable(folder, error) from None
    try:
        for name in ("data", "captures"):
            (part / name).mkdir()
        yield part
        for made in (part, part / "data", part / "captures"):
            made.chmod(0o777 & ~INHERITED_UMASK)
        if is_there:
            for path in sorted(part.iterdir(), key=lambda one: one.name == SUMS_PATH):
                path.rename(target / path.name)
            flush(target)
        else:
            part.rename(target)
            flush(target.parent)
    except StoreUnreachable:
        raise
    except (OSError, ExportUnwritable) as error:
        raise _name_unwritable(folder, error) from None
    finally:
        rmtree(part, ignore_errors=True)


def _check_target(archive: Archive, folder: Path, target: Path) -> None:
    if any(target.is_relative_to(own.resolve()) for own in archive.settings.own_dirs):
        raise ExportUnwritable(f"{folder} is inside the archive's own folders")
    if not target.parent.is_dir():
        raise ExportUnwritable(f"{folder} cannot be written: there is no folder {folder.parent}")
    try:
        is_used = target.exists() and (not target.is_dir() or any(target.iterdir()))
    except OSError as error:
        raise _name_unwritable(folder, error) from None
    if is_used:
        raise ExportUnwritable(f"{folder} exists and is not an empty folder")


def _name_unwritable(folder: Path, error: OSError | ExportUnwritable) -> ExportUnwritable:
    """Return an error that names the release, whichever of its files could not be written."""
    reason = error.strerror or str(error) if isinstance(error, OSError) else str(error).rpartition(": ")[2]
    return ExportUnwritable(f"{folder} cannot be written: {reason}")


def _copy_captures(
    archive: Archive, session: Session, path: Path, wanted: ArticleFilter, completeness: CompletenessReport
) -> Iterator[Provenance]:
    """Copy the capture of each article into a WACZ; yield where each lies, in the articles' order."""
    total_count, parts = count_matching(session, wanted), list_companions(session, recognize_part)
    rights = RightsReader(session)
    with path.open("wb") as file, _writing(file, completeness.as_of or NEVER) as writer:
        for count, article in enumerate(iterate_articles(session, wanted)):
            if count % PROGRESS_COUNT == 0:
                report_progress("captures", count, total_count)
            copied = _copy_captures_of(archive, session, writer, article, parts.get(article.id, ()))
            yield copied.model_copy(update={"rights": rights.find(article.capture)})
        writer.finish()
    report_progress("captures", total_count, total_count)


@contextmanager
def _writing(file: BinaryIO, created_at: datetime) -> Iterator[WaczWriter]:
    writer = WaczWriter(file, "Captures of the articles", created_at)
    try:
        yield writer
    except BaseException:
        writer.discard()
        raise


def _copy_captures_of(
    archive: Archive, session: Session, writer: WaczWriter, article: ArticleRecord, parts: Sequence[Sibling]
) -> Provenance:
    capture = find_capture(session, article.capture)
    title = article.headline or article.id
    companions: list[CopiedCapture] = []
    try:
        copied, lost = _copy(archive, writer, capture, title), None
        companions = [_copy(archive, writer, one, title) for one in _list_companions(session, article, capture, parts)]
    except (CaptureCorrupt, CaptureTruncated, NotAWarc, FileNotFoundError) as error:
        copied, lost, companions = None, str(error), []
    return Provenance(
        id=article.id,
        revision=article.revision,
        content_sha256=article.content_sha256,
        extractor=article.extractor,
        url=capture.url,
        fetched_at=capture.fetched_at,
        payload_sha256=capture.ref.sha256,
        warc_record_id=copied.warc_record_id if copied else None,
        warc=copied.warc if copied else None,
        offset=copied.offset if copied else None,
        length=copied.length if copied else None,
        lost=lost,
        companions=tuple(companions),
    )


def _list_companions(
    session: Session, article: ArticleRecord, capture: CaptureSummary, parts: Sequence[Sibling]
) -> Iterator[CaptureSummary]:
    """Yield what an article was read from beside its capture: a live blog's posts, or its page if they came later."""
    if recognize_part(capture.url or ""):
        found = list_article_captures(session, article.id)
        pages = [one for one in found if one.status in SUCCESS_STATUSES and not recognize_part(one.url or "")]
        yield from pages[-1:]
    newest = {one.url: one.ref for one in sorted(parts, key=lambda part: part.fetched_at) if one.url != capture.url}
    for ref in newest.values():
        yield find_capture(session, ref)


def _copy(archive: Archive, writer: WaczWriter, capture: CaptureSummary, title: str) -> CopiedCapture:
    """Copy a record that was read completely, so that a damaged one is not passed on."""
    read_capture(capture.ref, archive.warcs, archive.settings.max_page_bytes)
    location = writer.add(read_member(archive.warcs, capture.ref), capture, title)
    return CopiedCapture(
        url=capture.url,
        fetched_at=capture.fetched_at,
        payload_sha256=capture.ref.sha256,
        warc_record_id=location.warc_record_id,
        warc=WARC_PATH,
        offset=location.offset,
        length=location.length,
    )


def list_left_out(session: Session, wanted: ArticleFilter) -> Iterator[LeftOut]:
    """Yield what a selection does not have, with the reason."""
    for article_id, url, duplicate_of in iterate_duplicates(session, wanted):
        yield LeftOut(id=article_id, url=url, reason=LeftOutReason.DUPLICATE, detail=f"duplicate of {duplicate_of}")
    for article_id, url, is_known in iterate_reserved(session, wanted):
        yield _leave_out_reserved(article_id, url, is_known=is_known)
    for article_id, url, confidence in iterate_uncertain(session, wanted):
        yield _leave_out_uncertain(article_id, url, confidence)
    for one in sorted(list_missing(session, wanted.site), key=lambda missing: missing.key):
        detail = f"{one.state.value}: {one.last_error}" if one.last_error else one.state.value
        yield LeftOut(id=one.key, url=one.url, reason=LeftOutReason.MISSING, detail=detail)
    for tombstone in list_tombstones(session, wanted.site):
        detail = f"redacted on {tombstone.redacted_at:%Y-%m-%d}: {tombstone.reason}"
        yield LeftOut(id=tombstone.id, url=None, reason=LeftOutReason.REDACTED, detail=detail)


def _leave_out_reserved(article_id: str, url: str | None, *, is_known: bool) -> LeftOut:
    if is_known:
        detail = "the publisher reserves text and data mining"
        return LeftOut(id=article_id, url=url, reason=LeftOutReason.TDM_RESERVED, detail=detail)
    detail = "what the publisher says about its use is unknown"
    return LeftOut(id=article_id, url=url, reason=LeftOutReason.RIGHTS_UNKNOWN, detail=detail)


def _leave_out_uncertain(article_id: str, url: str | None, confidence: float | None) -> LeftOut:
    if confidence is None:
        detail = "it was not read from a page, or before confidences were computed"
        return LeftOut(id=article_id, url=url, reason=LeftOutReason.CONFIDENCE_UNKNOWN, detail=detail)
    return LeftOut(id=article_id, url=url, reason=LeftOutReason.CONFIDENCE_LOW, detail=f"confidence {confidence:.2f}")


def _write_lines(path: Path, records: Iterable[Record]) -> None:
    path.write_text("".join(f"{one.model_dump_json()}\n" for one in records), encoding="utf-8")


def _write_documents(
    part: Path,
    wanted: ArticleFilter,
    tables: list[Exported],
    completeness: CompletenessReport,
    counts: dict[str, object],
) -> None:
    (part / COMPLETENESS_PATH).write_text(f"{completeness.model_dump_json(indent=2)}\n", encoding="utf-8")
    page = render_report(completeness, ReportFormat.HTML)
    (part / COMPLETENESS_PATH).with_suffix(".html").write_text(page, encoding="utf-8")
    filters = wanted.model_dump(mode="json", exclude_defaults=True)
    text = (part / PARQUET_PATH).with_name(name_card(Path(PARQUET_PATH).name)).read_text(encoding="utf-8")
    values = {"card": json.loads(text), "filters": filters, "rights": RIGHTS, "version": version("broadsheet")} | counts
    values |= {"completeness": completeness, "count": tables[0].count}
    for name in ("README.md", "CITATION.cff"):
        (part / name).write_text(render(f"release-{name}", **values), encoding="utf-8")
    card = DataCard.model_validate_json(text)
    day = f"{completeness.as_of:%Y-%m-%d}" if completeness.as_of else None
    write_metadata(part, card, f"Articles of {', '.join(card.sites)}" if card.sites else "News articles", day, RIGHTS)


def _write_sums(part: Path) -> int:
    """Write the digests of all files, in the format of `sha256sum`; return the bytes of all files."""
    lines, byte_count = [], 0
    for path in sorted(path for path in part.rglob("*") if path.is_file()):
        path.chmod(USER_FILE_MODE)
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.relative_to(part).as_posix()}\n")
        flush(path)
        byte_count += path.stat().st_size
    sums = part / SUMS_PATH
    sums.write_text("".join(lines), encoding="utf-8")
    sums.chmod(USER_FILE_MODE)
    return byte_count + sums.stat().st_size
