"""Decodes payloads: removes transfer and content encodings, within a size limit."""

import io
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator

from fastwarc.stream_io import BrotliReader

CHUNK_BYTES = 64 * 1024
GZIP_MAGIC = b"\x1f\x8b"

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

MAX_ENCODINGS = 5
"""Content encodings that are removed, from the last: one is usual, two are a mistake; curl's limit is five."""

MAX_MEMBERS = 256
"""Members of a gzip body. Block-wise writers (bgzip) need half as many for the largest page accepted by default."""

PLAIN_BYTES = 512
"""Compressed data of this length has a control character, with an error probability of about 1e-18."""

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")

Decoder = Callable[[bytes, int], Iterator[bytes]]

CHUNK_HEAD = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
"""The line before a chunk (RFC 9112, 7.1): its size, and extensions, which are ignored."""

BODILESS_STATUSES = frozenset({204, 304})
"""Responses whose Content-Length, if any, is not that of their own body (RFC 9110, 8.6)."""

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_DEFLATE = -zlib.MAX_WBITS


class BodyTooLarge(ValueError):  # noqa: N818 - it states a fact
    """The decoded body exceeds the limit."""


class BodyCut(ValueError):  # noqa: N818 - it states a fact
    """The body ends too early or is damaged: a partial page is not stored as the page."""


def is_short(byte_count: int, status: int, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a payload has fewer bytes than its HTTP Content-Length promises."""
    named = dict(headers)
    length = named.get("content-length", "").strip()
    if status in BODILESS_STATUSES or "transfer-encoding" in named or not (length.isascii() and length.isdecimal()):
        return False
    return byte_count < int(length[:20])  # enough digits for any real length


def decode_body(payload: bytes, headers: Iterable[tuple[str, str]], max_bytes: int) -> bytes:
    """Return the decoded body. The bytes decide, not the headers: many tools decode the body and keep the headers.

    Raises:
        BodyCut: it is incomplete or damaged.
        BodyTooLarge: it exceeds `max_bytes`; no more than that is decoded.
    """
    named = [(name, value.lower()) for name, value in headers]
    payload = undo_transfer(payload, named)
    encodings = [part.strip() for name, value in named if name == "content-encoding" for part in value.split(",")]
    for encoding in [one for one in reversed(encodings) if one in _DECODERS][:MAX_ENCODINGS]:
        decoder = _find_magic(payload) or _DECODERS[encoding]
        try:
            payload = _join(decoder(payload, max_bytes), max_bytes)
        except BodyCut:
            if not _is_plain(payload):
                raise
    return payload


def undo_transfer(payload: bytes, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return the payload without its transfer encoding, which is what the WARC standard takes the digest of.

    Raises:
        BodyCut: a chunk is incomplete.
    """
    if any(name == "transfer-encoding" and "chunked" in value.lower() for name, value in headers):
        return _join_chunks(payload)
    return payload


def _is_plain(payload: bytes) -> bool:
    """Whether the payload is uncompressed text: it has no control characters, and compressed data soon has some."""
    start = payload[:PLAIN_BYTES].lstrip()
    return bool(start) and (start.startswith(b"<") or len(start) >= PLAIN_BYTES // 2) and not _CONTROL.search(start)


def _find_magic(payload: bytes) -> "Decoder | None":
    return next((decoder for magic, decoder in _MAGICS.items() if payload.startswith(magic)), None)


def _join(pieces: Iterator[bytes], max_bytes: int) -> bytes:
    body = bytearray()
    try:
        for piece in pieces:
            body += piece
            if len(body) > max_bytes:
                raise BodyTooLarge(f"the body exceeds {max_bytes} bytes")
    except (zlib.error, EOFError, OSError) as error:
        raise BodyCut(f"the body cannot be decoded ({error})") from None
    return bytes(body)


def _join_chunks(payload: bytes) -> bytes:
    """Join the chunks; return a payload that is not chunked unchanged: many tools join the chunks and keep the header.

    warcio's reader is not used: it reports trailers after the last chunk as damage, and returns damaged data as text.
    """
    if not (head := CHUNK_HEAD.match(payload)):
        return payload
    chunks = []
    while size := int(head[1], 16):
        end = head.end() + size
        if payload[end : end + 2] != b"\r\n" or not (following := CHUNK_HEAD.match(payload, end + 2)):
            raise BodyCut("a chunk ends too early")
        chunks.append(payload[head.end() : end])
        head = following
    return b"".join(chunks)


def _decode_gzip(payload: bytes, max_bytes: int) -> Iterator[bytes]:
    if not payload.startswith(GZIP_MAGIC):
        yield payload  # the writer of the file decoded it, and kept the header
        return
    for _ in range(MAX_MEMBERS):  # one member after another is one body
        payload = yield from _inflate(payload, _GZIP, max_bytes)
        if not payload.startswith(GZIP_MAGIC):
            return
    raise EOFError(f"it has more than {MAX_MEMBERS} gzip members")


def _decode_deflate(payload: bytes, max_bytes: int) -> Iterator[bytes]:
    try:
        zlib.decompressobj(_ZLIB).decompress(payload, 1)
    except zlib.error:
        # The standard says zlib; some servers send a raw deflate stream.
        yield from _inflate(payload, _DEFLATE, max_bytes)
    else:
        yield from _inflate(payload, _ZLIB, max_bytes)


def _inflate(payload: bytes, wbits: int, max_bytes: int) -> Generator[bytes, None, bytes]:
    inflater = zlib.decompressobj(wbits)
    # One byte over the limit is enough to detect that it is exceeded.
    yield inflater.decompress(payload, max_bytes + 1)
    if not inflater.eof and not inflater.unconsumed_tail:
        raise EOFError("the compressed body is cut")
    if not inflater.eof:
        yield inflater.decompress(inflater.unconsumed_tail, 1)
    return inflater.unused_data


def _decode_brotli(payload: bytes, max_bytes: int) -> Iterator[bytes]:
    reader = BrotliReader(io.BytesIO(payload))
    # A truncated body raises only when its end is read, so read until there is no more.
    for _ in range(max_bytes // CHUNK_BYTES + 2):
        if not (piece := reader.read(CHUNK_BYTES)):
            return
        yield piece


def _decode_zstd(payload: bytes, max_bytes: int) -> Iterator[bytes]:
    from pyarrow import BufferReader, CompressedInputStream

    with CompressedInputStream(BufferReader(payload), "zstd") as reader:
        for _ in range(max_bytes // CHUNK_BYTES + 2):
            if not (piece := reader.read(CHUNK_BYTES)):
                return
            yield piece


_DECODERS: dict[str, Decoder] = {
    "gzip": _decode_gzip,
    "x-gzip": _decode_gzip,
    "deflate": _decode_deflate,
    "br": _decode_brotli,
    "zstd": _decode_zstd,
}
_MAGICS: dict[bytes, Decoder] = {GZIP_MAGIC: _decode_gzip, ZSTD_MAGIC: _decode_zstd}
