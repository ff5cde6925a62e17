"""The WARC writer, checked with other readers."""

import gzip
import hashlib
import resource
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from schemas.capture import CaptureRef
from spiders.warc import ArchiveUnwritable, Exchange, WarcWriter
from storage.warc.capture import iterate_captures
from tests.spiders.child import read_records

AT = datetime(2024, 6, 3, 12, 30, 15, 123456, tzinfo=UTC)
REQUEST = b"GET /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
PAGE = b"<p>A page.</p>" * 50


def make_exchange(body: bytes = PAGE) -> Exchange:
    return Exchange("https://www.example.com/a", AT, REQUEST, RESPONSE, body, "192.0.2.1")


def make_writer(folder: Path, max_file_bytes: int = 1 << 30) -> WarcWriter:
    return WarcWriter(
        folder, site="example", run_id="0123-456789", user_agent="b/1", contact="me", max_file_bytes=max_file_bytes
    )


def cut_out(folder: Path, ref: CaptureRef) -> bytes:
    """Return the gzip member that a reference points to, decompressed."""
    data = (folder / ref.warc).read_bytes()[ref.offset : ref.offset + ref.length]
    member = zlib.decompressobj(zlib.MAX_WBITS + 16)
    record = member.decompress(data)
    assert member.eof
    assert not member.unused_data
    return record


@contextmanager
def limited_files(size_bytes: int) -> Iterator[None]:
    """Limit the size of files that this process writes within the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_reference_cuts_out_exactly_the_response(tmp_path: Path) -> None:
    with make_writer(tmp_path) as writer:
        refs = [writer.write_exchange(make_exchange(body)) for body in (PAGE, b"", PAGE * 1000)]
    for ref, body in zip(refs, (PAGE, b"", PAGE * 1000), strict=True):
        record = cut_out(tmp_path, ref)
        assert record.startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")
        assert record.endswith(b"\r\n\r\n" + RESPONSE + body + b"\r\n\r\n")
        assert ref.sha256 == hashlib.sha256(body).hexdigest()


def test_a_file_begins_with_a_warcinfo_record_naming_its_writer(tmp_path: Path) -> None:
    with make_writer(tmp_path) as writer:
        ref = writer.write_exchange(make_exchange())
    info, response, request = read_records(tmp_path / ref.warc)
    assert (info.kind, response.kind, request.kind) == ("warcinfo", "response", "request")
    assert info.headers["WARC-Filename"] == ref.warc
    fields = dict(line.split(": ", 1) for line in info.body.decode().splitlines())
    assert fields["software"].startswith("broadsheet/")
    assert fields["isPartOf"] == "0123-456789"
    assert fields["operator"] == "me"
    assert fields["http-header-user-agent"] == "b/1"
    assert fields["robots"] == "obey (RFC 9309)"


def test_request_and_response_refer_to_each_other_and_have_the_same_date(tmp_path: Path) -> None:
    with make_writer(tmp_path) as writer:
        ref = writer.write_exchange(make_exchange())
    _, response, request = read_records(tmp_path / ref.warc)
    assert response.headers["WARC-Concurrent-To"] == request.headers["WARC-Record-ID"]
    assert request.headers["WARC-Concurrent-To"] == response.headers["WARC-Record-ID"]
    for record in (response, request):
        assert record.headers["WARC-Date"] == "2024-06-03T12:30:15.123456Z"
        assert record.headers["WARC-Target-URI"] == "https://www.example.com/a"
        assert record.headers["WARC-IP-Address"] == "192.0.2.1"
    assert request.block == REQUEST


def test_warcio_reads_the_same_records(tmp_path: Path) -> None:
    with make_writer(tmp_path) as writer:
        ref = writer.write_exchange(make_exchange(gzip.compress(PAGE)))
    with (tmp_path / ref.warc).open("rb") as file:
        bodies = {record.rec_type: record.raw_stream.read() for record in ArchiveIterator(file, check_digests="raise")}
    assert gzip.decompress(bodies["response"]) == PAGE


def test_an_imported_file_becomes_a_resource(tmp_path: Path) -> None:
    with make_writer(tmp_path) as writer:
        ref = writer.write_resource("file:///seeds/000_a.txt", "text/plain", PAGE, AT)
    _, record = read_records(tmp_path / ref.warc)
    assert (record.kind, record.url, record.body) == ("resource", "file:///seeds/000_a.txt", PAGE)
    assert record.headers["Content-Type"] == "text/plain"
    assert ref.sha256 == hashlib.sha256(PAGE).hexdigest()


def test_a_full_file_is_followed_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "warc"
    with make_writer(folder, max_file_bytes=2000) as writer:
        refs = [writer.write_exchange(make_exchange()) for _ in range(5)]
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) > 1
    assert [name[-13:] for name in names] == [f"{serial:05}.warc.gz" for serial in range(len(names))]
    assert names[0].startswith("example-2")
    assert "-456789-" in names[0]
    assert {ref.warc for ref in refs} == set(names)
    for name in names:
        assert (folder / name).stat().st_size <= 2000
        assert read_records(folder / name)[0].kind == "warcinfo"


def test_a_file_is_created_only_with_its_first_record(tmp_path: Path) -> None:
    with make_writer(tmp_path / "deep" / "er"):
        pass
    assert list((tmp_path / "deep" / "er").iterdir()) == []


def test_every_record_is_readable_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with make_writer(tmp_path) as writer:
        for count in range(1, 4):
            ref = writer.write_exchange(make_exchange())
            assert len(read_records(tmp_path / ref.warc)) == 1 + 2 * count


def test_two_writers_of_one_run_never_share_a_file(tmp_path: Path) -> None:
    with make_writer(tmp_path) as one, make_writer(tmp_path) as other:
        assert one.write_exchange(make_exchange()).warc != other.write_exchange(make_exchange()).warc


def test_nothing_is_written_after_a_truncated_record(tmp_path: Path) -> None:
    with make_writer(tmp_path) as writer:
        ref = writer.write_exchange(make_exchange())
        whole = (tmp_path / ref.warc).read_bytes()
        with limited_files(len(whole) + 100), pytest.raises(ArchiveUnwritable, match=ref.warc):
            writer.write_exchange(make_exchange())
        later = writer.write_exchange(make_exchange())
    assert (tmp_path / ref.warc).read_bytes().startswith(whole)
    captures = iterate_captures(tmp_path / ref.warc, ref.warc, 0, 10_000_000)
    assert [capture.ref for capture, _ in captures] == [ref]
    assert captures.cut_at == len(whole)
    assert later.warc != ref.warc
    assert len(read_records(tmp_path / later.warc)) == 3


def test_a_line_break_in_a_value_starts_no_new_header(tmp_path: Path) -> None:
    with make_writer(tmp_path) as writer:
        ref = writer.write_resource("file:///a\r\nWARC-Type: warcinfo", "text/plain", b"", AT)
    _, record = read_records(tmp_path / ref.warc)
    assert record.kind == "resource"
    assert record.url == "file:///a WARC-Type: warcinfo"
