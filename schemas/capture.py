"""A raw page as it was fetched, and where it lies."""

import re
from datetime import datetime
from urllib.parse import urljoin

from schemas.model import Count, NonEmpty, Record, Sha256, UtcTime

NUL, ESCAPED_NUL = "\0", "%00"
"""PostgreSQL stores no text with this character. URLs, headers and robots.txt files have it only where they are
damaged: there it is escaped as soon as it is read, so that both databases store the same."""


SUCCESS_STATUSES = frozenset({200, 203})
"""Answers that have what was asked for; 203 (RFC 9110, 15.3.4) says that a proxy has worked on it."""

MAX_HEAD_BYTES = 256 * 1024
"""Of a response's status line and headers together: what browsers take. A larger head is neither kept nor read."""

MAX_URL_BYTES = 16 * 1024
"""Twice what servers take. In the headers of a WARC record it stays well below what readers take (32 kB)."""


class CaptureRef(Record):
    """Where a capture lies: enough to cut its WARC record out of the file and to prove that it is the same."""

    warc: NonEmpty
    """The file's name, relative to the archive's WARC folder."""
    offset: Count
    """Bytes from the start of the file to the record (the start of its gzip member)."""
    length: Count
    """Bytes that the record takes in the file (compressed, where the file is)."""
    sha256: Sha256
    """Of the payload as it lies in the record: the HTTP body before any content encoding is undone."""


class Validators(Record):
    """By what a server tells whether a page has changed (RFC 9110, 8.8), as it gave them."""

    etag: str | None = None
    last_modified: str | None = None


class CaptureSummary(Record):
    """A capture without its body: when it was fetched, and where it lies."""

    ref: CaptureRef
    url: str | None
    """The publisher's own URL; None for an imported file that has none."""
    fetched_at: UtcTime
    status: int
    """The HTTP status; 200 for an imported file."""
    media_type: str


_MEDIA_TYPE = re.compile(
    r"[ \t]*+([\w!#$&^.+'*`|~-]{1,127}/[\w!#$&^.+'*`|~-]{1,127})[ \t]*(?=[;,]|$|[ \t][\w-]{1,40}=)", re.ASCII
)
"""Two tokens (RFC 9110, 8.3.1) of at most 127 characters each (RFC 6838, 4.2)."""


class Capture(Record):
    """One response, or one imported file, with its body. Bodies are at most the settings' `max_page_bytes`."""

    ref: CaptureRef
    url: str | None
    """The publisher's own URL that was asked; None for an imported file that has none."""
    file_url: str | None = None
    """`file:NAME` of an imported file."""
    fetched_at: datetime
    status: int
    """The HTTP status; 200 for an imported file."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, in the order in which they came."""
    body: bytes
    """The payload with its content encoding undone."""
    too_large: bool = False
    """The payload is larger than `max_page_bytes`: `body` is empty."""
    truncated: bool = False
    """The record says, or its framing shows, that the payload is not whole."""

    @property
    def is_success(self) -> bool:
        """Whether it has what was asked for, by its status."""
        return self.status in SUCCESS_STATUSES

    def header(self, name: str) -> str | None:
        """The first header of this (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def validators(self) -> Validators | None:
        """What a later request can ask about; None where the response named nothing."""
        found = Validators(etag=self.header("etag"), last_modified=self.header("last-modified"))
        return found if found.etag or found.last_modified else None

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case; empty where there is none, or what is no such type.

        Of a value that was written twice (`text/html, text/html; charset=utf-8`), or without its semicolon, the first.
        """
        found = _MEDIA_TYPE.match(self.header("content-type") or "")
        return found[1].lower() if found else ""

    @property
    def redirect_url(self) -> str | None:
        """Where a redirect leads, absolute unless it is malformed; None for any other response."""
        location = self.header("location")
        if not (self.url and location and self.status in {301, 302, 303, 307, 308}):
            return None
        try:
            return urljoin(self.url, location)
        except ValueError:  # no URL at all: what it is, is judged later
            return location
