"""A store of WARC files that fsspec reaches: an object store, another machine, another disk.

Whatever a library raises becomes one of two facts: the file is not there, or the store does not answer. The second says
nothing of the file, and must never be taken for the first: what is missing is fetched again, what is damaged passed
over.
"""

import hashlib
import io
import os
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from errno import ENOENT
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from schemas.capture import CaptureRef
from schemas.failure import UsageFailure
from schemas.masking import mask_secrets
from storage.atomic_file import flush

WARC_SUFFIXES = (".warc.gz", ".warc")
INDEX_SUFFIX = ".cdxj"
"""Of the index beside a WARC file."""

OUR_EXTRAS = {"s3": "s3", "s3a": "s3"}
"""Kind of store -> the extra of this project that brings its package."""

BLOCK_BYTES = 1 << 20
"""Of a file that is read through: some 25 ms on a good line, about as long as it takes to ask for it."""

BLOCK_COUNT = 4
"""Blocks of a file that are kept: reading goes forward, and back by less than a block."""

GAP_BYTES = 64 * 1024
"""Between two captures: up to here, reading over it is quicker than asking twice (the request lies there, 0.4 kB)."""

REST_SECONDS = 60
"""How long a store that did not answer is not asked again: each attempt may take a minute, and a run makes many."""

REASON_CHARS = 200
"""Of what a library says: the whole of any sentence, never a whole page."""


class StoreUnusable(UsageFailure):
    """The URL can never be a store; the message is one line."""


class StoreUnreachable(OSError):  # noqa: N818 - it states a fact
    """The store does not answer now, or refuses; the message is one line, without secrets."""


class RemoteStore:
    """The files directly under one URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.shown = printable_url(url)
        """Without secrets."""
        self._rests_until: float = 0
        """Monotonic, seconds: until then it is not asked."""
        self._failure = ""
        """What went wrong the last time."""

    def audit(self) -> None:
        """Nothing, if stores of this kind can be reached from this installation.

        Raises:
            StoreUnusable: no package knows them, or it is not installed.
        """
        from fsspec import get_filesystem_class

        protocol = self.url.partition("://")[0]
        try:
            get_filesystem_class(protocol)
        except ImportError as error:
            extra = OUR_EXTRAS.get(protocol)
            advice = f"install Broadsheet with its extra `{extra}` (pip install '.[{extra}]')" if extra else str(error)
            raise StoreUnusable(
                f"BROADSHEET_WARC_URL: {protocol}:// needs a package that is not installed: {advice}"
            ) from None
        except ValueError:
            raise StoreUnusable(f"BROADSHEET_WARC_URL: {protocol}:// is no kind of store that fsspec knows") from None

    def list_sizes(self) -> dict[str, int]:
        """Name -> bytes, of every WARC file; empty where nothing was ever put.

        Raises:
            StoreUnreachable: it does not answer, or what should hold the files (an S3 bucket) is not there.
        """
        with self._asking() as (fs, root):
            try:
                found = fs.ls(root, detail=True)
            except FileNotFoundError:
                _require_bucket(fs, root)
                return {}
        sizes = {one["name"].rpartition("/")[2]: int(one["size"]) for one in found if one["type"] == "file"}
        return {name: size for name, size in sizes.items() if name.endswith(WARC_SUFFIXES)}

    def find_size(self, name: str) -> int | None:
        """Bytes of a file; None where it is not there.

        Raises:
            StoreUnreachable: as above.
        """
        with self._asking() as (fs, root):
            try:
                return int(fs.info(f"{root}/{name}")["size"])
            except FileNotFoundError:
                return None

    def size(self, name: str) -> int:
        """Bytes of a file that is said to be there.

        Raises:
            FileNotFoundError: it is not, though others are.
            StoreUnreachable: as above, or the store is empty: then it is taken for another one.
        """
        size = self.find_size(name)
        if size is None:
            raise self._missing(name)
        return size

    def open(self, name: str) -> BinaryIO:
        """A file, to be read from its beginning to its end, more or less.

        Raises:
            FileNotFoundError, StoreUnreachable: as `size`; the second also while it is read.
        """
        try:
            with self._asking() as (fs, root):
                options = {"cache_type": "blockcache", "cache_options": {"maxblocks": BLOCK_COUNT}}
                file = fs.open(f"{root}/{name}", "rb", block_size=BLOCK_BYTES, **options)
                return cast("BinaryIO", RemoteFile(self, file))
        except FileNotFoundError:
            raise self._missing(name) from None

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """So many bytes from a position on, or what the file has of them.

        Raises:
            FileNotFoundError, StoreUnreachable: as `size`.
        """
        end = min(start + length, self.size(name))  # beyond the end, each kind of store answers in its own way
        if start >= end:
            return b""
        with self._asking() as (fs, root):
            data = cast("bytes", fs.cat_file(f"{root}/{name}", start=start, end=end))
            _require(len(data), end - start)
            return data

    def read_records(self, refs: Collection[CaptureRef]) -> dict[CaptureRef, bytes]:
        """The bytes of many captures at once, neighbours in one request; what could not be had is left out."""
        from fsspec.utils import merge_offset_ranges

        names, starts = [ref.warc for ref in refs], [ref.offset for ref in refs]
        ends = [ref.offset + ref.length for ref in refs]
        blocks: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
        try:
            with self._asking() as (fs, root):
                names, starts, ends = merge_offset_ranges(names, starts, ends, max_gap=GAP_BYTES)
                paths = [f"{root}/{name}" for name in names]
                for name, start, data in zip(names, starts, fs.cat_ranges(paths, starts, ends), strict=True):
                    if isinstance(data, bytes):  # else an exception: whoever reads one of its records meets it
                        blocks[name].append((start, data))
        except StoreUnreachable:
            return {}
        return {ref: data for ref in refs if (data := _cut_out(blocks[ref.warc], ref))}

    def digest(self, name: str, byte_count: int | None = None) -> bytes:
        """SHA-256 of a file as it lies there, read back."""
        with self.open(name) as file:
            return digest_file(file, byte_count)

    def put_file(self, name: str, path: Path) -> None:
        """Copy a file there; on its way down to the disk where that is a disk of this machine.

        Raises:
            StoreUnreachable: it could not be copied.
        """
        with self._asking() as (fs, root):
            _require_bucket(fs, root)
            fs.put_file(str(path), f"{root}/{name}")
            if _is_disk(fs):
                flush(Path(root) / name)
                flush(Path(root))

    def put_bytes(self, name: str, data: bytes) -> None:
        """Make or replace a file.

        Raises:
            StoreUnreachable: it could not be written.
        """
        with self._asking() as (fs, root):
            fs.pipe_file(f"{root}/{name}", data)

    def remove(self, name: str) -> None:
        """Take a file away.

        Raises:
            StoreUnreachable: it could not be.
        """
        with self._asking() as (fs, root):
            fs.rm_file(f"{root}/{name}")

    def _missing(self, name: str) -> OSError:
        """Why a file cannot be read that is said to be there."""
        if self.list_sizes():
            return FileNotFoundError(ENOENT, os.strerror(ENOENT), f"{self.shown}/{name}")
        return StoreUnreachable(f"{self.shown} has no WARC files at all: is it the right URL?")

    @contextmanager
    def _asking(self) -> Iterator[tuple[Any, str]]:
        """The file system and the path of the URL in it, for one request.

        Both are looked up each time, which costs a tenth of a millisecond: the library keeps a connection for each
        process and thread, so that none is ever carried into another.
        """
        self._refuse_resting()
        try:
            yield self._connect()
        except (FileNotFoundError, StoreUnreachable):
            raise
        except Exception as error:  # what it may be is known to the store's library alone
            raise self.told(error) from error

    def _connect(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        # Folders are made on disks only: nobody wants a bucket made of a misspelt name.
        is_disk = urlsplit(self.url).scheme in {"file", "local"}
        fs, root = url_to_fs(self.url, **({"auto_mkdir": True} if is_disk else {}))
        fs.invalidate_cache()  # another machine may have put something there
        return fs, root.rstrip("/")

    def _refuse_resting(self) -> None:
        if time.monotonic() < self._rests_until:
            raise StoreUnreachable(self._failure)

    def told(self, error: Exception) -> StoreUnreachable:
        """What a library raised, as the fact that it is; the store is left alone for a while."""
        said = str(error).strip().partition("\n")[0].partition(' "')[0]  # a URL in quotes differs each time
        self._failure = (
            f"{self.shown} does not answer: {mask_secrets(said).rstrip(':')[:REASON_CHARS] or type(error).__name__}"
        )
        self._rests_until = time.monotonic() + REST_SECONDS
        return StoreUnreachable(self._failure)


class RemoteFile(io.BufferedIOBase):
    """A file of a store, as it is read. What failed once fails from then on: a gap is never taken for an end."""

    def __init__(self, store: RemoteStore, file: Any) -> None:
        self._store = store
        self._file = file
        self._failure: StoreUnreachable | None = None
        self._size: int = file.seek(0, os.SEEK_END)
        file.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file's."""
        if self._failure:
            raise self._failure
        try:
            at = self._file.tell()
            data: bytes = self._file.read(-1 if size is None else size)
            wanted = self._size - at if size is None or size < 0 else min(size, self._size - at)
            _require(len(data), wanted)
        except Exception as error:
            self._failure = self._store.told(error)
            raise self._failure from error
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As any file's."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """As any file's."""
        return int(self._file.tell())

    def close(self) -> None:
        """As any file's."""
        with suppress(Exception):  # there is nothing to lose
            self._file.close()
        super().close()


class Window(io.BytesIO):
    """The bytes of one record, in the place that they have in their file."""

    def __init__(self, data: bytes, start: int) -> None:
        super().__init__(data)
        self._start = start

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As a file's: positions are the file's own."""
        return super().seek(offset - self._start if whence == os.SEEK_SET else offset, whence) + self._start

    def tell(self) -> int:
        """As a file's."""
        return super().tell() + self._start


def printable_url(url: str) -> str:
    """The URL without password and parameters."""
    return mask_secrets(url.partition("?")[0].partition("#")[0])


def digest_file(file: BinaryIO, byte_count: int | None = None) -> bytes:
    """SHA-256 of a file, or of so many of its first bytes."""
    digest = hashlib.sha256()
    left = byte_count
    while left is None or left > 0:
        chunk = file.read(BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
        if not chunk:
            break
        digest.update(chunk)
        left = None if left is None else left - len(chunk)
    return digest.digest()


def _cut_out(blocks: list[tuple[int, bytes]], ref: CaptureRef) -> bytes | None:
    for start, data in blocks:
        if start <= ref.offset and ref.offset + ref.length <= start + len(data):
            return data[ref.offset - start : ref.offset - start + ref.length]
    return None


def _require_bucket(fs: Any, root: str) -> None:
    """Fail where what should hold the files, an S3 bucket or its like, is not there; folders are made when needed."""
    bucket = root.partition("/")[0]
    if bucket and not fs.exists(bucket):  # none in a path that begins with a slash
        raise ValueError(f"there is no {bucket}")


def _is_disk(fs: Any) -> bool:
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(fs, LocalFileSystem)


def _require(found_bytes: int, wanted_bytes: int) -> None:
    if found_bytes < wanted_bytes:
        raise EOFError(f"only {found_bytes} of {wanted_bytes} bytes came")
