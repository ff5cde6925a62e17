"""The request budget of a run, counted in a file so that the count survives a crash."""

import os
from contextlib import suppress
from pathlib import Path

COUNT_FILE = "requests"
"""File beside the logs of the run's jobs, with a byte for each request that any process of the run has sent."""

SOURCE_MARK = b"s"
OTHER_MARK = b"."

SOURCE_DIVISOR = 2
"""Sources may use one request in this many; the rest is reserved for pages, however many sources there are."""


class Budget:
    """The requests of one run. Those for robots.txt, redirects and retries count like any other."""

    def __init__(self, path: Path, max_requests: int | None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        marks = path.read_bytes()
        self._count, self._source_count = len(marks), marks.count(SOURCE_MARK)
        self._max_requests = max_requests

    @property
    def is_spent(self) -> bool:
        """Whether all requests have been made."""
        return self._max_requests is not None and self._count >= self._max_requests

    def find_reason(self, *, is_source: bool) -> str | None:
        """Return why another request may not be made; None if it may."""
        if self._max_requests is None:
            return None
        if self.is_spent:
            return f"the run may make {self._max_requests} requests"
        max_sources = max(1, self._max_requests // SOURCE_DIVISOR)
        if is_source and self._source_count >= max_sources:
            return f"sources may take {max_sources} requests of the run"
        return None

    def count(self, *, is_source: bool) -> None:
        """Count one more request."""
        self._count += 1
        self._source_count += is_source
        with suppress(OSError):  # a full disk ends the crawl when the archive is written
            os.write(self._file, SOURCE_MARK if is_source else OTHER_MARK)

    def close(self) -> None:
        """Close the file; count nothing after this."""
        os.close(self._file)
