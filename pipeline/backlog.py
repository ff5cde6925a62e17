"""The WARC files that are still to be loaded, and how far their loading is."""

from collections.abc import Mapping

from pipeline.archive import Archive
from pipeline.progress import report_progress
from storage.captures.capture import list_positions

KIB = 1024


class Backlog:
    """How much of some files (name -> bytes) is still to be loaded: reported at the beginning and after each batch."""

    def __init__(self, archive: Archive, sizes: Mapping[str, int]) -> None:
        with archive.database.read() as session:
            positions = list_positions(session, sizes.keys())
        self._sizes = sizes
        self._unloaded_bytes = {name: size - positions.get(name, 0) for name, size in sizes.items()}
        self._total_bytes = sum(self._unloaded_bytes.values())
        if self._total_bytes:
            self._report(next(iter(sizes)))

    def report(self, name: str, position: int) -> None:
        """Report the progress: the file is loaded up to this position."""
        self._unloaded_bytes[name] = max(self._sizes[name] - position, 0)
        self._report(name)

    def _report(self, name: str) -> None:
        done_bytes = self._total_bytes - sum(self._unloaded_bytes.values())
        report_progress("load", done_bytes // KIB, self._total_bytes // KIB, unit="KiB", detail=name)
