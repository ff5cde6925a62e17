"""Export targets: a file that is renamed into place when complete, standard output, a pipe or a device."""

import gzip
import hashlib
import io
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from schemas.export import Compression
from schemas.failure import UsageFailure
from storage.atomic_file import USER_FILE_MODE, replace_file

STANDARD_OUTPUT = Path("-")
"""The path that means standard output, by convention."""

SPECIAL_FOLDERS = ("/dev/", "/proc/")
"""Files here are never replaced: `/dev/stdout` may be a link to a file, but is not its name."""

BUFFER_BYTES = 256 * 1024
"""Size of the write buffer: some fifty articles."""


class ExportUnwritable(UsageFailure):
    """The file cannot be written; the message is one line."""


class Writable(Protocol):
    """Accepts bytes."""

    def write(self, data: bytes, /) -> object:
        """Write all of the data, now or later."""


class Sink(io.RawIOBase):
    """Passes bytes on, counting and hashing them. Closing it leaves the underlying file open."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._digest = hashlib.sha256()
        self.byte_count = 0

    @property
    def sha256(self) -> str:
        """The digest of everything written so far."""
        return self._digest.hexdigest()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]  # the base takes any buffer
        """Write all of the bytes; the underlying file is buffered."""
        # Not in a thread: it would compete with reading rows for the GIL, and cost more than it saves.
        self._digest.update(data)
        self._file.write(data)
        self.byte_count += len(data)
        return len(data)


def is_lasting(path: Path) -> bool:
    """Whether this is the path of an existing or new file, and not of a pipe, device or directory."""
    return path != STANDARD_OUTPUT and not _is_special(path) and (path.is_file() or not path.exists())


def audit_output_path(path: Path) -> None:
    """Check, as far as possible in advance, that a file with this path can be written.

    Raises:
        ExportUnwritable: it cannot be written.
    """
    try:
        str(path).encode()
        if not path.parent.is_dir():
            raise ExportUnwritable(f"{path} cannot be written: there is no directory {path.parent}")
        path.exists()  # raises if the name is too long
    except UnicodeEncodeError:
        shown = str(path).encode("utf-8", "backslashreplace").decode()
        raise ExportUnwritable(f"{shown} cannot be written: its name is not valid UTF-8") from None
    except OSError as error:
        raise ExportUnwritable(f"{path} cannot be written: {error.strerror or error}") from None


@contextmanager
def opening(path: Path) -> Iterator[Sink]:
    """Open a sink to this path. A file is replaced only when the block ends without an exception.

    Raises:
        ExportUnwritable: it cannot be written.
        BrokenPipeError: the reader closed the pipe.
    """
    try:
        with _open_target(path) as file:
            yield Sink(file)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ExportUnwritable(f"{path} cannot be written: {error.strerror or error}") from None


@contextmanager
def compressing(sink: Sink, compression: Compression | None) -> Iterator[Writable]:
    """Compress everything written to the sink, then close it. The output contains no timestamp or file name."""
    with _compress(sink, compression) as file:
        # A reused buffer stays in the CPU cache; collecting lines in a list takes twice as long.
        buffer = io.BufferedWriter(file, BUFFER_BYTES)
        yield buffer
        buffer.flush()


def _compress(sink: Sink, compression: Compression | None) -> AbstractContextManager[Any]:
    if compression is None:
        return sink
    if compression is Compression.GZIP:
        return gzip.GzipFile(filename="", mode="wb", fileobj=sink, mtime=0)
    import pyarrow as pa

    return pa.CompressedOutputStream(pa.PythonFile(sink, mode="w"), "zstd")  # type: ignore[no-any-return]


def _is_special(path: Path) -> bool:
    return str(path.absolute()).startswith(SPECIAL_FOLDERS)


def _open_target(path: Path) -> AbstractContextManager[BinaryIO]:
    if path == STANDARD_OUTPUT:
        return _standard_output()
    if path.is_dir():
        raise ExportUnwritable(f"{path} is a directory")
    if not is_lasting(path):
        return path.open("ab")
    return replace_file(path.resolve(), USER_FILE_MODE)  # a link's target is the file to replace


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    """Yield standard output's binary buffer, which does not translate line ends, and leave it open."""
    sys.stdout.flush()
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()
