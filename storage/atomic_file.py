"""Atomic file writes: a file appears under its name only when complete, and survives a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from schemas.process import INHERITED_UMASK


def flush(path: Path) -> None:
    """Fsync a file, or the entries of a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


OWNER_MODE = 0o600
"""Mode of the archive's own files."""

USER_FILE_MODE = 0o666 & ~INHERITED_UMASK
"""Mode of a file that the user asked for: the same as their other programs would give it."""


def make_partial(path: Path, mode: int = OWNER_MODE) -> Path:
    """Create an empty file beside the path, under a random name: a predictable one could be a planted link."""
    number, name = mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.fchmod(number, mode)
    os.close(number)
    return Path(name)


@contextmanager
def replace_file(path: Path, mode: int = OWNER_MODE) -> Iterator[BinaryIO]:
    """Yield a new file that replaces the one at the path when the block ends; an exception discards it.

    Readers never see a partial file, and a power cut leaves either the old file or the new one.
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
