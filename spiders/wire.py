"""The bytes of an exchange as they went over the wire, taken where Twisted writes and parses them.

Scrapy's responses hold headers that were parsed, regrouped and respelled. An archive wants the lines themselves, so
Scrapy's own protocol and parser are extended here by what remembers them.
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
"""What every reader of WARC files takes for one. Twisted takes more: any protocol, any number of Python's."""

SHOWN_BYTES = 100
"""Of what is no status line."""


@dataclass
class Wire:
    """One exchange, while and after it happens."""

    request_head: bytes
    lines: list[bytes] = field(default_factory=list)
    """The response's status line and header lines, without line ends; the last one is empty."""
    head_bytes: int = 0
    """Received so far, the heads of interim responses included."""
    has_surplus: bool = False
    """More bytes came than the response announced: its length is wrong."""

    @property
    def response_head(self) -> bytes:
        """As received, but for Transfer-Encoding: the body was taken out of its chunks."""
        return b"".join(line + b"\r\n" for line in _drop_hop_headers(self.lines))


def _drop_hop_headers(lines: Iterable[bytes]) -> Iterable[bytes]:
    is_dropped = False
    for line in lines:
        # A line that begins with a space goes on with the header before it.
        if line[:1] not in {b" ", b"\t"}:
            is_dropped = line.partition(b":")[0].strip().lower() == b"transfer-encoding"
        if not is_dropped:
            yield line


class RecordingParser(_LenientHTTPClientParser):
    """Parses as Scrapy does, keeps the lines of the head, and takes no head above the limit."""

    MAX_LENGTH = MAX_HEAD_BYTES  # of a line; Twisted's own is 16 kB
    wire: Wire

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's
        """Called with each line of the head; an interim response (1xx) begins anew with a status line."""
        if self.state == STATUS:
            if not STATUS_LINE.fullmatch(line):
                raise ParseError("no status line of HTTP/1", line[:SHOWN_BYTES])  # type: ignore[no-untyped-call]
            self.wire.lines.clear()
        self.wire.lines.append(line.removesuffix(b"\r"))
        # Interim responses count too: there may be any number of them.
        self.wire.head_bytes += len(line) + 1
        if self.wire.head_bytes > MAX_HEAD_BYTES:
            self.lineLengthExceeded(line)
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802 - Twisted's
        """Called with a line that is too long, ended or not. The protocol ends the connection, whatever is raised."""
        raise HeadTooLarge(f"the response's head has more than {MAX_HEAD_BYTES} bytes")

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802 - Twisted's
        """Called with each header. One with a name that is no token is passed over, as browsers do: it is archived."""
        with suppress(InvalidHeaderName):
            super().headerReceived(name.rstrip(b" \t"), value)  # type: ignore[no-untyped-call]


class RecordingProtocol(_LenientHTTP11ClientProtocol):
    """One connection. Each response that it gives has a `wire`."""

    _wire: Wire

    def request(self, request: Request) -> Deferred[IResponse]:
        """Send the request and remember its head."""
        wire = self._wire = Wire(_render_request_head(request))
        deferred = super().request(request)
        # The protocol makes its parser itself; as in Scrapy's own class, only the object's class can be changed.
        parser: Any = self._parser
        parser.__class__ = RecordingParser
        parser.wire = wire

        def attach(response: IResponse) -> IResponse:
            response.wire = wire
            return response

        return deferred.addCallback(attach)

    def _giveUp(self, reason: Failure) -> None:  # noqa: N802 - Twisted's
        # What the server goes on sending is not waited for.
        if isinstance(reason.value, HeadTooLarge) and self.transport is not None:
            self.transport.abortConnection()
        super()._giveUp(reason)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802 - Twisted's
        # Some servers end a body with an empty line that they do not count: that loses nothing.
        self._wire.has_surplus = bool(rest.strip())
        if self._wire.has_surplus:
            # What is still to come on this connection would be taken for the answer to the next request.
            self._quiescentCallback = _disconnect
        super()._finishResponse(rest)


class RecordingFactory(_LenientHTTP11ClientFactory):
    """Makes the connections of a pool."""

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: ARG002, N802 - Twisted's
        """A connection that remembers."""
        return RecordingProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


def _disconnect(protocol: HTTP11ClientProtocol) -> None:
    if protocol.transport is not None:
        protocol.transport.loseConnection()  # type: ignore[misc]  # zope's methods name no self


def _render_request_head(request: Request) -> bytes:
    """As Twisted writes it to the transport (a request without a body)."""
    lines = [b" ".join((request.method, request.uri, b"HTTP/1.1"))]
    if not request.persistent:
        lines.append(b"Connection: close")
    for name, values in request.headers.getAllRawHeaders():
        lines.extend(name + b": " + value for value in values)
    return b"".join(line + b"\r\n" for line in (*lines, b""))
