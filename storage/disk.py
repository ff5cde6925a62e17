"""What a power cut leaves."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Bring a file, or what a folder lists, down to the disk itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
