import gzip
import hashlib
import io
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from schemas.capture import Capture
from storage.warc.capture import (
    CaptureCorrupt,
    CaptureTruncated,
    NotAWarc,
    WarcCaptures,
    iterate_captures,
    read_capture,
)
from storage.warc.store import WarcStore

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


@pytest.fixture(params=[True, False], ids=["gzip", "plain"])
def warc(request: pytest.FixtureRequest) -> Warc:
    made = Warc(compressed=request.param)
    for number in range(3):
        made.add(f"https://example.org/{number}", PAGE[:100] + str(number).encode())
        made.add_request(f"https://example.org/{number}")
    return made


@pytest.fixture
def save(tmp_path: Path) -> Callable[[bytes], Path]:
    def _save(data: bytes) -> Path:
        path = tmp_path / "test.warc"
        path.write_bytes(data)
        return path

    return _save


def is_gzip(warc: Warc) -> bool:
    return warc.data.startswith(b"\x1f\x8b")


def test_responses_come_in_file_order_with_their_bodies(warc: Warc, save: Callable[[bytes], Path]) -> None:
    found, captures = read(save(warc.data))
    assert [capture.url for capture, _ in found] == [f"https://example.org/{number}" for number in range(3)]
    assert [capture.body for capture, _ in found] == [PAGE[:100] + str(number).encode() for number in range(3)]
    assert found[0][0].status == 200
    assert found[0][0].media_type == "text/html"
    assert found[0][0].fetched_at.tzinfo is not None
    assert captures.cut_at is None
    assert captures.corrupt == []


def test_the_last_position_is_after_the_skipped_records_at_the_end(warc: Warc, save: Callable[[bytes], Path]) -> None:
    _, captures = read(save(warc.data))
    assert captures.position == len(warc.data)


def test_reading_goes_on_from_any_position_that_was_given(warc: Warc, save: Callable[[bytes], Path]) -> None:
    path = save(warc.data)
    whole, _ = read(path)
    for index, (_, position) in enumerate(whole):
        rest, _ = read(path, position)
        assert rest == whole[index + 1 :]


def test_a_reference_finds_its_capture_again(warc: Warc, save: Callable[[bytes], Path]) -> None:
    path = save(warc.data)
    for capture, _ in read(path)[0]:
        assert read_capture(capture.ref, WarcStore(path.parent), MAX_BYTES) == capture
        assert capture.ref.sha256 == hashlib.sha256(capture.body).hexdigest()


def test_a_reference_with_another_digest_is_refused(warc: Warc, save: Callable[[bytes], Path]) -> None:
    path = save(warc.data)
    ref = read(path)[0][0][0].ref.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(CaptureCorrupt, match="another record"):
        read_capture(ref, WarcStore(path.parent), MAX_BYTES)


def test_a_reference_beyond_the_end_is_truncated(warc: Warc, save: Callable[[bytes], Path]) -> None:
    path = save(warc.data)
    ref = read(path)[0][-1][0].ref
    path.write_bytes(warc.data[: ref.offset + 5])
    with pytest.raises(CaptureTruncated):
        read_capture(ref, WarcStore(path.parent), MAX_BYTES)
    path.write_bytes(warc.data[: ref.offset])
    with pytest.raises(CaptureTruncated):
        read_capture(ref, WarcStore(path.parent), MAX_BYTES)


def test_every_cut_leaves_the_whole_records_and_is_told_from_an_end(warc: Warc, save: Callable[[bytes], Path]) -> None:
    whole = read(save(warc.data))[0]
    # Two line ends after a plain record belong to no record: without them it is whole all the same.
    slack = 0 if is_gzip(warc) else 4
    near_ends = {end + step for end in warc.ends for step in range(-12, 12)}
    for cut in sorted({*range(0, len(warc.data), 7), *near_ends} & set(range(len(warc.data)))):
        found, captures = read(save(warc.data[:cut]))
        assert found == [pair for pair in whole if pair[1] <= cut][: len(found)]
        assert len(found) == sum(pair[0].ref.offset + pair[0].ref.length <= cut for pair in whole)
        at_end = cut == 0 or any(end - slack <= cut <= end for end in warc.ends)
        assert (captures.cut_at is None) == at_end
        assert captures.corrupt == []


def test_a_growing_file_is_read_on_where_the_cut_was(warc: Warc, save: Callable[[bytes], Path]) -> None:
    whole = read(save(warc.data))[0]
    for cut in range(0, len(warc.data), 97):
        path = save(warc.data[:cut])
        first, captures = read(path)
        path.write_bytes(warc.data)
        assert first + read(path, captures.position)[0] == whole


def test_a_damaged_record_is_named_and_the_others_are_read(warc: Warc, save: Callable[[bytes], Path]) -> None:
    data = bytearray(warc.data)
    data[warc.ends[3] - 10] ^= 0xFF
    found, captures = read(save(bytes(data)))
    assert [capture.url for capture, _ in found] == ["https://example.org/0", "https://example.org/2"]
    assert len(captures.corrupt) == 1
    assert f"record at byte {warc.ends[2]}" in str(captures.corrupt[0])
    assert captures.position == len(data)


def test_a_cut_member_with_whole_ones_after_it_is_passed_over(save: Callable[[bytes], Path]) -> None:
    dead, alive = Warc(), Warc()
    dead.add("https://example.org/dead")
    alive.add("https://example.org/alive")
    found, captures = read(save(dead.data[:-30] + alive.data))
    assert [capture.url for capture, _ in found] == ["https://example.org/alive"]
    assert len(captures.corrupt) == 1


def test_a_member_whose_damage_swallows_the_rest_of_the_file_costs_itself_alone(
    save: Callable[[bytes], Path],
) -> None:
    """A flipped bit in the end of a stream can make of it a block that goes on to the file's end without an error."""
    gzip_header, stored_block = b"\x1f\x8b\x08" + bytes(6) + b"\xff", b"\x00\xff\xff\x00\x00"
    before, after = Warc(), Warc()
    before.add("https://example.org/before")
    after.add("https://example.org/after")
    found, captures = read(save(before.data + gzip_header + stored_block + after.data))
    assert [capture.url for capture, _ in found] == ["https://example.org/before", "https://example.org/after"]
    assert f"record at byte {len(before.data)}" in str(captures.corrupt[0])
    assert captures.cut_at is None


@pytest.mark.parametrize("data", [b"<html>not a warc</html>", b"\x89PNG\r\n", b"WARD/1.0\r\n"])
def test_another_kind_of_file_is_no_warc(data: bytes, save: Callable[[bytes], Path]) -> None:
    with pytest.raises(NotAWarc):
        read(save(data))


def test_records_in_one_gzip_member_are_refused(save: Callable[[bytes], Path]) -> None:
    plain = Warc(compressed=False)
    plain.add("https://example.org/0")
    with pytest.raises(NotAWarc, match="record by record"):
        read(save(gzip.compress(plain.data)))


def test_a_gzip_file_that_is_no_warc_is_corrupt_and_yields_nothing(save: Callable[[bytes], Path]) -> None:
    found, captures = read(save(gzip.compress(b"some text" * 100)))
    assert found == []
    assert len(captures.corrupt) == 1


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
    ],
    ids=range(9),
)
def test_content_encodings_are_undone(encoding: str, payload: bytes, save: Callable[[bytes], Path]) -> None:
    warc = Warc()
    warc.add("https://example.org/", payload, Content_Encoding=encoding)
    capture = read(save(warc.data))[0][0][0]
    assert capture.body == PAGE
    assert not capture.truncated
    assert capture.ref.sha256 == hashlib.sha256(payload).hexdigest()


@pytest.mark.parametrize(
    ("encoding", "payload"),
    [
        ("gzip", gzip.compress(PAGE)[:-12]),
        ("deflate", zlib.compress(PAGE)[:-12]),
        ("br", brotli.compress(PAGE)[:-3]),
        ("br", b"<html>never compressed"),
    ],
    ids=range(4),
)
def test_a_body_that_cannot_be_decoded_whole_is_no_body(
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
def test_a_bomb_is_too_large_and_never_held(encoding: str, save: Callable[[bytes], Path]) -> None:
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


def test_the_largest_body_that_is_allowed_is_read(save: Callable[[bytes], Path]) -> None:
    warc = Warc()
    warc.add("https://example.org/", gzip.compress(PAGE), Content_Encoding="gzip")
    path = save(warc.data)
    assert read(path, max_bytes=len(PAGE))[0][0][0].body == PAGE
    assert read(path, max_bytes=len(PAGE) - 1)[0][0][0].too_large


def test_imported_files_keep_their_media_type_and_have_an_address_only_on_the_web(
    save: Callable[[bytes], Path],
) -> None:
    warc = Warc()
    warc.add_file("file:///texts/one.txt", b"A text.", "text/plain")
    warc.add_file("https://example.org/page", b"<p>A page.</p>", "text/html")
    (text, _), (page, _) = read(save(warc.data))[0]
    assert (text.url, text.media_type, text.status, text.body) == (None, "text/plain", 200, b"A text.")
    assert (page.url, page.media_type) == ("https://example.org/page", "text/html")


def test_every_header_is_kept_in_order_with_lower_case_names(save: Callable[[bytes], Path]) -> None:
    warc = Warc()
    warc.add("https://example.org/", b"", "301 Moved", Location="/new", Set_Cookie="a=1", SET_COOKIE="b=2")
    capture = read(save(warc.data))[0][0][0]
    assert capture.headers[1:] == (("location", "/new"), ("set-cookie", "a=1"), ("set-cookie", "b=2"))
    assert capture.redirect_url == "https://example.org/new"


def test_a_wrong_payload_digest_is_corrupt(save: Callable[[bytes], Path]) -> None:
    warc = Warc(compressed=False)
    warc.add("https://example.org/", b"right")
    found, captures = read(save(warc.data.replace(b"right", b"wrong")))
    assert found == []
    assert "digest" in str(captures.corrupt[0])


CHUNKED = "Content-Type: text/html\r\nTransfer-Encoding: chunked"


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
def test_a_payload_that_is_not_whole_is_truncated(
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


def test_records_that_may_hold_a_page_are_counted_when_they_are_passed_over(save: Callable[[bytes], Path]) -> None:
    kinds = ["warcinfo", "request", "metadata", "revisit", "continuation", "revisit", "conversion"]
    data = b"".join(gzip.compress(make_record(b"HTTP/1.1 200 OK\r\n\r\n", kind=kind)) for kind in kinds)
    found, captures = read(save(data))
    assert found == []
    assert captures.skipped == {"revisit": 2, "continuation": 1, "conversion": 1}


def test_a_head_with_bare_line_feeds_is_read(save: Callable[[bytes], Path]) -> None:
    block = b"HTTP/1.0 200 OK\nContent-Type: text/html\nX-Other: y\n\n<p>A page.\r\n\r\nIts end."
    capture = read(save(gzip.compress(make_record(block))))[0][0][0]
    assert capture.headers == (("content-type", "text/html"), ("x-other", "y"))
    assert capture.body == b"<p>A page.\r\n\r\nIts end."


def test_a_length_beyond_the_file_costs_one_record_and_not_those_after_it(save: Callable[[bytes], Path]) -> None:
    whole = make_record(answer("Content-Type: text/html", b"a page"))
    wrong = make_record(answer("Content-Type: text/html", b"another"), length=999_999)
    found, captures = read(save(whole + wrong + whole + whole))
    assert [capture.body for capture, _ in found] == [b"a page"] * 3
    assert captures.cut_at is None
    assert len(captures.corrupt) == 1
    assert captures.position == 3 * len(whole) + len(wrong)


def test_a_cut_last_record_is_cut_though_it_speaks_of_warc_files(save: Callable[[bytes], Path]) -> None:
    whole = make_record(answer("Content-Type: text/html", b"a page"))
    text = b"A record begins so:\r\nWARC/1.0\r\nand so on, says\r\n\r\nWARC/1.1 of 2017.\r\n\r\n" + b"x" * 100
    last = make_record(answer("Content-Type: text/html", text))
    found, captures = read(save(whole + last[:-20]))
    assert len(found) == 1
    assert captures.cut_at == captures.position == len(whole)
    assert captures.corrupt == []
