"""The heads of a WARC record, and the request that belongs to it, wherever its crawler wrote it."""

from pathlib import Path

import pytest

from schemas.capture import CaptureRef
from storage.warc.record import find_request, iterate_bytes, read_stored
from storage.warc.store import WarcStore
from tests.storage.warc_sample import PAGE, Warc, read

URL = "https://www.themoscowtimes.com/2026/10/01/a-headline-a1"
OTHER = "https://www.themoscowtimes.com/2026/10/01/a-headline-a2"


def save(folder: Path, warc: Warc, *, compressed: bool) -> tuple[WarcStore, list[CaptureRef]]:
    path = folder / f"a.warc{'.gz' if compressed else ''}"
    path.write_bytes(warc.data)
    return WarcStore(folder), [capture.ref for capture, _ in read(path)[0]]


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("is_before", [True, False])
def test_a_request_is_found_on_either_side(tmp_path: Path, *, compressed: bool, is_before: bool) -> None:
    warc = Warc(compressed=compressed)
    for url in (OTHER, URL, OTHER):
        if is_before:
            warc.add_request(url)
        warc.add(url)
        if not is_before:
            warc.add_request(url)
    warcs, refs = save(tmp_path, warc, compressed=compressed)
    response = read_stored(warcs, refs[1])
    request = find_request(warcs, refs[1], response)
    assert request
    assert (request.find("warc-type"), request.find("WARC-Target-URI")) == ("request", URL)
    assert request.http_head.startswith("GET / HTTP/1.1\r\nHost: x")
    assert response.http_head.startswith("HTTP/1.1 200 OK\r\n")
    assert response.is_compressed is compressed
    data = b"".join(iterate_bytes(warcs, refs[1], request))
    assert data in warc.data
    assert len(data) == request.length


@pytest.mark.parametrize("compressed", [True, False])
def test_the_request_of_another_page_is_not_taken(tmp_path: Path, *, compressed: bool) -> None:
    warc = Warc(compressed=compressed)
    warc.add_request(OTHER)
    warc.add(URL)
    warc.add_request(OTHER)
    warcs, refs = save(tmp_path, warc, compressed=compressed)
    assert find_request(warcs, refs[0], read_stored(warcs, refs[0])) is None


@pytest.mark.parametrize("compressed", [True, False])
def test_a_lone_record_has_no_request(tmp_path: Path, *, compressed: bool) -> None:
    warc = Warc(compressed=compressed)
    warc.add_file("file:a.txt", PAGE, "text/plain")
    warcs, refs = save(tmp_path, warc, compressed=compressed)
    record = read_stored(warcs, refs[0])
    assert record.http_head == ""
    assert record.find("Content-Type") == "text/plain"
    assert find_request(warcs, refs[0], record) is None


def test_a_damaged_record_has_no_heads(tmp_path: Path) -> None:
    warc = Warc()
    warc.add(URL)
    warcs, refs = save(tmp_path, warc, compressed=True)
    moved = refs[0].model_copy(update={"offset": refs[0].offset + 1})
    assert read_stored(warcs, moved).warc_head == ""
