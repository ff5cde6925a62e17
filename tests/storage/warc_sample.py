"""WARC files in memory, written with a different library than the one that reads them."""

import io
from pathlib import Path

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from schemas.capture import Capture
from storage.warc.capture import WarcCaptures, iterate_captures

PAGE = b"<html><p>Body of the page, of some length.</p></html>" * 20
MAX_BYTES = 1_000_000


class Warc:
    """A WARC file in memory, with the position after each record."""

    def __init__(self, *, compressed: bool = True) -> None:
        self.buffer = io.BytesIO()
        self._writer = WARCWriter(self.buffer, gzip=compressed, warc_version="1.1")
        self._writer.write_record(self._writer.create_warcinfo_record("test.warc", {"software": "test"}))
        self.ends = [self.buffer.tell()]

    def add(self, url: str, payload: bytes = PAGE, status: str = "200 OK", **headers: str) -> None:
        lines = [("Content-Type", "text/html; charset=utf-8")]
        lines += [(name.replace("_", "-"), value) for name, value in headers.items()]
        http = StatusAndHeaders(status, lines, protocol="HTTP/1.1")
        self._write(url, "response", payload, http)

    def add_request(self, url: str) -> None:
        self._write(url, "request", b"", StatusAndHeaders("GET / HTTP/1.1", [("Host", "x")], is_http_request=True))

    def add_file(self, url: str, payload: bytes, media_type: str) -> None:
        record = self._writer.create_warc_record(
            url, "resource", payload=io.BytesIO(payload), warc_content_type=media_type
        )
        self._close(record)

    def _write(self, url: str, kind: str, payload: bytes, http: StatusAndHeaders) -> None:
        record = self._writer.create_warc_record(url, kind, payload=io.BytesIO(payload), http_headers=http)
        self._close(record)

    def _close(self, record: ArcWarcRecord) -> None:
        self._writer.write_record(record)
        record.raw_stream.close()
        self.ends.append(self.buffer.tell())

    @property
    def data(self) -> bytes:
        return self.buffer.getvalue()


def read(path: Path, start: int = 0, max_bytes: int = MAX_BYTES) -> tuple[list[tuple[Capture, int]], WarcCaptures]:
    captures = iterate_captures(path, path.name, start, max_bytes)
    return list(captures), captures


def make_record(block: bytes, *extra: str, kind: str = "response", length: int | None = None) -> bytes:
    lines = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        "WARC-Record-ID: <urn:uuid:1>",
        "WARC-Date: 2026-11-01T00:00:00Z",
        "WARC-Target-URI: https://example.org/",
        "Content-Type: application/http; msgtype=response",
        *extra,
        f"Content-Length: {len(block) if length is None else length}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + block + b"\r\n\r\n"


def answer(head: str, payload: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\n{head}\r\n\r\n".encode() + payload
