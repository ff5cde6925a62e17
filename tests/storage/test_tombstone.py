"""A record that is overwritten: nothing else in its file moves, and no reader takes what is there for a page."""

import io
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

from schemas.capture import CaptureRef
from storage.warc.store import WarcStore
from storage.warc.tombstone import RecordDiffers, erase_records, render_tombstone
from tests.storage.sample import START
from tests.storage.warc_sample import PAGE, Warc, read

URL = "https://www.themoscowtimes.com/2026/10/01/a-headline-a1"
SECRET = b"a word that must go"


def store(folder: Path, warc: Warc, *, compressed: bool = True) -> tuple[WarcStore, Path]:
    path = folder / f"a.warc{'.gz' if compressed else ''}"
    path.write_bytes(warc.data)
    return WarcStore(folder), path


def list_types(path: Path) -> list[str]:
    with path.open("rb") as file:
        found = [(record.rec_type, record.content_stream().read())[0] for record in ArchiveIterator(file)]
    fast = [record.headers["WARC-Type"] for record in FastIterator(io.BytesIO(path.read_bytes()))]
    assert fast == found
    return found


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("size", [0, 1, 9, 10, 99, 100, 101, 1_000, 70_000, 300_000])
def test_a_record_of_any_length_is_overwritten_in_its_place(tmp_path: Path, size: int, *, compressed: bool) -> None:
    warc = Warc(compressed=compressed)
    noise = bytes(number * number % 251 for number in range(size))
    for payload in (PAGE, SECRET + noise, PAGE):
        warc.add(URL, payload)
    warcs, path = store(tmp_path, warc, compressed=compressed)
    captures = [capture for capture, _ in read(path)[0]]
    ref = captures[1].ref

    assert erase_records(warcs, path.name, [ref], START) == 1

    after, end = path.read_bytes(), ref.offset + ref.length
    assert (after[: ref.offset], after[end:]) == (warc.data[: ref.offset], warc.data[end:])
    assert list_types(path) == ["warcinfo", "response", "metadata", "response"]
    found, state = read(path)
    assert [capture.ref for capture, _ in found] == [captures[0].ref, captures[2].ref]
    assert (state.corrupt, state.skipped, state.cut_at) == ([], {}, None)
    assert SECRET not in after
    assert erase_records(warcs, path.name, [ref], START) == 0
    assert path.read_bytes() == after


def test_a_half_overwritten_record_is_overwritten_again(tmp_path: Path) -> None:
    warc = Warc()
    for number in range(3):
        warc.add(f"{URL}{number}", PAGE + bytes(range(256)) * 8)
    warcs, path = store(tmp_path, warc)
    refs = [capture.ref for capture, _ in read(path)[0]]
    tombstone = render_tombstone(refs[1], {}, START, compressed=True)
    middle = refs[1].offset + len(tombstone) // 2
    path.write_bytes(warc.data[: refs[1].offset] + tombstone[: len(tombstone) // 2] + warc.data[middle:])
    assert erase_records(warcs, path.name, [refs[1]], START) == 1
    found, state = read(path)
    assert ([capture.ref for capture, _ in found], state.corrupt) == ([refs[0], refs[2]], [])


def test_another_record_in_the_place_is_not_touched(tmp_path: Path) -> None:
    warc = Warc()
    warc.add_request(URL)
    warc.add(URL)
    warcs, path = store(tmp_path, warc)
    start, end = warc.ends[0], warc.ends[1]
    request = CaptureRef(warc=path.name, offset=start, length=end - start, sha256="0" * 64)
    beyond = request.model_copy(update={"offset": len(warc.data), "length": 10})
    for ref in (request, beyond):
        with pytest.raises(RecordDiffers):
            erase_records(warcs, path.name, [ref], START)
    with pytest.raises(RecordDiffers, match="too small"):
        render_tombstone(request.model_copy(update={"length": 50}), {}, START, compressed=True)
    assert path.read_bytes() == warc.data
