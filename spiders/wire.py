"""The bytes of an exchange as they went over the wire, recorded where Twisted writes and parses them.

Scrapy's responses have parsed, regrouped and normalized headers. An archive needs the original lines, so Scrapy's
protocol and parser are subclassed here to record them.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web._newclient import STATUS, HTTP11ClientProtocol, ParseError, Request
from twisted.web.http_headers import InvalidHeaderName
from twisted.web.iweb import IResponse

from schemas.capture import MAX_HEAD_BYTES
from spiders.rejection import HeadTooLarge

STATUS_LINE = re.compile(rb"HTTP/[0-9]\.[0-9] [0-9]{3}(?: .*)?\r?", re.DOTALL)
"""What every WARC reader accepts. Twisted accepts more: any protocol, and any number that Python can parse."""

SHOWN_BYTES = 100
"""How much of an invalid status line an error message quotes."""


@dataclass
class Wire:
    """The record of one exchange, filled while it happens."""

    request_head: bytes
    lines: list[bytes] = field(default_factory=list)
    """The response's status line and header lines, without line breaks; the last one is empty."""
    head_bytes: int = 0
    """Bytes of heads received so far, including those of interim responses."""
    has_surplus: bool = False
    """Whether more bytes came than declared: the response's length is wrong."""

    @property
    def response_head(self) -> bytes:
        """The head as received, but without Transfer-Encoding, as the body is dechunked."""
        return b"".join(line + b"\r\n" for line in _drop_hop_headers(self.lines))


def _drop_hop_headers(lines: Iterable[bytes]) -> Iterable[bytes]:
    is_dropped = False
    for line in lines:
        # A line that begins with a space continues the header before it.
        if line[:1] not in {b" ", b"\t"}:
            is_dropped = line.partition(b":")[0].strip().lower() == b"transfer-encoding"
        if not is_dropped:
            yield line


class RecordingParser(_LenientHTTPClientParser):
    """Scrapy's parser that also records the lines of the head and limits its size."""

    MAX_LENGTH = MAX_HEAD_BYTES  # of a line; Twisted's own is 16 kB
    wire: Wire

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's
        """Record a line of the head. Start over at each status line, because interim responses (1xx) come first."""
        if self.state == STATUS:
            if not STATUS_LINE.fullmatch(line):
                raise ParseError("no status line of HTTP/1", line[:SHOWN_BYTES])  # type: ignore[no-untyped-call]
            self.wire.lines.clear()
        self.wire.lines.append(line.removesuffix(b"\r"))
        # Count interim responses too, because there may be any number of them.
        self.wire.head_bytes += len(line) + 1
        if self.wire.head_bytes > MAX_HEAD_BYTES:
            self.lineLengthExceeded(line)
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802 - Twisted's
        """Reject a line that is too long, complete or not. The protocol closes the connection, whatever is raised."""
        raise HeadTooLarge(f"the response's head has more than {MAX_HEAD_BYTES} bytes")

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802 - Twisted's
        """Parse a header. Skip one whose name is not a token, as browsers do; it is archived all the same."""
        with suppress(InvalidHeaderName):
            super().headerReceived(name.rstrip(b" \t"), value)  # type: ignore[no-untyped-call]


class RecordingProtocol(_LenientHTTP11ClientProtocol):
    """One connection. Each of its responses gets a `wire`."""

    _wire: Wire

    def request(self, request: Request) -> Deferred[IResponse]:
        """Send the request and record its head."""
        wire = self._wire = Wire(_render_request_head(request))
        deferred = super().request(request)
        # The protocol creates its parser itself; as in Scrapy's class, the only way is to change the object's class.
        parser: Any = self._parser
        parser.__class__ = RecordingParser
        parser.wire = wire

        def attach(response: IResponse) -> IResponse:
            response.wire = wire
            return response

        return deferred.addCallback(attach)

    def _giveUp(self, reason: Failure) -> None:  # noqa: N802 - Twisted's
        # Do not wait for what the server is still sending.
        if isinstance(reason.value, HeadTooLarge) and self.transport is not None:
            self.transport.abortConnection()
        super()._giveUp(reason)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802 - Twisted's
        # Some servers end a body with an uncounted empty line, which is harmless.
        self._wire.has_surplus = bool(rest.strip())
        if self._wire.has_surplus:
            # Close the connection, or the remaining bytes would be taken for the response to the next request.
            self._quiescentCallback = _disconnect
        super()._finishResponse(rest)


class RecordingFactory(_LenientHTTP11ClientFactory):
    """Creates the connections of a pool."""

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: ARG002, N802 - Twisted's
        """Create a connection that records its exchanges."""
        return RecordingProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


def _disconnect(protocol: HTTP11ClientProtocol) -> None:
    if protocol.transport is not None:
        protocol.transport.loseConnection()  # type: ignore[misc]  # zope's methods name no self


def _render_request_head(request: Request) -> bytes:
    """Return the head as Twisted writes it to the transport (for a request without a body)."""
    lines = [b" ".join((request.method, request.uri, b"HTTP/1.1"))]
    if not request.persistent:
        lines.append(b"Connection: close")
    for name, values in request.headers.getAllRawHeaders():
        lines.extend(name + b": " + value for value in values)
    return b"".join(line + b"\r\n" for line in (*lines, b""))
