"""The writer of WARC 1.1 files: every exchange as it went over the wire, before it is interpreted.

The records are not built by warcio, because it parses and re-serializes HTTP heads, and because a crash-safe file needs
each exchange as a single write of complete gzip members. Independent of Scrapy: file imports use it too.
"""

import base64
import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from schemas.capture import CaptureRef

MAX_FILE_BYTES = 1 << 30
"""1 GiB: as the WARC guidelines recommend, and still quick to copy, verify and reread after a crash."""

GZIP_LEVEL = 6
"""Measured on 29 kB pages: 0.65 ms each. Level 1 takes half as long and makes them 12 % larger; 9 gains nothing.

Pages that come gzipped, as most do, take 0.15 ms at any level.
"""

GZIP_WINDOW = zlib.MAX_WBITS + 16
"""The `wbits` by which zlib writes a gzip member instead of a bare stream."""

RUN_ID_LENGTH = 6
"""Characters of the run's id in a file name, enough to find the run. Time and exclusive creation make it unique."""

CRLF = b"\r\n"
WARC_FORMAT_URL = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


class ArchiveUnwritable(OSError):  # noqa: N818 - it states a fact
    """A record could not be written completely; nothing is written after it."""


@dataclass(frozen=True)
class Exchange:
    """One request and its response, as they went over the wire."""

    url: str
    """The publisher's URL, whichever origin was connected to."""
    fetched_at: datetime
    request_head: bytes
    """Request line and header lines, the empty line included."""
    response_head: bytes
    """Status line and header lines, the empty line included; without Transfer-Encoding, as the body is dechunked."""
    body: bytes
    """As received, with its Content-Encoding."""
    ip_address: str | None = None


class WarcWriter:
    """The only writer of a process: appends records to its own files, and starts a new file when one is full.

    A file is created with its first record. Each write is complete gzip members, so readers see whole records while the
    file grows, and a kill can only cut the last one.
    """

    def __init__(  # noqa: PLR0913 - most are fields of the file's own description
        self,
        folder: Path,
        *,
        site: str,
        run_id: str,
        user_agent: str = "",
        contact: str = "",
        delay_seconds: float | None = None,
        concurrency: int | None = None,
        max_file_bytes: int = MAX_FILE_BYTES,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._prefix = f"{_safe(site)}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z-{_safe(run_id)[-RUN_ID_LENGTH:]}"
        self._info = _render_info(run_id, user_agent, contact, delay_seconds, concurrency)
        self._max_file_bytes = max_file_bytes
        self._serial = 0
        self._file: int | None = None
        self._path = folder
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write_exchange(self, exchange: Exchange) -> CaptureRef:
        """Write the response's record, then the request's, in one write; return where the response is.

        Raises:
            ArchiveUnwritable: the disk is full, or the file cannot be written.
        """
        response_id, request_id = _make_id(), _make_id()
        shared = _shared_headers(exchange.url, exchange.fetched_at, exchange.ip_address)
        response = _pack_record(
            {"WARC-Type": "response", "WARC-Record-ID": response_id, **shared, "WARC-Concurrent-To": request_id},
            "application/http; msgtype=response",
            exchange.response_head,
            exchange.body,
        )
        request = _pack_record(
            {"WARC-Type": "request", "WARC-Record-ID": request_id, **shared, "WARC-Concurrent-To": response_id},
            "application/http; msgtype=request",
            exchange.request_head,
            b"",
        )
        return self._append(response, request, exchange.body)

    def write_resource(self, uri: str, media_type: str, payload: bytes, at: datetime) -> CaptureRef:
        """Write an imported file, which has no HTTP exchange; return where its record is.

        Raises:
            ArchiveUnwritable: the disk is full, or the file cannot be written.
        """
        headers = {"WARC-Type": "resource", "WARC-Record-ID": _make_id(), **_shared_headers(uri, at, None)}
        return self._append(_pack_record(headers, media_type, b"", payload), b"", payload)

    def close(self) -> None:
        """Sync and close the current file; the next record starts a new one."""
        if self._file is None:
            return
        # Once per file, not per record: a killed process loses nothing written, only a machine crash does.
        with suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)
        self._file = None

    def _append(self, member: bytes, companion: bytes, payload: bytes) -> CaptureRef:
        if self._file is not None and self._bytes + len(member) + len(companion) > self._max_file_bytes:
            self.close()
        file = self._open() if self._file is None else self._file
        offset = self._bytes
        self._write(file, member + companion)
        digest = hashlib.sha256(payload).hexdigest()
        return CaptureRef(warc=self._path.name, offset=offset, length=len(member), sha256=digest)

    def _open(self) -> int:
        self._path = self._folder / f"{self._prefix}-{self._serial:05}.warc.gz"
        self._serial += 1
        try:
            # O_EXCL: two runs never share a file.
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ArchiveUnwritable(f"{self._path}: {error.strerror}") from error
        self._file, self._bytes = file, 0
        self._write(file, self._pack_info())
        return file

    def _pack_info(self) -> bytes:
        headers = {
            "WARC-Type": "warcinfo",
            "WARC-Record-ID": _make_id(),
            "WARC-Date": _render_time(datetime.now(UTC)),
            "WARC-Filename": self._path.name,
        }
        return _pack_record(headers, "application/warc-fields", b"", self._info)

    def _write(self, file: int, data: bytes) -> None:
        try:
            _write_all(file, data)
        except OSError as error:
            # A reader may have read the complete records already: leave the file, and never write to it again.
            self.close()
            raise ArchiveUnwritable(f"{self._path}: {error.strerror}") from error
        self._bytes += len(data)


def _write_all(file: int, data: bytes) -> None:
    written = os.write(file, data)
    while written < len(data):  # after a short write, the next call raises the error
        written += os.write(file, data[written:])


def _render_info(
    run_id: str, user_agent: str, contact: str, delay_seconds: float | None, concurrency: int | None
) -> bytes:
    fields = {
        "software": f"broadsheet/{version('broadsheet')}",
        "format": "WARC File Format 1.1",
        "conformsTo": WARC_FORMAT_URL,
        "operator": contact,
        "http-header-user-agent": user_agent,
        "robots": "obey (RFC 9309)" if user_agent else "",
        "isPartOf": run_id,
        # The pace that was set, against which `compliance` holds the pauses between requests.
        "delay-seconds": "" if delay_seconds is None else f"{delay_seconds:g}",
        "concurrency": "" if concurrency is None else str(concurrency),
    }
    return _render_fields((name, value) for name, value in fields.items() if value)


def _shared_headers(uri: str, at: datetime, ip_address: str | None) -> dict[str, str]:
    headers = {"WARC-Target-URI": uri, "WARC-Date": _render_time(at)}
    return headers | {"WARC-IP-Address": ip_address} if ip_address else headers


def _pack_record(headers: Mapping[str, str], media_type: str, head: bytes, payload: bytes) -> bytes:
    """Return one record as a gzip member; its block is the head and the payload."""
    block = head + payload
    fields = {**headers, "Content-Type": media_type, "WARC-Block-Digest": _digest(block)}
    if "WARC-Target-URI" in headers:  # a `warcinfo` has a block but no payload
        fields["WARC-Payload-Digest"] = _digest(payload)
    rendered = _render_fields((fields | {"Content-Length": str(len(block))}).items())
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    record = b"".join((b"WARC/1.1\r\n", rendered, CRLF, block, CRLF, CRLF))
    return packer.compress(record) + packer.flush()


def _render_fields(fields: Iterable[tuple[str, str]]) -> bytes:
    # A line break inside a value would start a new header.
    lines = (f"{name}: {' '.join(value.split())}\r\n" for name, value in fields)
    return "".join(lines).encode()


def _digest(data: bytes) -> str:
    # SHA-1 in base32 is what WARC tools write and verify; it is not for security. The CaptureRef has the SHA-256.
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _render_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _make_id() -> str:
    return f"<urn:uuid:{uuid4()}>"


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "", name).strip("-") or "x"
