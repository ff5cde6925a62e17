"""Verify a release: its files against their digests, its rows against their captures, its counts against each other.

Needs the release alone: no network, no archive, no database. Nothing in it is trusted.
"""

import gzip
import hashlib
import io
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from lzma import LZMAError
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from pipeline.completeness import CompletenessReport
from pipeline.interpret import find_page_id, read_outcome
from schemas.article import ArticleRecord
from schemas.export import DataCard, name_card
from schemas.outcome import ArticleRead
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
    ReleaseUnreadable,
    Verified,
)
from storage.export.parquet import make_schema
from storage.export.wacz import PACKAGE_PATH, WARC_PATH, read_record
from storage.warc.capture import iterate_captures

CARD_PATHS = tuple(f"data/{name_card(Path(path).name)}" for path in (JSONL_PATH, PARQUET_PATH))
REQUIRED = (JSONL_PATH, PROVENANCE_PATH, PARQUET_PATH, WACZ_PATH, LEFT_OUT_PATH, COMPLETENESS_PATH, *CARD_PATHS)

ARTICLE_REASONS = frozenset(LeftOutReason) - {LeftOutReason.MISSING, LeftOutReason.REDACTED}
"""Reasons why a stored article is not among those of a release."""

MAX_PAGE_BYTES = 2**40
"""No limit: what is in a release was read once within the archive's own."""

DIGEST_CHARS = 64
SEPARATORS = ("  ", " *")
"""Between digest and path in the lines of `sha256sum`: text mode, binary mode."""

UNREADABLE = (OSError, EOFError, ValueError, KeyError, zlib.error, BadZipFile, LZMAError, pa.ArrowException)
ZIP_UNREADABLE = (*UNREADABLE, RuntimeError, NotImplementedError)
"""What readers raise for a damaged file; `zipfile` also for an encrypted one, or one of an unknown compression."""

Model = TypeVar("Model", bound=BaseModel)


def verify_release(folder: Path, *, reread: bool = False) -> Verified:
    """Verify a release; with `reread`, also read each text again from its capture.

    Raises:
        ReleaseUnreadable: the folder has no list of digests, or cannot be read.
    """
    return _Verification(folder, reread=reread).run()


class _Damaged(Exception):  # noqa: N818 - it states a fact
    """A file cannot be read; the message names it."""


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Turn what the readers of a file raise into `_Damaged`, which names the file."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _Damaged(f"{path}: {f'{place}: ' if place else ''}{first['msg']}") from None
    except ZIP_UNREADABLE as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _Damaged(f"{path} cannot be read: {reason.partition(chr(10))[0] or type(error).__name__}") from None


class _Verification:
    """Collects the problems of one release."""

    def __init__(self, folder: Path, *, reread: bool) -> None:
        self._folder = folder
        self._reread = reread
        self._reread_count = self._article_count = self._capture_count = 0
        self._lowest_confidence = 1.0
        """Of the rows; 0 if one has none."""
        self._problems: dict[str, None] = {}
        """In their order; what several checks find is one problem."""
        self._notes: list[str] = []

    def run(self) -> Verified:
        """Make all checks, each whatever the others found."""
        sums = self._read_sums_file()
        listed = self._read_sums(sums)
        readable = self._check_files(listed)
        for needed, check in (
            ({JSONL_PATH, PROVENANCE_PATH}, self._check_rows),
            ({JSONL_PATH, PARQUET_PATH}, self._check_parquet),
            ({WACZ_PATH}, self._check_wacz),
            ({WACZ_PATH, PROVENANCE_PATH}, self._check_captures),
            ({PROVENANCE_PATH, LEFT_OUT_PATH}, self._check_left_out),
            ({COMPLETENESS_PATH}, self._check_states),
            ({JSONL_PATH, *CARD_PATHS}, self._check_cards),
        ):
            if needed <= readable:
                try:
                    check()
                except _Damaged as error:
                    self._add(str(error))
        return Verified(
            path=str(self._folder),
            file_count=len(listed),
            article_count=self._article_count,
            capture_count=self._capture_count,
            sha256=hashlib.sha256(sums).hexdigest(),
            reread_count=self._reread_count,
            problems=tuple(self._problems),
            notes=tuple(self._notes),
        )

    def _add(self, problem: str) -> None:
        self._problems[problem] = None

    def _read_sums_file(self) -> bytes:
        path = self._folder / SUMS_PATH
        try:
            if path.is_symlink() or (path.exists() and not path.is_file()):
                raise ReleaseUnreadable(f"{self._folder} is not a release: {SUMS_PATH} is not a regular file")
            return path.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise ReleaseUnreadable(f"{self._folder} is not a release: {SUMS_PATH}: {reason}") from None

    def _read_sums(self, sums: bytes) -> dict[str, str]:
        listed: dict[str, str] = {}
        for line in sums.decode("utf-8", "backslashreplace").split("\n")[:-1]:
            digest, separator, path = line[:DIGEST_CHARS], line[DIGEST_CHARS:][:2], line[DIGEST_CHARS + 2 :]
            if separator not in SEPARATORS or path in listed or path.startswith("/") or ".." in path.split("/"):
                self._add(f"{SUMS_PATH} has an invalid or repeated line: {line[:200]!r}")
            else:
                listed[path] = digest.lower()
        return listed

    def _check_files(self, listed: dict[str, str]) -> set[str]:
        """Compare the files with the list; return those that are there and regular."""
        found = self._list_files()
        for path in sorted(found - set(listed) - {SUMS_PATH}):
            self._add(f"{path} is not in {SUMS_PATH}")
        for path in sorted(set(REQUIRED) - set(listed)):
            self._add(f"{path} is missing from {SUMS_PATH}")
        for path, digest in listed.items():
            if path not in found:
                self._add(f"{path} is missing")
                continue
            try:
                with (self._folder / path).open("rb") as file:
                    is_same = hashlib.file_digest(file, "sha256").hexdigest() == digest
            except OSError as error:
                self._add(f"{path} cannot be read: {error.strerror or error}")
                found.remove(path)
                continue
            if not is_same:
                self._add(f"{path} has another digest than {SUMS_PATH} says")
        return found

    def _list_files(self) -> set[str]:
        """Return the regular files; report links and whatever else is neither a file nor a folder."""
        found: set[str] = set()
        for folder, folders, files in os.walk(self._folder):
            for name in (*folders, *files):
                path = Path(folder, name)
                shown = os.fsencode(path.relative_to(self._folder)).decode("utf-8", "backslashreplace")
                if path.is_symlink():
                    self._add(f"{shown} is a link: a release holds files alone")
                elif path.is_file():
                    found.add(shown)
                elif not path.is_dir():
                    self._add(f"{shown} is not a regular file")
        return found

    def _check_rows(self) -> None:
        """Compare each article with its provenance, and its body with its digest."""
        rows = zip_longest(self._iterate_articles(), self._iterate(PROVENANCE_PATH, Provenance))
        for number, (article, origin) in enumerate(rows, 1):
            if article is None or origin is None:
                self._add(f"{JSONL_PATH} and {PROVENANCE_PATH} differ in their number of lines")
                break
            self._article_count = number
            self._lowest_confidence = min(self._lowest_confidence, article.confidence or 0.0)
            self._check_row(f"row {number} ({article.id})", article, origin)

    def _check_row(self, row: str, article: ArticleRecord, origin: Provenance) -> None:
        if article.id != origin.id:
            self._add(f"{row}: its provenance is that of {origin.id}")
        elif hashlib.sha256(article.body.encode()).hexdigest() != article.content_sha256:
            self._add(f"{row}: its text has another digest than its content_sha256")
        elif article.capture.sha256 != origin.payload_sha256 or any(
            getattr(article, name) != getattr(origin, name) for name in ("revision", "content_sha256", "extractor")
        ):
            self._add(f"{row}: it differs from its provenance")
        if origin.lost:
            self._notes.append(f"{origin.id}: its capture could not be copied: {origin.lost}")
        elif None in (origin.warc, origin.offset, origin.length):
            self._add(f"{row}: its provenance names no capture, and no reason")

    def _check_parquet(self) -> None:
        """Compare the Parquet file's rows with those of the JSON Lines, in all columns."""
        with _reading(PARQUET_PATH), pq.ParquetFile(self._folder / PARQUET_PATH) as file:
            if not file.schema_arrow.equals(make_schema()):
                self._add(f"{PARQUET_PATH} has other columns than a release of this version")
                return
            rows = (row for batch in file.iter_batches() for row in batch.to_pylist())
            for number, (row, article) in enumerate(zip_longest(rows, self._iterate_articles()), 1):
                if row is None or article is None:
                    self._add(f"{PARQUET_PATH} and {JSONL_PATH} differ in their number of rows")
                    break
                if _as_record(row) != article:
                    self._add(f"row {number} ({article.id}): {PARQUET_PATH} and {JSONL_PATH} differ")

    def _check_wacz(self) -> None:
        """Check the WACZ by itself: its files are stored as they are, and have the digests that it says."""
        with _reading(WACZ_PATH), ZipFile(self._folder / WACZ_PATH) as wacz:
            if any(one.compress_type != ZIP_STORED for one in wacz.infolist()):
                self._add(f"{WACZ_PATH}: its files are compressed; replay needs them as they are")
                return
            resources = json.loads(wacz.read(PACKAGE_PATH))["resources"]
            hashes = {str(one["path"]): str(one["hash"]) for one in resources}
            for path in sorted(set(wacz.namelist()) - set(hashes) - {PACKAGE_PATH, "datapackage-digest.json"}):
                self._add(f"{WACZ_PATH}: {path} is not in its {PACKAGE_PATH}")
            for path, expected in hashes.items():
                with wacz.open(path) as file:
                    if f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" != expected:  # type: ignore[arg-type]
                        self._add(f"{WACZ_PATH}: {path} has another digest than its {PACKAGE_PATH} says")

    def _check_captures(self) -> None:
        """Read each article's records, and compare their payloads and ids with the provenance."""
        with _reading(WACZ_PATH), ZipFile(self._folder / WACZ_PATH) as wacz, wacz.open(WARC_PATH) as warc:
            for origin in self._iterate(PROVENANCE_PATH, Provenance):
                if origin.warc is None or origin.offset is None or origin.length is None:
                    continue
                own = CopiedCapture.model_validate(origin.model_dump(include=set(CopiedCapture.model_fields)))
                copies = (own, *origin.companions)
                members = [self._read_member(warc, one) for one in copies]
                sound = [self._check_capture(origin.id, *pair) for pair in zip(copies, members, strict=True)]
                if self._reread and all(sound):
                    self._read_again(origin, copies, members)

    def _read_member(self, warc: IO[bytes], copied: CopiedCapture) -> bytes:
        self._capture_count += 1
        if copied.warc != WARC_PATH:
            return b""
        warc.seek(min(copied.offset, MAX_PAGE_BYTES))
        return warc.read(min(copied.length, MAX_PAGE_BYTES))

    def _check_capture(self, article_id: str, copied: CopiedCapture, member: bytes) -> bool:
        problem = None
        try:
            found = read_record(member)
            if len(member) != copied.length:
                problem = "is shorter than its provenance says"
            elif found.payload_sha256 != copied.payload_sha256:
                problem = "has another payload than its provenance says"
            elif found.warc_record_id != copied.warc_record_id:
                problem = "is another record than its provenance says"
        except ValueError as error:
            problem = f"cannot be read: {error}"
        if problem:
            self._add(f"the capture of {article_id} {problem}")
        return problem is None

    def _read_again(self, origin: Provenance, copies: Sequence[CopiedCapture], members: Sequence[bytes]) -> None:
        """Read the text again; another extractor may read another one."""
        capture, *companions = (
            next(iter(iterate_captures(_Bytes(member), one.warc, 0, MAX_PAGE_BYTES)))[0]
            for one, member in zip(copies, members, strict=True)
        )
        pages = [one for one in companions if not find_page_id(one)] if find_page_id(capture) else []
        outcome = read_outcome(capture, pages[0]) if pages else read_outcome(capture, companions=tuple(companions))
        if not isinstance(outcome, ArticleRead):
            self._notes.append(f"{origin.id} cannot be read from its captures in the release")
            return
        self._reread_count += 1
        if outcome.article.content_sha256 == origin.content_sha256:
            return
        if outcome.article.extractor == origin.extractor:
            self._add(f"{origin.id}: its capture has another text")
        else:
            self._notes.append(f"{origin.id}: {outcome.article.extractor} reads another text than {origin.extractor}")

    def _check_left_out(self) -> None:
        """Check that each article is left out once, or is in the release."""
        seen: set[str] = set()
        for one in self._iterate(LEFT_OUT_PATH, LeftOut):
            if one.reason in ARTICLE_REASONS:
                if one.id in seen:
                    self._add(f"{LEFT_OUT_PATH} lists {one.id} twice")
                seen.add(one.id)
        for origin in self._iterate(PROVENANCE_PATH, Provenance) if seen else ():
            if origin.id in seen:
                self._add(f"{LEFT_OUT_PATH} lists {origin.id}, which is in the release")

    def _check_states(self) -> None:
        """Check that the ledger's states and months add up."""
        report = self._load(COMPLETENESS_PATH, CompletenessReport)
        for name, count in (
            ("states", sum(report.states.values())),
            ("months", sum(month.advertised_count for month in report.months)),
        ):
            if count != report.advertised_count:
                self._add(f"{COMPLETENESS_PATH}: the {name} do not add up to {report.advertised_count} URLs")

    def _check_cards(self) -> None:
        """Check that the cards count the rows that are there, and that each has the confidence that they want."""
        for path in CARD_PATHS:
            card = self._load(path, DataCard)
            if card.article_count != self._article_count:
                self._add(f"{path} counts {card.article_count} articles, and there are {self._article_count}")
            wanted = card.filters.min_confidence
            if wanted is not None and self._lowest_confidence < wanted:
                self._add(f"{path} says min_confidence {wanted}, but an article has a lower one, or none")

    def _load(self, path: str, model: type[Model]) -> Model:
        with _reading(path):
            return model.model_validate_json((self._folder / path).read_bytes())

    def _iterate_articles(self) -> Iterator[ArticleRecord]:
        with _reading(JSONL_PATH), gzip.open(self._folder / JSONL_PATH, "rb") as file:
            yield from _parse_lines(JSONL_PATH, file, ArticleRecord)

    def _iterate(self, path: str, model: type[Model]) -> Iterator[Model]:
        with _reading(path), (self._folder / path).open("rb") as file:
            yield from _parse_lines(path, file, model)


def _parse_lines(path: str, lines: Iterable[bytes], model: type[Model]) -> Iterator[Model]:
    for number, line in enumerate(lines, 1):
        with _reading(f"{path}, line {number}"):
            record = model.model_validate_json(line)
        yield record


def _as_record(row: dict[str, Any]) -> ArticleRecord | None:
    """Return a row of the Parquet file as a record; None if it is not one."""
    sources = {name: source for name, source in (row["sources"] or {}).items() if source is not None}
    try:
        return ArticleRecord.model_validate(row | {"sources": sources}, strict=False)
    except ValidationError:
        return None


class _Bytes:
    """Bytes that can be opened as a WARC file."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def open(self, _mode: str, /) -> BinaryIO:
        """Open them for reading."""
        return io.BytesIO(self._data)
