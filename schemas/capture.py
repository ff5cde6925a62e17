"""A raw page as it was fetched, and its location in the archive."""

import re
from datetime import datetime
from urllib.parse import urljoin

from schemas.model import Count, NonEmpty, Record, Sha256, UtcTime

NUL, ESCAPED_NUL = "\0", "%00"
"""PostgreSQL cannot store text with a NUL. URLs, headers and robots.txt files contain it only if they are damaged; it
is escaped as soon as they are read, so that both databases store the same."""

SUCCESS_STATUSES = frozenset({200, 203})
"""Statuses of responses that contain the requested page; 203 (RFC 9110, 15.3.4): a proxy transformed it."""

MAX_HEAD_BYTES = 256 * 1024
"""Limit for a response's status line and headers together, as in browsers. A larger head is neither stored nor read."""

MAX_URL_BYTES = 16 * 1024
"""Twice what servers accept, and well below what WARC readers accept in a record's headers (32 kB)."""


class CaptureRef(Record):
    """The location of a capture: enough to cut its WARC record out of the file and to verify its payload."""

    warc: NonEmpty
    """The file's name, relative to the archive's WARC folder."""
    offset: Count
    """Bytes from the start of the file to the record (to its gzip member)."""
    length: Count
    """Bytes that the record takes in the file (compressed size, if it is compressed)."""
    sha256: Sha256
    """Digest of the payload as stored in the record: the HTTP body before its content encoding is decoded."""

    @property
    def is_lost(self) -> bool:
        """Whether the record is known to be missing or damaged: it takes no bytes."""
        return self.length == 0


class Validators(Record):
    """A response's validators for conditional requests (RFC 9110, 8.8), as the server sent them."""

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
    """One response or imported file, with its body of at most `max_page_bytes` (a setting)."""

    ref: CaptureRef
    url: str | None
    """The publisher's URL that was requested; None for an imported file without one."""
    file_url: str | None = None
    """`file:NAME` of an imported file."""
    fetched_at: datetime
    status: int
    """The HTTP status; 200 for an imported file."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, in the order received."""
    body: bytes
    """The payload with its content encoding decoded."""
    too_large: bool = False
    """The payload is larger than `max_page_bytes`: `body` is empty."""
    truncated: bool = False
    """The record says, or its framing shows, that the payload is incomplete."""

    @property
    def is_success(self) -> bool:
        """Whether its status says that it contains the requested page."""
        return self.status in SUCCESS_STATUSES

    def header(self, name: str) -> str | None:
        """Return the value of the first header with this (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def validators(self) -> Validators | None:
        """The validators for a later conditional request; None if the response has none."""
        found = Validators(etag=self.header("etag"), last_modified=self.header("last-modified"))
        return found if found.etag or found.last_modified else None

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case; empty if it is missing or malformed.

        The first type of a repeated value (`text/html, text/html; charset=utf-8`). A missing semicolon is tolerated.
        """
        found = _MEDIA_TYPE.match(self.header("content-type") or "")
        return found[1].lower() if found else ""

    @property
    def redirect_url(self) -> str | None:
        """The target of a redirect, absolute unless it is malformed; None for any other response."""
        location = self.header("location")
        if not (self.url and location and self.status in {301, 302, 303, 307, 308}):
            return None
        try:
            return urljoin(self.url, location)
        except ValueError:  # not a URL: classified later
            return location
