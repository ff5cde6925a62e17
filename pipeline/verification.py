"""Verify a release: its files against their digests, its rows against their captures, its counts against each other.

Needs the release alone: no network, no archive, no database.
"""

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any, BinaryIO
from zipfile import BadZipFile, ZipFile

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from pipeline.interpret import read_outcome
from schemas.outcome import ArticleRead
from schemas.release import (
    COMPLETENESS_PATH,
    JSONL_PATH,
    PARQUET_PATH,
    PROVENANCE_PATH,
    SUMS_PATH,
    WACZ_PATH,
    CopiedCapture,
    Provenance,
    ReleaseUnreadable,
    Verified,
)
from storage.export.wacz import read_record
from storage.warc.capture import iterate_captures

MAX_PAGE_BYTES = 2**40
"""No limit: what is in a release was read once within the archive's own."""

UNREADABLE = (OSError, EOFError, ValueError, KeyError, zlib.error, BadZipFile, pa.ArrowInvalid, ValidationError)
"""What readers raise for a damaged file."""


def verify_release(folder: Path, *, reread: bool = False) -> Verified:
    """Verify a release; with `reread`, also read each text again from its capture.

    Raises:
        ReleaseUnreadable: the folder has no list of digests, or cannot be read.
    """
    return _Verification(folder, reread=reread).run()


class _Verification:
    """Collects the problems of one release."""

    def __init__(self, folder: Path, *, reread: bool) -> None:
        self._folder = folder
        self._reread = reread
        self._reread_count = 0
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._article_count = 0
        self._capture_count = 0

    def run(self) -> Verified:
        """Make all checks, each whatever the others found."""
        try:
            sums = (self._folder / SUMS_PATH).read_bytes()
        except OSError as error:
            raise ReleaseUnreadable(f"{self._folder} is no release: {SUMS_PATH}: {error.strerror or error}") from None
        listed = self._read_sums(sums)
        self._check_files(listed)
        for path, check in (
            (PROVENANCE_PATH, self._check_rows),
            (PARQUET_PATH, self._check_parquet),
            (WACZ_PATH, self._check_captures),
            (COMPLETENESS_PATH, self._check_counts),
        ):
            try:
                check()
            except UNREADABLE as error:
                self._problems.append(f"{path} cannot be read: {str(error).splitlines()[0] if str(error) else error!r}")
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

    def _read_sums(self, sums: bytes) -> dict[str, str]:
        listed = {}
        for line in sums.decode("utf-8", "backslashreplace").splitlines():
            digest, _, path = line.partition("  ")
            if path in listed or not path or path.startswith("/") or ".." in path.split("/"):
                self._problems.append(f"{SUMS_PATH} has a line that names no file of the release once: {line!r}")
            else:
                listed[path] = digest
        return listed

    def _check_files(self, listed: dict[str, str]) -> None:
        found = {path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if path.is_file()}
        for path in sorted(found - set(listed) - {SUMS_PATH}):
            self._problems.append(f"{path} is not in {SUMS_PATH}")
        for path, digest in listed.items():
            if path not in found:
                self._problems.append(f"{path} is missing")
                continue
            with (self._folder / path).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    self._problems.append(f"{path} has another digest than {SUMS_PATH} says")

    def _check_rows(self) -> None:
        """Compare each article with its provenance, and its body with its digest."""
        rows = zip_longest(self._iterate_articles(), self._iterate_provenance())
        for number, (article, origin) in enumerate(rows, 1):
            if article is None or origin is None:
                self._problems.append(f"{JSONL_PATH} and {PROVENANCE_PATH} differ in their number of lines")
                break
            self._article_count = number
            self._check_row(number, article, origin)

    def _check_row(self, number: int, article: dict[str, Any], origin: Provenance) -> None:
        row = f"row {number} ({article['id']})"
        if article["id"] != origin.id:
            self._problems.append(f"{row}: its provenance is that of {origin.id}")
        elif hashlib.sha256(article["body"].encode()).hexdigest() != article["content_sha256"]:
            self._problems.append(f"{row}: its text has another digest than its content_sha256")
        elif article["capture"]["sha256"] != origin.payload_sha256 or any(
            article[name] != getattr(origin, name) for name in ("revision", "content_sha256", "extractor")
        ):
            self._problems.append(f"{row}: it differs from its provenance")

    def _check_parquet(self) -> None:
        """Compare the Parquet file's rows with those of the JSON Lines."""
        with pq.ParquetFile(self._folder / PARQUET_PATH) as file:
            batches = file.iter_batches(columns=["id", "content_sha256", "body"])
            rows = (row for batch in batches for row in batch.to_pylist())
            for number, (row, article) in enumerate(zip_longest(rows, self._iterate_articles()), 1):
                if row is None or article is None:
                    self._problems.append(f"{PARQUET_PATH} and {JSONL_PATH} differ in their number of rows")
                    break
                if any(row[name] != article[name] for name in row):
                    self._problems.append(f"row {number} ({article['id']}): {PARQUET_PATH} and {JSONL_PATH} differ")

    def _check_captures(self) -> None:
        """Read each article's records, and compare their payloads and ids with the provenance."""
        with ZipFile(self._folder / WACZ_PATH) as wacz:
            files = {path: wacz.open(path) for path in wacz.namelist() if path.startswith("archive/")}
            for origin in self._iterate_provenance():
                if origin.warc is None or origin.offset is None or origin.length is None:
                    continue
                own = CopiedCapture.model_validate(origin.model_dump(include=set(CopiedCapture.model_fields)))
                copies = (own, *origin.companions)
                members = [self._read_member(files[one.warc], one) for one in copies]
                sound = [self._check_capture(origin.id, *pair) for pair in zip(copies, members, strict=True)]
                if self._reread and all(sound):
                    self._read_again(origin, copies, members)

    def _read_member(self, file: IO[bytes], copied: CopiedCapture) -> bytes:
        self._capture_count += 1
        file.seek(copied.offset)
        return file.read(copied.length)

    def _check_capture(self, article_id: str, copied: CopiedCapture, member: bytes) -> bool:
        problem = None
        try:
            found = read_record(member)
            if found.payload_sha256 != copied.payload_sha256:
                problem = "has another payload than its provenance says"
            elif found.warc_record_id != copied.warc_record_id:
                problem = "is another record than its provenance says"
        except ValueError as error:
            problem = f"cannot be read: {error}"
        if problem:
            self._problems.append(f"the capture of {article_id} {problem}")
        return problem is None

    def _read_again(self, origin: Provenance, copies: Sequence[CopiedCapture], members: Sequence[bytes]) -> None:
        """Read the text again; another extractor may read another one."""
        page, *companions = (
            next(iter(iterate_captures(_Bytes(member), one.warc, 0, MAX_PAGE_BYTES)))[0]
            for one, member in zip(copies, members, strict=True)
        )
        outcome = read_outcome(page, companions=tuple(companions))
        if not isinstance(outcome, ArticleRead):
            self._notes.append(f"{origin.id} cannot be read from its captures in the release")
            return
        self._reread_count += 1
        if outcome.article.content_sha256 == origin.content_sha256:
            return
        if outcome.article.extractor == origin.extractor:
            self._problems.append(f"{origin.id}: its capture has another text")
        else:
            self._notes.append(f"{origin.id}: {outcome.article.extractor} reads another text than {origin.extractor}")

    def _check_counts(self) -> None:
        """Check that the states add up, and that the card counts the rows that are there."""
        completeness = json.loads((self._folder / COMPLETENESS_PATH).read_text(encoding="utf-8"))
        advertised_count = completeness["advertised_count"]
        if advertised_count != sum(completeness["states"].values()):
            self._problems.append(f"{COMPLETENESS_PATH}: the states do not add up to {advertised_count} URLs")
        if advertised_count != sum(month["advertised_count"] for month in completeness["months"]):
            self._problems.append(f"{COMPLETENESS_PATH}: the months do not add up to {advertised_count} URLs")
        for path in sorted((self._folder / "data").glob("*.card.json")):
            count = json.loads(path.read_text(encoding="utf-8"))["article_count"]
            if count != self._article_count:
                self._problems.append(f"data/{path.name} counts {count} articles, and there are {self._article_count}")

    def _iterate_articles(self) -> Iterator[dict[str, Any]]:
        with gzip.open(self._folder / JSONL_PATH, "rb") as file:
            yield from map(orjson.loads, file)

    def _iterate_provenance(self) -> Iterator[Provenance]:
        with (self._folder / PROVENANCE_PATH).open("rb") as file:
            yield from map(Provenance.model_validate_json, file)


class _Bytes:
    """Bytes that can be opened as a WARC file."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def open(self, _mode: str, /) -> BinaryIO:
        """Open them for reading."""
        return io.BytesIO(self._data)
