"""How many requests a run may still make: counted in a file, so that a process that dies takes no count along."""

import os
from contextlib import suppress
from pathlib import Path

COUNT_FILE = "requests"
"""Beside the logs of the run's jobs: a byte for each request that any process of the run has sent."""

SOURCE_MARK = b"s"
OTHER_MARK = b"."

SOURCE_DIVISOR = 2
"""Sources may take one request in so many: the pages get the others, however many sources there are."""


class Budget:
    """The requests of one run: robots.txt, redirects and further tries are requests like any other."""

    def __init__(self, path: Path, max_requests: int | None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        marks = path.read_bytes()
        self._count, self._source_count = len(marks), marks.count(SOURCE_MARK)
        self._max_requests = max_requests

    @property
    def is_spent(self) -> bool:
        """Whether all requests were made."""
        return self._max_requests is not None and self._count >= self._max_requests

    def find_reason(self, *, is_source: bool) -> str | None:
        """Why one more may not be made; None where it may."""
        if self._max_requests is None:
            return None
        if self.is_spent:
            return f"the run may make {self._max_requests} requests"
        max_sources = max(1, self._max_requests // SOURCE_DIVISOR)
        if is_source and self._source_count >= max_sources:
            return f"sources may take {max_sources} requests of the run"
        return None

    def count(self, *, is_source: bool) -> None:
        """One more is sent."""
        self._count += 1
        self._source_count += is_source
        with suppress(OSError):  # a full disk ends the crawl where it matters: at the archive
            os.write(self._file, SOURCE_MARK if is_source else OTHER_MARK)

    def close(self) -> None:
        """Nothing is counted after this."""
        os.close(self._file)
