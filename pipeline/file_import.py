"""Imports files: texts, saved pages, tables of texts, WARC files, lists of URLs, indexes of web archives.

They go through the same extraction, validation and dedupe as fetched pages.
"""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from pipeline.archive import Archive
from pipeline.cluster import using
from pipeline.interpret import identify_sightings
from pipeline.load import load_unloaded
from pipeline.load_on_cluster import ClusterLoader
from pipeline.progress import report_progress
from pipeline.run import Run, finish_run, now, running
from pipeline.table_import import import_tables
from pipeline.url_list import read_url_list
from schemas.failure import UsageFailure
from schemas.release import JSONL_PATH, SUMS_PATH
from schemas.report import ImportedFile, RunReport
from schemas.url import Identity, Sighting, SourceKind
from sites.cdx import read_cdx
from spiders.warc import WarcWriter
from storage.captures.imported import ImportedArticle, find_imported_articles, find_imported_digests
from storage.ledger.frontier import add_urls
from storage.ledger.outcome import NEW_URLS, PAGES, REQUESTS
from storage.ledger.quarantine import find_imported_reasons
from storage.redactions.synchronization import find_redacted_digests
from storage.table.file import Table, TableFormat, TableUnusable, has_table_name, is_card, open_table, recognize_table
from storage.table.header import PROBE_BYTES, explain_header
from storage.warc.capture import EMPTY, NotAWarc, WarcCaptures, iterate_captures
from storage.warc.remote import WARC_SUFFIXES
from storage.warc.store import IMPORT_SITE

PAGE_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
PAGE_STARTS = (b"<!doctype html", b"<html")
"""How a page begins, whatever the file's name."""

TEXT_SUFFIXES = frozenset({".txt", ".text"})
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""Byte-order marks of texts in which every second byte may be NUL."""

ZIP_STARTS = frozenset({b"PK\x03\x04", b"PK\x05\x06"})
"""How a ZIP file begins: with its first file, or empty."""

CDX_SUFFIXES = frozenset({".cdx", ".cdxj"})
"""Indexes of web archives: the articles of known publishers in them go to the ledger."""

IdentifiedSightings = tuple[tuple[Identity, Sighting], ...]

SUMS = frozenset({REQUESTS, PAGES, NEW_URLS})
"""Counts of a batch that are no outcomes of its records."""

COPY_SUFFIX = ".partial"
"""Suffix of a WARC file while it is copied into the archive: no run loads it."""


class ImportUnreadable(UsageFailure):
    """A path named for import cannot be read, or is not what its name says."""


class ZipUnusable(ValueError):  # noqa: N818 - it states a fact
    """A file is a ZIP file. The message is one line."""


def import_paths(archive: Archive, paths: Sequence[Path], on: str | None = None) -> RunReport:
    """Import files, and the files directly in folders; the archive keeps a copy of each.

    `on` is the URL of a cluster whose workers read the WARC files that the archive keeps; what they find is stored
    here, in the same order.

    Raises:
        ClusterUnusable, ClusterLost: see `pipeline.cluster`.
        ImportUnreadable: a path cannot be read, is too large, or is not the WARC file, table or list of URLs that it
            seems to be. Nothing was imported then. In a folder, an invalid WARC file or table is skipped.
    """
    with ExitStack() as stack:
        # Before the files are examined: that takes as long as reading all of them.
        cluster = stack.enter_context(using(on, archive.keep_alive)) if on is not None else None
        found = list(dict.fromkeys(file for path in paths for file in _find_files(path)))
        files, lists, tables, unusable, skipped = _examine(found, set(paths), archive.settings.max_page_bytes)
        names = [os.fsencode(path).decode(errors="replace") for path in paths]
        run = stack.enter_context(running(archive, "import", None, {"paths": names}))
        make_loader = partial(ClusterLoader, cluster) if cluster else None
        run.unusable += unusable
        # In the order in which they were named, also what an interrupted import left: their names here are digests.
        copies = {file: _name_copy(file) for file in files if _is_warc(file)}
        load_unloaded(archive, run, make_loader=make_loader, last=list(copies.values()))
        for file, sightings in lists.items():
            _store_list(archive, run, file, sightings)
        others = lists.keys() | tables.keys()
        written = _store_files(archive, run, [file for file in files if not _is_warc(file) and file not in others])
        import_tables(archive, run, [(_name_url(table.path), table) for table in tables.values()])
        for file, name in copies.items():
            _store_warc(archive, run, file, name)
            _record_skipped(run, file, skipped[file])
        load_unloaded(archive, run, make_loader=make_loader, last=list(copies.values()))
        run.files += _describe_files(archive, written)
        run.files += [_describe_warc(run, file, name) for file, name in copies.items()]
        return finish_run(archive, run)


def _is_cdx(file: Path) -> bool:
    return file.suffix.lower() in CDX_SUFFIXES


def _is_warc(file: Path) -> bool:
    return file.name.lower().endswith(WARC_SUFFIXES)


def _is_zip(file: Path) -> bool:
    with file.open("rb") as handle:
        return handle.read(4) in ZIP_STARTS


def _name_url(file: Path) -> str:
    """Return the name of an imported file in the archive: its bare name, as its location is private."""
    return f"file:{quote(os.fsencode(file.name))}"


def _find_files(path: Path) -> Iterator[Path]:
    """Yield the file itself, or the files of a folder whose names have a known suffix; of a release, its articles."""
    try:
        if (path / SUMS_PATH).is_file() and (path / JSONL_PATH).is_file():
            yield path / JSONL_PATH
        elif path.is_dir():
            yield from sorted(file for file in path.iterdir() if _is_importable(file))
        elif path.exists() and not path.is_file():
            raise ImportUnreadable(f"{path}: not a regular file")
        else:
            path.open("rb").close()
            yield path
    except OSError as error:
        raise ImportUnreadable(f"{error.filename or path}: {error.strerror}") from None


def _is_importable(file: Path) -> bool:
    is_known = file.suffix.lower() in PAGE_SUFFIXES | TEXT_SUFFIXES | CDX_SUFFIXES or _is_warc(file)
    is_known = is_known or (has_table_name(file) and not is_card(file))
    return is_known and not file.name.startswith(".") and file.is_file()


class _Examined(NamedTuple):
    """What is to be imported; nothing has been stored yet."""

    files: list[Path]
    lists: dict[Path, IdentifiedSightings]
    """Those that are lists of URLs."""
    tables: dict[Path, Table]
    """Those that are tables of texts."""
    unusable: list[str]
    """A sentence for each file that is damaged or not what its name says."""
    skipped: dict[Path, Counter[str]]
    """WARC file -> kind -> skipped records that may hold a page (`revisit`, `conversion`)."""


def _examine(found: Sequence[Path], named: AbstractSet[Path], max_page_bytes: int) -> _Examined:
    """Examine every file. An invalid WARC file or table that was not named explicitly is skipped."""
    examined = _Examined([], {}, {}, [], {})
    for index, file in enumerate(found):
        report_progress("examine", index, len(found), unit="files", detail=file.name)
        try:
            if _is_warc(file):
                captures = iterate_captures(file, "it", 0, max_page_bytes)
                examined.unusable.extend(_examine_warc(file, captures))
                examined.skipped[file] = captures.skipped
            elif _is_zip(file):
                raise ZipUnusable(
                    "a ZIP file; unpack it, and import its files (of a .wacz, those in its `archive/` folder)"
                )
            elif (kind := _recognize_table(file)) is not None:
                _examine_table(examined, file, kind, max_page_bytes)
            else:
                payload = file.read_bytes() if _is_cdx(file) else _read_payload(file, max_page_bytes)
                _examine_payload(examined, file, payload)
            examined.files.append(file)
        except (NotAWarc, ValueError) as error:
            if file in named or not (_is_warc(file) or isinstance(error, TableUnusable | ZipUnusable)):
                raise ImportUnreadable(f"{file}: {error}") from None
            examined.unusable.append(f"{file}: {error}; skipped")
        except OSError as error:
            raise ImportUnreadable(f"{file}: {error.strerror or error}") from None
    report_progress("examine", len(found), len(found), unit="files")
    return examined


def _examine_payload(examined: _Examined, file: Path, payload: bytes) -> None:
    if sightings := _read_list(file, payload):
        examined.lists[file] = sightings
    elif b"\0" in payload and not payload.startswith(UTF16_MARKS):
        examined.unusable.append(f"{file}: contains binary data, so it is neither a page nor a text")


def _recognize_table(file: Path) -> TableFormat | None:
    is_other = file.suffix.lower() in PAGE_SUFFIXES | CDX_SUFFIXES
    return None if is_other else recognize_table(file)


def _examine_table(examined: _Examined, file: Path, kind: TableFormat, max_page_bytes: int) -> None:
    """Open a table; a file without a column of texts may be a list of URLs with columns.

    Raises:
        TableUnusable: it is neither.
    """
    if is_card(file):
        raise TableUnusable("the data card of an export; import the export itself")
    try:
        examined.tables[file] = open_table(file, kind, max_page_bytes)
    except TableUnusable:
        with file.open("rb") as handle:
            _refuse_table(handle.read(PROBE_BYTES))
        sightings = _find_list(file, max_page_bytes)
        if not sightings:
            raise
        examined.lists[file] = sightings


def _find_list(file: Path, max_page_bytes: int) -> IdentifiedSightings:
    """Return the URLs of a file; nothing if it is too large for a list, or one of its lines is not a URL."""
    try:
        return _read_list(file, _read_payload(file, max_page_bytes))
    except ValueError:
        return ()


def _read_payload(file: Path, max_page_bytes: int) -> bytes:
    with file.open("rb") as handle:
        payload = handle.read(max_page_bytes + 1)
    if len(payload) > max_page_bytes:
        raise ValueError(f"larger than BROADSHEET_MAX_PAGE_BYTES ({max_page_bytes})")
    return payload


def _examine_warc(file: Path, captures: WarcCaptures) -> Iterator[str]:
    """Read the file once: what is copied into the archive must be readable there."""
    count = sum(1 for _ in captures)  # to its end: it may turn out to be invalid halfway
    if not count and (captures.corrupt or captures.cut_at is not None):
        raise ValueError("contains no complete WARC record")
    for damage in captures.corrupt:
        yield f"{file}: a damaged record is skipped: {damage}"
    if captures.skipped and not count:
        yield f"{file}: contains no page, only records of other kinds: {_describe_kinds(captures.skipped)}"
    if captures.cut_at is not None:
        yield f"{file}: truncated within the record at byte {captures.cut_at}; the complete records before it are used"


def _describe_kinds(kinds: Counter[str]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))


def _record_skipped(run: Run, file: Path, kinds: Counter[str]) -> None:
    """Record skipped records: their page is elsewhere (`revisit`), or was modified (`conversion`)."""
    wanted = Counter({kind: number for kind, number in kinds.items() if kind != EMPTY})
    if wanted:
        run.counts["passed-over"] += wanted.total()
        run.notes.append(f"{_name_url(file)} has records that are skipped: {_describe_kinds(wanted)}")


def _read_list(file: Path, payload: bytes) -> IdentifiedSightings:
    """Return the URLs of a list, or of a web archive's index; nothing for any other file.

    Raises:
        TableUnusable: it would be a list, but has the header of a table of texts.
        ValueError: it is a list, but one of its lines is not a URL.
    """
    name, at = _name_url(file), now()
    if _is_cdx(file):
        return identify_sightings(read_cdx(payload, name, at).sightings)
    try:
        urls = read_url_list(payload)
    except ValueError:
        _refuse_table(payload)
        raise
    if urls:
        _refuse_table(payload)
    return identify_sightings(
        Sighting(url=url, source_url=name, source_kind=SourceKind.LIST, seen_at=at) for url in urls
    )


def _refuse_table(payload: bytes) -> None:
    """Raise if this is a table of texts whose header is not where it should be, or cannot be read."""
    if problem := explain_header(payload):
        raise TableUnusable(problem)


def _store_list(archive: Archive, run: Run, file: Path, sightings: IdentifiedSightings) -> None:
    """Add the URLs of a list to the ledger: the next ingest fetches them."""
    with archive.database.begin() as session:
        new_count = add_urls(session, sightings, now())
    run.counts["sighted-new"] += new_count
    counts = {"listed": len(sightings), "sighted-new": new_count}
    run.files.append(ImportedFile(name=file.name, outcomes={name: count for name, count in counts.items() if count}))
    urls, them = ("1 URL", "it") if len(sightings) == 1 else (f"{len(sightings)} URLs", "them")
    run.notes.append(f"{_name_url(file)} lists {urls}, now in the ledger; the next ingest fetches {them}")


class _WrittenFile(NamedTuple):
    """A text or page that the archive has."""

    path: Path
    sha256: str
    is_known: bool
    """Whether the archive had it before."""


def _store_files(archive: Archive, run: Run, files: Sequence[Path]) -> list[_WrittenFile]:
    """Write texts and pages to a WARC file of ours; known files are not written again."""
    max_page_bytes = archive.settings.max_page_bytes
    digests = {file: hashlib.sha256(_read_payload(file, max_page_bytes)).hexdigest() for file in files}
    with archive.database.read() as session:
        known = find_imported_digests(session, set(digests.values()))
        redacted = find_redacted_digests(session, digests.values())
    written: list[_WrittenFile] = []
    size = archive.settings.max_warc_bytes
    with WarcWriter(archive.settings.warc_dir, site=IMPORT_SITE, run_id=run.id, max_file_bytes=size) as writer:
        for file, digest in digests.items():
            written.append(_WrittenFile(file, digest, digest in known))
            if digest in redacted:
                run.counts["redacted"] += 1
                continue
            if digest in known:
                run.counts["unchanged"] += 1
                continue
            known.add(digest)
            payload = _read_payload(file, max_page_bytes)
            is_page = file.suffix.lower() in PAGE_SUFFIXES or payload.lstrip()[:64].lower().startswith(PAGE_STARTS)
            writer.write_resource(_name_url(file), "text/html" if is_page else "text/plain", payload, now())
    return written


def _describe_files(archive: Archive, written: Sequence[_WrittenFile]) -> list[ImportedFile]:
    """Return what became of each text and page, as the database says."""
    digests = {file.sha256 for file in written}
    with archive.database.read() as session:
        articles = find_imported_articles(session, digests)
        reasons = find_imported_reasons(session, digests)
        redacted = find_redacted_digests(session, digests)
    return [
        ImportedFile(name=file.path.name, outcomes={"redacted": 1})
        if file.sha256 in redacted
        else _describe_file(file, articles.get(file.sha256), reasons.get(file.sha256, ()))
        for file in written
    ]


def _describe_file(file: _WrittenFile, article: ImportedArticle | None, reasons: tuple[str, ...]) -> ImportedFile:
    if reasons:
        outcome = "quarantined"
    elif article is None or file.is_known or not article.is_source:
        outcome = "unchanged"
    elif article.duplicate_of:
        outcome = "duplicate"
    else:
        outcome = "stored" if article.revision == 1 else "revised"
    return ImportedFile(
        name=file.path.name,
        outcomes={outcome: 1},
        article_id=article.id if article else None,
        duplicate_of=article.duplicate_of if article else None,
        problems=reasons,
    )


def _describe_warc(run: Run, file: Path, name: str) -> ImportedFile:
    """Return what became of a WARC file's records: nothing new if it had been imported before."""
    counts = run.warc_counts[name]
    outcomes = {outcome: count for outcome, count in sorted(counts.items()) if outcome not in SUMS}
    return ImportedFile(name=file.name, outcomes=outcomes)


def _name_copy(file: Path) -> str:
    """Return the name of a foreign WARC file here, derived from its content, so a copy is recognized."""
    with file.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    suffix = next(suffix for suffix in WARC_SUFFIXES if file.name.lower().endswith(suffix))
    return f"{IMPORT_SITE}-{digest[:32]}{suffix}"


def _store_warc(archive: Archive, run: Run, file: Path, name: str) -> None:
    """Copy a foreign WARC file unchanged, under this name."""
    target = archive.settings.warc_dir / name
    if archive.warcs.has(name):
        run.notes.append(f"{_name_url(file)} was already imported, as {name}")
        return
    partial = target.with_suffix(COPY_SUFFIX)
    partial.unlink(missing_ok=True)  # of a run that was killed
    with file.open("rb") as source, partial.open("xb") as copy:
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(copy.fileno())
    partial.rename(target)
