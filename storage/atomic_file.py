"""Files that take their name when they are complete, and outlast a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from schemas.process import INHERITED_UMASK


def flush(path: Path) -> None:
    """Bring a file, or what a folder lists, down to the disk itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


OWNER_MODE = 0o600
"""Of a file of the archive's own."""

ASKED_MODE = 0o666 & ~INHERITED_UMASK
"""Of a file that a person asked for, as their other programs make it."""


def make_partial(path: Path, mode: int = OWNER_MODE) -> Path:
    """Make an empty file beside the path, under a name that nobody can have guessed and put a link at."""
    number, name = mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.fchmod(number, mode)
    os.close(number)
    return Path(name)


@contextmanager
def replacing(path: Path, mode: int = OWNER_MODE) -> Iterator[BinaryIO]:
    """A file that replaces the one at the path when the block ends, and is gone after an exception.

    No reader ever sees half of it, and a power cut leaves the one or the other.
    """
    part = make_partial(path, mode)
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
