"""A file that takes its name when it is complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

UMASK = os.umask(0o077)
os.umask(UMASK)
"""It cannot be asked without being set: so here, where no thread makes a file meanwhile."""

MODE = 0o666 & ~UMASK
"""Of a new file, as `open` gives it; a temporary one is its owner's alone."""


def make_partial(path: Path) -> Path:
    """Make an empty file beside the path, under a name that nobody can have guessed and put a link at."""
    number, name = mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.fchmod(number, MODE)
    os.close(number)
    return Path(name)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that replaces the one at the path when the block ends, and is gone after an exception.

    No reader ever sees half of it, and a power cut leaves the one or the other.
    """
    part = make_partial(path)
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
