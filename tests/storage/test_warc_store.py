"""WARC files in the local folder and in the store: read from either, and moved without loss."""

import gzip
import hashlib
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from spiders.warc import Exchange, WarcWriter
from storage.warc.capture import CaptureTruncated, iterate_captures, read_capture
from storage.warc.remote import RemoteStore, StoreUnreachable, StoreUnusable, printable_url
from storage.warc.store import MARKER_NAME, CopyDiffers, WarcStore
from tests.storage.faulty import URL, FaultyFileSystem
from tests.storage.sample import START

MAX_BYTES = 1 << 20
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
PAGE_COUNT = 12
INDEX = b"an index\n"


class Killed(BaseException):
    """Simulates a kill of the process."""


@pytest.fixture(autouse=True)
def _reset_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset the store: empty and without faults."""
    monkeypatch.setattr(FaultyFileSystem, "store", {})
    monkeypatch.setattr(FaultyFileSystem, "pseudo_dirs", [""])
    monkeypatch.setattr(FaultyFileSystem, "before", lambda _: None)


@pytest.fixture
def warcs(tmp_path: Path) -> WarcStore:
    """A local WARC file with its index, and an empty store."""
    with WarcWriter(tmp_path / "warc", site="test", run_id="1") as writer:
        for number in range(PAGE_COUNT):
            body = f"<html>{number}</html>".encode() * 100
            writer.write_exchange(Exchange(f"https://a.example/{number}", START, b"GET / HTTP/1.1\r\n\r\n", OK, body))
    (tmp_path / "index").write_bytes(INDEX)
    return WarcStore(tmp_path / "warc", URL)


def find_name(warcs: WarcStore) -> str:
    [name] = warcs.list_local()
    return name


def list_found(warcs: WarcStore, name: str) -> list[str | None]:
    captures = iterate_captures(warcs.at(name), name, 0, MAX_BYTES)
    found = [capture for capture, _ in captures]
    assert (captures.corrupt, captures.cut_at) == ([], None)
    for capture in found:
        assert read_capture(capture.ref, warcs, MAX_BYTES) == capture
    near = pickle.loads(pickle.dumps(warcs)).prefetch([one.ref for one in found])  # noqa: S301 - as a pool does
    assert [read_capture(one.ref, near, MAX_BYTES) for one in found] == found
    return [capture.url for capture in found]


def fail_at(monkeypatch: pytest.MonkeyPatch, place: int, error: BaseException, only: str = "") -> None:
    """Make the store raise from its operation number `place` on."""
    numbers = count()

    def before(name: str) -> None:
        if name.startswith(only) and next(numbers) >= place:
            raise error

    monkeypatch.setattr(FaultyFileSystem, "before", before)


def test_a_moved_file_is_read_as_before(warcs: WarcStore, tmp_path: Path) -> None:
    name = find_name(warcs)
    data, before = (warcs.folder / name).read_bytes(), list_found(warcs, name)
    warcs.move(name, tmp_path / "index")
    assert [path.name for path in warcs.folder.iterdir()] == [MARKER_NAME]
    assert warcs.list_remote() == {name: len(data)}
    assert (warcs.size(name), list_found(warcs, name)) == (len(data), before)
    with warcs.open(f"{name}.cdxj") as index:
        assert index.read() == INDEX


def test_many_captures_are_one_request(warcs: WarcStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = find_name(warcs)
    refs = [capture.ref for capture, _ in iterate_captures(warcs.at(name), name, 0, MAX_BYTES)]
    assert warcs.prefetch(refs) is warcs
    warcs.move(name, tmp_path / "index")
    asked: list[str] = []
    monkeypatch.setattr(FaultyFileSystem, "before", asked.append)
    near = warcs.prefetch(refs)
    assert [read_capture(ref, near, MAX_BYTES).ref for ref in refs] == refs
    assert asked == ["cat_file"]
    beyond = refs[-1].model_copy(update={"offset": warcs.size(name) + 5})
    with pytest.raises(CaptureTruncated):
        read_capture(beyond, warcs.prefetch([beyond]), MAX_BYTES)


def test_a_move_killed_at_any_point_loses_nothing_and_can_be_resumed(
    warcs: WarcStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = find_name(warcs)
    path, data = warcs.folder / name, (warcs.folder / find_name(warcs)).read_bytes()
    for place in count():
        FaultyFileSystem.store.clear()
        path.write_bytes(data)
        fail_at(monkeypatch, place, Killed())
        is_killed = True
        with suppress(Killed):
            warcs.move(name, tmp_path / "index")
            is_killed = False
        monkeypatch.setattr(FaultyFileSystem, "before", lambda _: None)
        if is_killed:
            assert len(list_found(warcs, name)) == PAGE_COUNT
            warcs.undo_interrupted_moves()
            assert path.read_bytes() == data
            warcs.move(name, tmp_path / "index")
        assert (warcs.list_local(), warcs.list_remote()) == ({}, {name: len(data)})
        if not is_killed:
            assert place > 5
            return


@pytest.mark.parametrize("part", [slice(0, 0), slice(0, 100), slice(None)])
def test_a_partial_file_in_the_store_is_completed(warcs: WarcStore, tmp_path: Path, part: slice) -> None:
    name = find_name(warcs)
    data = (warcs.folder / name).read_bytes()
    store = RemoteStore(URL)
    store.put_bytes(name, data[part])
    warcs.move(name, tmp_path / "index")
    assert store.digest(name) == hashlib.sha256(data).digest()
    assert warcs.list_local() == {}


@pytest.mark.parametrize(
    "change",
    [lambda data: data + b"more", lambda data: data[1:], lambda data: bytes(len(data))],
    ids=["longer", "another-start", "another-content"],
)
def test_a_different_file_of_the_same_name_stays_and_so_does_the_local_one(
    warcs: WarcStore, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    name = find_name(warcs)
    data = (warcs.folder / name).read_bytes()
    store = RemoteStore(URL)
    store.put_bytes(name, change(data))
    with pytest.raises(CopyDiffers, match=name):
        warcs.move(name, tmp_path / "index")
    assert (warcs.folder / name).read_bytes() == data
    assert store.digest(name) == hashlib.sha256(change(data)).digest()


def test_the_local_folder_itself_cannot_be_the_store(warcs: WarcStore, tmp_path: Path) -> None:
    name = find_name(warcs)
    (tmp_path / "link").symlink_to(warcs.folder)
    data = (warcs.folder / name).read_bytes()
    for folder in (warcs.folder, tmp_path / "link"):
        with pytest.raises(CopyDiffers, match="the local WARC folder itself"):
            WarcStore(warcs.folder, folder.as_uri()).move(name, tmp_path / "index")
        assert (warcs.folder / name).read_bytes() == data


def test_another_disk_can_be_the_store(warcs: WarcStore, tmp_path: Path) -> None:
    name = find_name(warcs)
    other = WarcStore(warcs.folder, f"{(tmp_path / 'elsewhere').as_uri()}/warc")
    assert other.list_remote() == {}
    other.move(name, tmp_path / "index")
    assert len(list_found(other, name)) == PAGE_COUNT
    assert sorted(path.name for path in (tmp_path / "elsewhere" / "warc").iterdir()) == [name, f"{name}.cdxj"]


@pytest.mark.parametrize("kind", ["gzip", "plain"])
def test_a_store_failure_while_reading_is_neither_damage_nor_the_end(
    warcs: WarcStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    name = find_name(warcs)
    if kind == "plain":
        packed = warcs.folder / name
        name = "plain.warc"
        (warcs.folder / name).write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    warcs.move(name, tmp_path / "index")
    for place in count():
        warcs = WarcStore(warcs.folder, URL)
        fail_at(monkeypatch, place, ConnectionResetError("gone"), only="read")
        captures = iterate_captures(warcs.at(name), name, 0, MAX_BYTES)
        is_whole = False
        with suppress(StoreUnreachable):
            is_whole = sum(1 for _ in captures) == PAGE_COUNT
        assert (captures.corrupt, captures.cut_at) == ([], None)
        if is_whole:
            assert place > PAGE_COUNT
            return


def test_an_unreachable_store_is_not_retried_until_the_archive_is_reopened(
    warcs: WarcStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, 0, ConnectionRefusedError("refused"))
    asked: list[str] = []
    with pytest.raises(StoreUnreachable, match="refused"):
        warcs.list_remote()
    monkeypatch.setattr(FaultyFileSystem, "before", asked.append)
    with pytest.raises(StoreUnreachable, match="refused"):
        warcs.size("any.warc.gz")
    assert (warcs.has("any.warc.gz"), asked) == (False, [])
    assert WarcStore(warcs.folder, URL).list_remote() == {}


def test_an_empty_store_is_not_trusted(warcs: WarcStore, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="no WARC files at all"):
        warcs.open("lost.warc.gz")
    warcs.move(find_name(warcs), tmp_path / "index")
    with pytest.raises(FileNotFoundError):
        warcs.open("lost.warc.gz")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nowhere://x", "not a kind of store"),
        ("s3a://x/y", "its extra `s3`"),
        ("gs://x/y", "gcsfs"),
    ],
)
def test_an_unsupported_kind_of_store_is_named(url: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)  # as if it were not installed
    with pytest.raises(StoreUnusable, match=says):
        RemoteStore(url).audit()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("sftp://me:secret@host/folder", "sftp://me:***@host/folder"),
        ("s3://bucket/prefix?token=secret", "s3://bucket/prefix"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, shown: str) -> None:
    assert printable_url(url) == shown
