"""Decoding of a record's body: encodings, the size limit, incomplete bodies."""

import gzip
import hashlib
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it ships no types
import pyarrow as pa
import pytest

from storage.warc.capture import read_capture
from storage.warc.store import WarcStore
from tests.storage.warc_sample import MAX_BYTES, PAGE, Warc, answer, make_record, read


def zstd(data: bytes) -> bytes:
    compressed: bytes = pa.compress(data, "zstd", asbytes=True)
    return compressed


CHUNKED = "Content-Type: text/html\r\nTransfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("encoding", "payload"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("GZIP", gzip.compress(PAGE)),
        ("x-gzip", gzip.compress(PAGE[:100]) + gzip.compress(PAGE[100:])),
        ("gzip", PAGE),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)[2:-4]),
        ("br", brotli.compress(PAGE)),
        ("br, gzip", gzip.compress(brotli.compress(PAGE))),
        ("identity", PAGE),
        ("zstd", zstd(PAGE)),
        ("gzip", zstd(PAGE)),
        ("br", gzip.compress(PAGE)),
        ("deflate", PAGE),
        ("br", PAGE),
        ("zstd", PAGE),
        ("br", b"A text without a tag. " * 40),
        (", ".join(["gzip"] * 1_000), gzip.compress(PAGE)),
    ],
    ids=range(17),
)
def test_content_encodings_are_decoded(encoding: str, payload: bytes, save: Callable[[bytes], Path]) -> None:
    warc = Warc()
    warc.add("https://example.org/", payload, Content_Encoding=encoding)
    capture = read(save(warc.data))[0][0][0]
    assert capture.body == (PAGE if not payload.startswith(b"A text") else payload)
    assert not capture.truncated
    assert capture.ref.sha256 == hashlib.sha256(payload).hexdigest()


@pytest.mark.parametrize(
    ("encoding", "payload"),
    [
        ("gzip", gzip.compress(PAGE)[:-12]),
        ("deflate", zlib.compress(PAGE)[:-12]),
        ("br", brotli.compress(PAGE)[:-3]),
        ("zstd", zstd(PAGE)[:-8]),
        ("gzip", gzip.compress(b"") * 5_000),
    ],
    ids=range(5),
)
def test_a_body_that_cannot_be_decoded_completely_is_dropped(
    encoding: str, payload: bytes, save: Callable[[bytes], Path]
) -> None:
    warc = Warc()
    warc.add("https://example.org/", payload, Content_Encoding=encoding)
    capture = read(save(warc.data))[0][0][0]
    assert capture.body == b""
    assert not capture.too_large
    assert capture.truncated


def test_chunks_are_joined(save: Callable[[bytes], Path]) -> None:
    warc = Warc()
    warc.add("https://example.org/", b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", Transfer_Encoding="chunked")
    warc.add("https://example.org/", b"joined already", Transfer_Encoding="chunked")
    assert [capture.body for capture, _ in read(save(warc.data))[0]] == [b"hello world", b"joined already"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity"])
def test_a_decompression_bomb_is_too_large_and_never_in_memory(encoding: str, save: Callable[[bytes], Path]) -> None:
    bomb = b"0" * 60_000_000
    encode = {"gzip": gzip.compress, "deflate": zlib.compress, "br": lambda data: brotli.compress(data, quality=1)}
    warc = Warc()
    warc.add("https://example.org/", encode.get(encoding, bytes)(bomb), Content_Encoding=encoding)
    warc.add("https://example.org/after")
    path = save(warc.data)
    del bomb, warc
    tracemalloc.start()
    found, _ = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[0][0].too_large
    assert found[0][0].body == b""
    assert found[1][0].body == PAGE
    assert peak < 8 * MAX_BYTES


def test_a_body_of_exactly_the_limit_is_read(save: Callable[[bytes], Path]) -> None:
    warc = Warc()
    warc.add("https://example.org/", gzip.compress(PAGE), Content_Encoding="gzip")
    path = save(warc.data)
    assert read(path, max_bytes=len(PAGE))[0][0][0].body == PAGE
    assert read(path, max_bytes=len(PAGE) - 1)[0][0][0].too_large


@pytest.mark.parametrize(
    ("block", "extra", "truncated"),
    [
        (answer("Content-Length: 4", b"page"), (), False),
        (answer("Content-Length: 3", b"page"), (), False),
        (answer("Content-Length: 5", b"page"), (), True),
        (answer("Content-Length: unknown", b"page"), (), False),
        (answer("Content-Length: " + "9" * 5000, b"page"), (), True),
        (answer("Content-Length: 5", b"", "304 Not Modified"), (), False),
        (answer("Content-Type: text/html", b"page"), ("WARC-Truncated: length",), True),
        (answer("Content-Type: text/html", b"page"), ("WARC-Segment-Number: 1",), True),
        (answer(CHUNKED, b"4\r\npage\r\n0\r\n\r\n"), (), False),
        (answer(CHUNKED, b"4;x=y\r\npage\r\n0\r\nTrailer: x\r\n\r\n"), (), False),
        (answer(CHUNKED, b"4\r\npage\r\n"), (), True),
        (answer(CHUNKED, b"4\r\npage\r\nff\r\nrest"), (), True),
        (answer(CHUNKED, b"4\r\npage\r\nZZ\r\nxx"), (), True),
        (answer(CHUNKED, b"ffffffffff\r\npage"), (), True),
        (answer(CHUNKED, b"page, joined"), (), False),
    ],
    ids=range(15),
)
def test_an_incomplete_payload_is_truncated(
    block: bytes,
    extra: tuple[str, ...],
    truncated: bool,  # noqa: FBT001 - a parameter of the test
    save: Callable[[bytes], Path],
) -> None:
    path = save(gzip.compress(make_record(block, *extra)))
    (capture, _) = read(path)[0][0]
    assert capture.truncated == truncated
    assert read_capture(capture.ref, WarcStore(path.parent), MAX_BYTES) == capture
    if not truncated and capture.status == 200:
        assert capture.body.startswith(b"page")


def sha1(data: bytes) -> str:
    return f"WARC-Payload-Digest: sha1:{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"


@pytest.mark.parametrize("digested", ["payload", "dechunked", "body"])
def test_a_digest_of_the_dechunked_or_decoded_body_is_accepted(digested: str, save: Callable[[bytes], Path]) -> None:
    inner = gzip.compress(PAGE)
    payload = f"{len(inner):x}\r\n".encode() + inner + b"\r\n0\r\n\r\n"
    of = {"payload": payload, "dechunked": inner, "body": PAGE}[digested]
    record = make_record(answer(f"{CHUNKED}\r\nContent-Encoding: gzip", payload), sha1(of))
    captures, reading = read(save(record))
    assert [one.body for one, _ in captures] == [PAGE]
    assert reading.corrupt == []


@pytest.mark.parametrize("head", [CHUNKED, "Content-Type: text/html"])
def test_a_digest_of_another_body_is_damage(head: str, save: Callable[[bytes], Path]) -> None:
    record = make_record(answer(head, PAGE), sha1(PAGE[1:]))
    captures, reading = read(save(record))
    assert captures == []
    assert len(reading.corrupt) == 1
