"""Whether a body without a declared length is complete, when its connection or chunks ended early."""

import json
import re
import zlib
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from schemas.capture import SUCCESS_STATUSES


class DecodingMiddleware(HttpCompressionMiddleware):
    """Scrapy's middleware, except that it passes on a body it cannot decode: that is in the archive already."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Return the response with its body decoded, if that succeeds within the allowed size."""
        try:
            return super().process_response(request, response)
        except (IgnoreRequest, OSError, EOFError, ValueError):
            return response


GZIP_WINDOW = zlib.MAX_WBITS + 16
"""The `wbits` by which zlib reads gzip members."""

CHUNK_BYTES = 65_536

TAIL_BYTES = 4096
"""Length of the end of a body that is searched: caches append comments of some hundred bytes."""

_END_TAG = re.compile(rb"</(?:html|rss|feed|rdf:rdf|urlset|sitemapindex)\s{0,9}>$", re.IGNORECASE)


def is_provably_complete(url: str, status: int, media_type: str, encoding: str, body: bytes, max_bytes: int) -> bool:
    """Return whether the body itself proves that it is complete, or what may be missing does not matter.

    robots.txt and plain text are accepted as received, because each line stands alone.
    """
    if status not in SUCCESS_STATUSES or urlsplit(url).path == "/robots.txt":
        return True
    if encoding in {"gzip", "x-gzip"}:
        return _has_gzip_trailer(body, max_bytes)
    if encoding not in {"", "identity"}:
        return False
    if media_type == "text/plain":
        return bool(body)
    return _is_json(body) if media_type == "application/json" else _has_end_tag(body)


def _has_gzip_trailer(body: bytes, max_bytes: int) -> bool:
    """Return whether the trailing checksum and length are correct; False if it unpacks to more than is allowed."""
    remaining = max_bytes
    while body.startswith(b"\x1f\x8b"):  # concatenated members are one body
        inflater = zlib.decompressobj(GZIP_WINDOW)
        while not inflater.eof:
            try:
                unpacked = len(inflater.decompress(body, CHUNK_BYTES))
            except zlib.error:
                return False
            body, remaining = inflater.unconsumed_tail, remaining - unpacked
            if remaining < 0 or not (unpacked or body or inflater.eof):
                return False
        body = inflater.unused_data.lstrip(b"\0\r\n")
        if not body:
            return True
    return False


def _is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), list | dict)  # a bare number may have been cut
    except (ValueError, RecursionError):
        return False


def _has_end_tag(body: bytes) -> bool:
    tail = body[-TAIL_BYTES:].rstrip()
    while tail.endswith(b"-->") and (start := tail.rfind(b"<!--")) >= 0:
        tail = tail[:start].rstrip()
    return bool(_END_TAG.search(tail))
