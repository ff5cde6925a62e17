"""A payload as it came over the wire, and what it says: transfer and content encodings undone, within a limit."""

import io
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator

from fastwarc.stream_io import BrotliReader

CHUNK_BYTES = 64 * 1024
GZIP_MAGIC = b"\x1f\x8b"

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

MAX_ENCODINGS = 5
"""One is usual, two are a mistake; curl takes five. Of more, the last are undone."""

MAX_MEMBERS = 256
"""Of a gzip body. The block-wise writers (bgzip) need half of them for the largest page that is taken by default."""

PLAIN_BYTES = 512
"""Compressed bytes have a control character among so many, except once in a million million million."""

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")

Decoder = Callable[[bytes, int], Iterator[bytes]]

CHUNK_HEAD = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
"""The line before a chunk (RFC 9112, 7.1): its size, and extensions that nobody uses."""

BODILESS_STATUSES = frozenset({204, 304})
"""Answers whose Content-Length, if any, is that of another answer's body (RFC 9110, 8.6)."""

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_DEFLATE = -zlib.MAX_WBITS


class BodyTooLarge(ValueError):  # noqa: N818 - it states a fact
    """The decoded body exceeds the limit."""


class BodyCut(ValueError):  # noqa: N818 - it states a fact
    """The body ends too early, or is damaged: part of a page is not the page."""


def is_short(byte_count: int, status: int, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a payload has fewer bytes than its HTTP Content-Length promises."""
    named = dict(headers)
    length = named.get("content-length", "").strip()
    if status in BODILESS_STATUSES or "transfer-encoding" in named or not (length.isascii() and length.isdecimal()):
        return False
    return byte_count < int(length[:20])  # of more digits than any body has, these are enough


def decode_body(payload: bytes, headers: Iterable[tuple[str, str]], max_bytes: int) -> bytes:
    """The body with its encodings undone. What the bytes are decides: many tools undo them and leave the headers.

    Raises:
        BodyCut: it is not whole.
        BodyTooLarge: it is larger than `max_bytes`; never more than that is held.
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
    """The payload without its transfer encoding, as the WARC standard takes digests of it.

    Raises:
        BodyCut: a chunk is not whole.
    """
    if any(name == "transfer-encoding" and "chunked" in value.lower() for name, value in headers):
        return _join_chunks(payload)
    return payload


def _is_plain(payload: bytes) -> bool:
    """Whether it was never compressed: text has no control characters, and what is compressed soon has some."""
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
    """The chunks' data; the payload itself where it only claims to be chunked: many tools join it, and keep the header.

    warcio's reader takes the trailers after the last chunk for damage, and damage for text.
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
        yield payload  # decoded by whoever wrote the file, and the header left as it was
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
        # The standard says zlib; some servers send the bare stream.
        yield from _inflate(payload, _DEFLATE, max_bytes)
    else:
        yield from _inflate(payload, _ZLIB, max_bytes)


def _inflate(payload: bytes, wbits: int, max_bytes: int) -> Generator[bytes, None, bytes]:
    inflater = zlib.decompressobj(wbits)
    # One byte more than is allowed is enough to see that it is too much.
    yield inflater.decompress(payload, max_bytes + 1)
    if not inflater.eof and not inflater.unconsumed_tail:
        raise EOFError("the compressed body is cut")
    if not inflater.eof:
        yield inflater.decompress(inflater.unconsumed_tail, 1)
    return inflater.unused_data


def _decode_brotli(payload: bytes, max_bytes: int) -> Iterator[bytes]:
    reader = BrotliReader(io.BytesIO(payload))
    # A cut body raises only when its end is asked for: read on until there is none.
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
