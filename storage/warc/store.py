"""The WARC files of an archive, local or remote: each grows in the local folder, and may later move to the store."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, Self

from schemas.capture import CaptureRef
from storage.atomic_file import flush
from storage.warc.remote import INDEX_SUFFIX, WARC_SUFFIXES, RemoteStore, StoreUnreachable, Window, digest_file

MOVED_SUFFIX = ".moved"
"""Suffix of a local file that is in the store, just before it is deleted."""

MARKER_NAME = "MOVED-TO"
"""Name of the local file that says which store has the moved files: without it they would seem to be lost."""


IMPORT_SITE = "import"
"""Takes the place of the site in the names of WARC files with imported documents."""


def is_own(name: str) -> bool:
    """Whether a WARC file was written by our own crawl, judged by its name."""
    return not name.startswith(f"{IMPORT_SITE}-")


class CopyDiffers(OSError):  # noqa: N818 - it states a fact
    """The store has a different file of this name, or stored other bytes than it was sent."""


class Openable(Protocol):
    """A WARC file that can be opened: a path, or a `WarcLocation`."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open the file for reading."""


class WarcStore:
    """A local folder and an optional remote store. It holds no connection, so it can be passed to other processes."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.remote = RemoteStore(url) if url else None
        self.prefetched: Mapping[CaptureRef, bytes] = {}
        """Records from the store that are in memory (`prefetch`)."""

    def at(self, name: str) -> "WarcLocation":
        """Return a file's location, which is resolved on opening: the file may have moved by then."""
        return WarcLocation(self, name)

    def open(self, name: str) -> BinaryIO:
        """Open a file for sequential reading.

        Raises:
            FileNotFoundError: it is in neither place.
            StoreUnreachable: it is not local, and the store does not respond.
        """
        try:
            return (self.folder / name).open("rb")
        except FileNotFoundError:
            if self.remote is None:
                raise
            return self.remote.open(name)

    def open_record(self, ref: CaptureRef) -> BinaryIO:
        """Open a file to read one record at its offset; of a remote file, only that record is there.

        Raises:
            FileNotFoundError, StoreUnreachable: as `open`.
        """
        if (data := self.prefetched.get(ref)) is not None:
            return Window(data, ref.offset)
        try:
            return (self.folder / ref.warc).open("rb")
        except FileNotFoundError:
            if self.remote is None:
                raise
            return Window(self.remote.read_range(ref.warc, ref.offset, ref.length), ref.offset)

    def prefetch(self, refs: Collection[CaptureRef]) -> Self:
        """Return a copy with the remote records in memory, which would otherwise be requested one by one."""
        if self.remote is None:
            return self
        is_local = {warc: (self.folder / warc).exists() for warc in {ref.warc for ref in refs}}
        remote_refs = [ref for ref in refs if not is_local[ref.warc]]
        if not remote_refs:
            return self
        found = copy(self)
        found.prefetched = self.remote.read_records(remote_refs)
        return found

    def size(self, name: str) -> int:
        """Return the size of a file in bytes.

        Raises:
            FileNotFoundError, StoreUnreachable: as `open`.
        """
        try:
            return (self.folder / name).stat().st_size
        except FileNotFoundError:
            if self.remote is None:
                raise
            return self.remote.size(name)

    def list_local(self) -> dict[str, int]:
        """Return name -> size in bytes of the local files; those still written to are among them."""
        sizes: dict[str, int] = {}
        for path in self.folder.iterdir() if self.folder.exists() else ():
            if path.name.endswith(WARC_SUFFIXES):
                with suppress(FileNotFoundError):  # moved just now, by a run
                    sizes[path.name] = path.stat().st_size
        return sizes

    def list_remote(self) -> dict[str, int]:
        """Return name -> size in bytes of the files in the store; empty without a store.

        Raises:
            StoreUnreachable: it does not respond.
        """
        return self.remote.list_sizes() if self.remote else {}

    def has(self, name: str) -> bool:
        """Whether a file is known to exist and is not empty: no, if the store does not respond."""
        try:
            return bool(self.size(name))
        except (FileNotFoundError, StoreUnreachable):
            return False

    def flush(self, name: str) -> None:
        """Fsync a file if it is local: files in the store are durable already."""
        try:
            flush(self.folder / name)
        except FileNotFoundError:
            if self.remote is None:
                raise

    def undo_interrupted_moves(self) -> None:
        """Restore the names of local files whose move was interrupted just before they were deleted."""
        for renamed in self.folder.glob(f"*{MOVED_SUFFIX}"):
            renamed.rename(renamed.with_suffix(""))

    def move(self, name: str, index: Path) -> None:
        """Move a local file to the store, with its index beside it.

        An interrupted move can be repeated; the local file is deleted only after the store's copy was read back and is
        identical.

        Raises:
            CopyDiffers: the store has something else under this name, and keeps it.
            StoreUnreachable: it does not respond. In either case the local file stays.
        """
        assert self.remote is not None  # noqa: S101 - for mypy: without a store, nothing is moved
        path = self.folder / name
        copy_file(path, self.remote, name)
        self.remote.put_bytes(f"{name}{INDEX_SUFFIX}", index.read_bytes())
        (self.folder / MARKER_NAME).write_text(f"{self.remote.shown}\n", encoding="utf-8")
        _remove_moved(path, self.remote, name)


class WarcLocation:
    """A file of a `WarcStore`, looked up when it is opened."""

    def __init__(self, store: WarcStore, name: str) -> None:
        self._store = store
        self._name = name

    def __str__(self) -> str:
        return self._name

    def open(self, _mode: Literal["rb"], /) -> BinaryIO:
        """As `WarcStore.open`."""
        return self._store.open(self._name)


def copy_file(path: Path, remote: RemoteStore, name: str) -> None:
    """Copy a local file to the store, unless it is there already; a partial copy is replaced.

    Raises:
        CopyDiffers, StoreUnreachable: as `WarcStore.move`.
    """
    size, found = path.stat().st_size, remote.find_size(name)
    if found is not None and (found > size or remote.digest(name) != _digest(path, found)):
        raise CopyDiffers(f"{remote.shown} has a different file named {name}: it stays, and so does the local one")
    if found == size:
        return
    remote.put_file(name, path)
    if remote.find_size(name) != size or remote.digest(name) != _digest(path, size):
        remote.remove(name)
        raise CopyDiffers(f"{remote.shown} stored other bytes of {name} than it was sent: the local file stays")


def _digest(path: Path, byte_count: int) -> bytes:
    with path.open("rb") as file:
        return digest_file(file, byte_count)


def _remove_moved(path: Path, remote: RemoteStore, name: str) -> None:
    """Delete the local file, unless it is the store's own: the store may be the local folder itself."""
    renamed = path.with_name(f"{name}{MOVED_SUFFIX}")
    path.rename(renamed)
    try:
        if remote.find_size(name) is None:
            raise CopyDiffers(f"{remote.shown} is the local WARC folder itself: nothing is moved")
    except OSError:
        renamed.rename(path)
        raise
    renamed.unlink()
