"""The WARC files of an archive, wherever each of them lies: in the local folder while it grows, in the store later."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, Self

from schemas.capture import CaptureRef
from storage.atomic_file import flush
from storage.warc.remote import INDEX_SUFFIX, WARC_SUFFIXES, RemoteStore, StoreUnreachable, Window, digest_file

ASIDE_SUFFIX = ".moved"
"""Of a local file whose copy lies in the store, in the instant before it is removed."""

NOTE_NAME = "MOVED-TO"
"""Of the file in the local folder that says which store has the others: without it they would seem to be lost."""


IMPORT_SITE = "import"
"""In the place of a site's name in the names of files that hold what was imported."""


def is_own(name: str) -> bool:
    """Whether a WARC file was written by our own crawl, from its name."""
    return not name.startswith(f"{IMPORT_SITE}-")


class CopyDiffers(OSError):  # noqa: N818 - it states a fact
    """The store has another file of this name, or wrote something else than it was given."""


class Openable(Protocol):
    """What a WARC file is read from: a path, or a place of a `WarcStore`."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """The file, for reading."""


class WarcStore:
    """A local folder, and perhaps a store that fsspec reaches. No connection is part of it: it goes to any process."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.remote = RemoteStore(url) if url else None
        self.held: Mapping[CaptureRef, bytes] = {}
        """Records of the store that are at hand (`holding`)."""

    def at(self, name: str) -> "WarcLocation":
        """A file, to be opened when it is needed: by then it may have moved."""
        return WarcLocation(self, name)

    def open(self, name: str) -> BinaryIO:
        """A file, to be read through.

        Raises:
            FileNotFoundError: it is in neither place.
            StoreUnreachable: it is not here, and the store does not answer.
        """
        try:
            return (self.folder / name).open("rb")
        except FileNotFoundError:
            if self.remote is None:
                raise
            return self.remote.open(name)

    def open_record(self, ref: CaptureRef) -> BinaryIO:
        """A file of which one record is read, at the place where it lies; of a remote one, nothing else is there.

        Raises:
            FileNotFoundError, StoreUnreachable: as `open`.
        """
        if (data := self.held.get(ref)) is not None:
            return Window(data, ref.offset)
        try:
            return (self.folder / ref.warc).open("rb")
        except FileNotFoundError:
            if self.remote is None:
                raise
            return Window(self.remote.read_range(ref.warc, ref.offset, ref.length), ref.offset)

    def holding(self, refs: Collection[CaptureRef]) -> Self:
        """The same, with the records at hand that would be asked of the store one by one."""
        if self.remote is None:
            return self
        here = {warc: (self.folder / warc).exists() for warc in {ref.warc for ref in refs}}
        afar = [ref for ref in refs if not here[ref.warc]]
        if not afar:
            return self
        near = copy(self)
        near.held = self.remote.read_records(afar)
        return near

    def size(self, name: str) -> int:
        """Bytes of a file.

        Raises:
            FileNotFoundError, StoreUnreachable: as `open`.
        """
        try:
            return (self.folder / name).stat().st_size
        except FileNotFoundError:
            if self.remote is None:
                raise
            return self.remote.size(name)

    def list_here(self) -> dict[str, int]:
        """Name -> bytes, of the files in the local folder; those that grow are there."""
        sizes: dict[str, int] = {}
        for path in self.folder.iterdir() if self.folder.exists() else ():
            if path.name.endswith(WARC_SUFFIXES):
                with suppress(FileNotFoundError):  # moved just now, by a run
                    sizes[path.name] = path.stat().st_size
        return sizes

    def list_afar(self) -> dict[str, int]:
        """Name -> bytes, of the files in the store.

        Raises:
            StoreUnreachable: it does not answer.
        """
        return self.remote.list_sizes() if self.remote else {}

    def has(self, name: str) -> bool:
        """Whether it is known to be there: a store that does not answer has nothing."""
        try:
            return bool(self.size(name))
        except (FileNotFoundError, StoreUnreachable):
            return False

    def flush(self, name: str) -> None:
        """To the disk itself, if it is here: what is in the store rests already."""
        try:
            flush(self.folder / name)
        except FileNotFoundError:
            if self.remote is None:
                raise

    def bring_back(self) -> None:
        """Give the files their names again that a move, cut off in its last instant, has put aside."""
        for aside in self.folder.glob(f"*{ASIDE_SUFFIX}"):
            aside.rename(aside.with_suffix(""))

    def move(self, name: str, index: Path) -> None:
        """Have the store keep a local file from now on, with its index beside it.

        Cut off at any instant, it is begun again; the local file goes only when the store's own was read back and is
        the same.

        Raises:
            CopyDiffers: the store has something else under this name, and keeps it.
            StoreUnreachable: it does not answer. The local file stays, as in any other case.
        """
        assert self.remote is not None  # noqa: S101 - for mypy: whoever has no store moves nothing
        path = self.folder / name
        copy_file(path, self.remote, name)
        self.remote.put_bytes(f"{name}{INDEX_SUFFIX}", index.read_bytes())
        (self.folder / NOTE_NAME).write_text(f"{self.remote.shown}\n", encoding="utf-8")
        _remove_moved(path, self.remote, name)


class WarcLocation:
    """Where a file is looked for."""

    def __init__(self, store: WarcStore, name: str) -> None:
        self._store = store
        self._name = name

    def __str__(self) -> str:
        return self._name

    def open(self, _mode: Literal["rb"], /) -> BinaryIO:
        """As `WarcStore.open`."""
        return self._store.open(self._name)


def copy_file(path: Path, remote: RemoteStore, name: str) -> None:
    """Have the store hold the same bytes as a local file: nothing is done if it does, a part of them is replaced.

    Raises:
        CopyDiffers, StoreUnreachable: as `WarcStore.move`.
    """
    size, found = path.stat().st_size, remote.find_size(name)
    if found is not None and (found > size or remote.digest(name) != _digest(path, found)):
        raise CopyDiffers(f"{remote.shown} has another file of the name {name}: it stays, and so does the local one")
    if found == size:
        return
    remote.put_file(name, path)
    if remote.find_size(name) != size or remote.digest(name) != _digest(path, size):
        remote.remove(name)
        raise CopyDiffers(f"{remote.shown} has stored {name} otherwise than it was given: the local file stays")


def _digest(path: Path, byte_count: int) -> bytes:
    with path.open("rb") as file:
        return digest_file(file, byte_count)


def _remove_moved(path: Path, remote: RemoteStore, name: str) -> None:
    """Remove the local file, unless it is the very one that the store shows: they may be the same folder."""
    aside = path.with_name(f"{name}{ASIDE_SUFFIX}")
    path.rename(aside)
    try:
        if remote.find_size(name) is None:
            raise CopyDiffers(f"{remote.shown} is the folder of the local WARC files itself: nothing is moved")
    except OSError:
        aside.rename(path)
        raise
    aside.unlink()
