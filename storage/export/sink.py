"""Where an export goes: a file that takes its name when it is whole, standard output, a pipe or a device."""

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
"""The path that means standard output, as other programs have it."""

PLACES = ("/dev/", "/proc/")
"""What lies here is never replaced: `/dev/stdout` may lead to a file, and is not that file's name."""

BUFFER_BYTES = 256 * 1024
"""Some fifty articles."""


class ExportUnwritable(UsageFailure):
    """The file cannot be written; the message is one line."""


class Writable(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes, /) -> object:
        """All of them, at once or later."""


class Sink(io.RawIOBase):
    """Passes bytes on, and knows their number and digest. Closing it leaves what lies below open."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._digest = hashlib.sha256()
        self.byte_count = 0

    @property
    def sha256(self) -> str:
        """Of what was written so far."""
        return self._digest.hexdigest()

    def writable(self) -> bool:
        """It is for nothing else."""
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer there
        """All of the bytes: what lies below is buffered."""
        # Not in a thread beside: it would take turns with the rows that are read, and cost more than it saves.
        self._digest.update(data)
        self._file.write(data)
        self.byte_count += len(data)
        return len(data)


def is_lasting(path: Path) -> bool:
    """Whether it names a file (that is or is not there), and no pipe, device or directory."""
    return path != STANDARD_OUTPUT and not _is_place(path) and (path.is_file() or not path.exists())


def audit_output_path(path: Path) -> None:
    """Nothing, if a file of this name can be.

    Raises:
        ExportUnwritable: it cannot, as far as can be said before.
    """
    try:
        str(path).encode()
        if not path.parent.is_dir():
            raise ExportUnwritable(f"{path} cannot be written: there is no directory {path.parent}")
        path.exists()  # asked, a name that is too long is an error
    except UnicodeEncodeError:
        shown = str(path).encode("utf-8", "backslashreplace").decode()
        raise ExportUnwritable(f"{shown} cannot be written: its name is no UTF-8") from None
    except OSError as error:
        raise ExportUnwritable(f"{path} cannot be written: {error.strerror or error}") from None


@contextmanager
def opening(path: Path) -> Iterator[Sink]:
    """A sink to this path. A file appears there, in place of a former one, when the block ends without an exception.

    Raises:
        ExportUnwritable: it cannot be written.
        BrokenPipeError: whoever read the pipe has enough.
    """
    try:
        with _choose_way(path) as file:
            yield Sink(file)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ExportUnwritable(f"{path} cannot be written: {error.strerror or error}") from None


@contextmanager
def compressing(sink: Sink, compression: Compression | None) -> Iterator[Writable]:
    """What is written to it goes, compressed, to the sink, and closes that; nothing in it tells the time or a name."""
    with _compress(sink, compression) as file:
        # Filled again and again, it stays in the processor's cache: to collect the lines takes twice as long.
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


def _is_place(path: Path) -> bool:
    return str(path.absolute()).startswith(PLACES)


def _choose_way(path: Path) -> AbstractContextManager[BinaryIO]:
    if path == STANDARD_OUTPUT:
        return _standard_output()
    if path.is_dir():
        raise ExportUnwritable(f"{path} is a directory")
    if not is_lasting(path):
        return path.open("ab")
    return replace_file(path.resolve(), USER_FILE_MODE)  # behind a link stands the file that is meant


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    """Its bytes, past what a terminal makes of line ends; it stays open."""
    sys.stdout.flush()
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()
