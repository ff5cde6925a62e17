"""A remote store of WARC files, accessed by fsspec: an object store, another machine, another disk.

Every library error becomes one of two: the file does not exist, or the store does not respond. The second says nothing
about the file and must not be taken for the first: missing files are fetched again, and damaged ones skipped.
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
"""Suffix of the index beside a WARC file."""

EXTRAS = {"s3": "s3", "s3a": "s3"}
"""URL scheme -> the extra of this project that installs its package."""

BLOCK_BYTES = 1 << 20
"""Size of one read in sequential reading: about 25 ms on a good connection, as long as a request's round trip."""

BLOCK_COUNT = 4
"""Blocks kept in memory: reading goes forward, and back by less than a block."""

GAP_BYTES = 64 * 1024
"""Up to this gap between two captures, one request is faster than two (the gap is usually a request record, 0.4 kB)."""

BACKOFF_SECONDS = 60
"""Pause after a failure: each attempt may take a minute, and a run makes many."""

REASON_CHARS = 200
"""Length limit of a quoted library error: enough for any sentence, but not for a page."""


class StoreUnusable(UsageFailure):
    """The URL can never be a store; the message is one line."""


class StoreUnreachable(OSError):  # noqa: N818 - it states a fact
    """The store does not respond now, or refuses; the message is one line, without secrets."""


class RemoteStore:
    """The files directly under one URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.shown = printable_url(url)
        """The URL without secrets."""
        self._backoff_until: float = 0
        """Monotonic time (seconds) until which no request is made."""
        self._failure = ""
        """The last error's message."""

    def audit(self) -> None:
        """Check that this installation supports stores of this kind.

        Raises:
            StoreUnusable: fsspec does not know the URL's scheme, or a package is not installed.
        """
        from fsspec import get_filesystem_class

        protocol = self.url.partition("://")[0]
        try:
            get_filesystem_class(protocol)
        except ImportError as error:
            extra = EXTRAS.get(protocol)
            advice = f"install Broadsheet with its extra `{extra}` (pip install '.[{extra}]')" if extra else str(error)
            raise StoreUnusable(
                f"BROADSHEET_WARC_URL: {protocol}:// needs a package that is not installed: {advice}"
            ) from None
        except ValueError:
            raise StoreUnusable(
                f"BROADSHEET_WARC_URL: {protocol}:// is not a kind of store that fsspec supports"
            ) from None

    def list_sizes(self) -> dict[str, int]:
        """Return name -> size in bytes of every WARC file; empty if nothing was ever stored.

        Raises:
            StoreUnreachable: it does not respond, or the container of the files (an S3 bucket) does not exist.
        """
        with self._request() as (fs, root):
            try:
                found = fs.ls(root, detail=True)
            except FileNotFoundError:
                _require_bucket(fs, root)
                return {}
        sizes = {one["name"].rpartition("/")[2]: int(one["size"]) for one in found if one["type"] == "file"}
        return {name: size for name, size in sizes.items() if name.endswith(WARC_SUFFIXES)}

    def find_size(self, name: str) -> int | None:
        """Return the size of a file in bytes; None if it does not exist.

        Raises:
            StoreUnreachable: as above.
        """
        with self._request() as (fs, root):
            try:
                return int(fs.info(f"{root}/{name}")["size"])
            except FileNotFoundError:
                return None

    def size(self, name: str) -> int:
        """Return the size in bytes of a file that should exist.

        Raises:
            FileNotFoundError: it does not, but others do.
            StoreUnreachable: as above, or the store is empty, so its URL is probably wrong.
        """
        size = self.find_size(name)
        if size is None:
            raise self._missing(name)
        return size

    def open(self, name: str) -> BinaryIO:
        """Open a file for mostly sequential reading.

        Raises:
            FileNotFoundError, StoreUnreachable: as `size`; the second also while reading.
        """
        try:
            with self._request() as (fs, root):
                options = {"cache_type": "blockcache", "cache_options": {"maxblocks": BLOCK_COUNT}}
                file = fs.open(f"{root}/{name}", "rb", block_size=BLOCK_BYTES, **options)
                return cast("BinaryIO", RemoteFile(self, file))
        except FileNotFoundError:
            raise self._missing(name) from None

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """Return `length` bytes from a position on, or fewer at the end of the file.

        Raises:
            FileNotFoundError, StoreUnreachable: as `size`.
        """
        end = min(start + length, self.size(name))  # stores differ in what they return beyond the end
        if start >= end:
            return b""
        with self._request() as (fs, root):
            data = cast("bytes", fs.cat_file(f"{root}/{name}", start=start, end=end))
            _require(len(data), end - start)
            return data

    def read_records(self, refs: Collection[CaptureRef]) -> dict[CaptureRef, bytes]:
        """Return the bytes of many captures, requesting neighbours together; captures that failed are left out."""
        from fsspec.utils import merge_offset_ranges

        names, starts = [ref.warc for ref in refs], [ref.offset for ref in refs]
        ends = [ref.offset + ref.length for ref in refs]
        blocks: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
        try:
            with self._request() as (fs, root):
                names, starts, ends = merge_offset_ranges(names, starts, ends, max_gap=GAP_BYTES)
                paths = [f"{root}/{name}" for name in names]
                for name, start, data in zip(names, starts, fs.cat_ranges(paths, starts, ends), strict=True):
                    if isinstance(data, bytes):  # else an exception, which recurs when one of the records is read
                        blocks[name].append((start, data))
        except StoreUnreachable:
            return {}
        return {ref: data for ref in refs if (data := _cut_out(blocks[ref.warc], ref))}

    def digest(self, name: str, byte_count: int | None = None) -> bytes:
        """Return the SHA-256 of a stored file, or of its first `byte_count` bytes, by reading it back."""
        with self.open(name) as file:
            return digest_file(file, byte_count)

    def put_file(self, name: str, path: Path) -> None:
        """Upload a file; if the store is a local disk, fsync it.

        Raises:
            StoreUnreachable: it could not be uploaded.
        """
        with self._request() as (fs, root):
            _require_bucket(fs, root)
            fs.put_file(str(path), f"{root}/{name}")
            if _is_disk(fs):
                flush(Path(root) / name)
                flush(Path(root))

    def put_bytes(self, name: str, data: bytes) -> None:
        """Create or replace a file.

        Raises:
            StoreUnreachable: it could not be written.
        """
        with self._request() as (fs, root):
            fs.pipe_file(f"{root}/{name}", data)

    def read_bytes(self, name: str) -> bytes:
        """Return a whole file; empty if it does not exist.

        Raises:
            StoreUnreachable: as above.
        """
        with self._request() as (fs, root):
            try:
                return cast("bytes", fs.cat_file(f"{root}/{name}"))
            except FileNotFoundError:
                return b""

    def find_path(self, name: str) -> Path | None:
        """Return a file's path if the store is a local disk."""
        with self._request() as (fs, root):
            return Path(root) / name if _is_disk(fs) else None

    def remove(self, name: str) -> None:
        """Delete a file.

        Raises:
            StoreUnreachable: it could not be deleted.
        """
        with self._request() as (fs, root):
            fs.rm_file(f"{root}/{name}")

    def _missing(self, name: str) -> OSError:
        """Return the error for a file that should exist and does not."""
        if self.list_sizes():
            return FileNotFoundError(ENOENT, os.strerror(ENOENT), f"{self.shown}/{name}")
        return StoreUnreachable(f"{self.shown} has no WARC files at all: is it the right URL?")

    @contextmanager
    def _request(self) -> Iterator[tuple[Any, str]]:
        """Yield the file system and the URL's path in it, for one request.

        Both are looked up each time, which takes 0.1 ms: the library keeps a connection per process and thread, so none
        is ever carried into another.
        """
        self._require_no_backoff()
        try:
            yield self._connect()
        except (FileNotFoundError, StoreUnreachable):
            raise
        except Exception as error:  # each store's library has its own errors
            raise self.start_backoff(error) from error

    def _connect(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        # Folders are created on disks only: a misspelt name must not create a bucket.
        is_disk = urlsplit(self.url).scheme in {"file", "local"}
        fs, root = url_to_fs(self.url, **({"auto_mkdir": True} if is_disk else {}))
        fs.invalidate_cache()  # another machine may have added files
        return fs, root.rstrip("/")

    def _require_no_backoff(self) -> None:
        if time.monotonic() < self._backoff_until:
            raise StoreUnreachable(self._failure)

    def start_backoff(self, error: Exception) -> StoreUnreachable:
        """Return a library's error as `StoreUnreachable`, and make no requests for `BACKOFF_SECONDS`."""
        reason = str(error).strip().partition("\n")[0].partition(' "')[0]  # a URL in quotes differs each time
        self._failure = (
            f"{self.shown} does not answer: {mask_secrets(reason).rstrip(':')[:REASON_CHARS] or type(error).__name__}"
        )
        self._backoff_until = time.monotonic() + BACKOFF_SECONDS
        return StoreUnreachable(self._failure)


class RemoteFile(io.BufferedIOBase):
    """A file in a store, open for reading. After one failure every read fails: a gap is never taken for the end."""

    def __init__(self, store: RemoteStore, file: Any) -> None:
        self._store = store
        self._file = file
        self._failure: StoreUnreachable | None = None
        self._size: int = file.seek(0, os.SEEK_END)
        file.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        """As `io.BufferedIOBase.read`.

        Raises:
            StoreUnreachable: the store does not respond, or returned too few bytes.
        """
        if self._failure:
            raise self._failure
        try:
            at = self._file.tell()
            data: bytes = self._file.read(-1 if size is None else size)
            wanted = self._size - at if size is None or size < 0 else min(size, self._size - at)
            _require(len(data), wanted)
        except Exception as error:
            self._failure = self._store.start_backoff(error)
            raise self._failure from error
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As `io.BufferedIOBase.seek`."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """As `io.BufferedIOBase.tell`."""
        return int(self._file.tell())

    def close(self) -> None:
        """As `io.BufferedIOBase.close`."""
        with suppress(Exception):  # nothing is lost: the file was only read
            self._file.close()
        super().close()


class Window(io.BytesIO):
    """The bytes of one record, as a file in which they have their original positions."""

    def __init__(self, data: bytes, start: int) -> None:
        super().__init__(data)
        self._start = start

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As `io.BytesIO.seek`, with positions of the original file."""
        return super().seek(offset - self._start if whence == os.SEEK_SET else offset, whence) + self._start

    def tell(self) -> int:
        """As `io.BytesIO.tell`, as a position of the original file."""
        return super().tell() + self._start


def printable_url(url: str) -> str:
    """Return the URL without password and parameters."""
    return mask_secrets(url.partition("?")[0].partition("#")[0])


def digest_file(file: BinaryIO, byte_count: int | None = None) -> bytes:
    """Return the SHA-256 of a file, or of its first `byte_count` bytes."""
    digest = hashlib.sha256()
    remaining = byte_count
    while remaining is None or remaining > 0:
        chunk = file.read(BLOCK_BYTES if remaining is None else min(BLOCK_BYTES, remaining))
        if not chunk:
            break
        digest.update(chunk)
        remaining = None if remaining is None else remaining - len(chunk)
    return digest.digest()


def _cut_out(blocks: list[tuple[int, bytes]], ref: CaptureRef) -> bytes | None:
    for start, data in blocks:
        if start <= ref.offset and ref.offset + ref.length <= start + len(data):
            return data[ref.offset - start : ref.offset - start + ref.length]
    return None


def _require_bucket(fs: Any, root: str) -> None:
    """Check that the S3 bucket (or the like) exists; folders are created when needed.

    Raises:
        ValueError: it does not.
    """
    bucket = root.partition("/")[0]
    if bucket and not fs.exists(bucket):  # a path that begins with a slash has no bucket
        raise ValueError(f"there is no {bucket}")


def _is_disk(fs: Any) -> bool:
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(fs, LocalFileSystem)


def _require(found_bytes: int, wanted_bytes: int) -> None:
    if found_bytes < wanted_bytes:
        raise EOFError(f"only {found_bytes} of {wanted_bytes} bytes came")
