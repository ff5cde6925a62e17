"""Whose turn it is: when each source was last asked, kept in a file of the data folder.

Where the requests of a run do not suffice for all sources, those come first that were asked longest ago. What they
answered does not matter: one that always fails would otherwise come first for ever.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

FILE_NAME = "asked.jsonl"

NEVER = ""
"""Before every time, as these are written and compared: ISO 8601 in UTC, with microseconds."""


class SourceOrder:
    """Source -> when it was last asked. A line is appended for each request; the next crawl takes each one's last."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE_NAME
        now = _render_time()
        # What a clock that ran ahead noted would be last for as long.
        self._asked = {url: at for url, at in _read(path) if at <= now}
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)  # of a crawl that was killed
        with partial.open("x") as file:
            file.writelines(_render(url, at) for url, at in self._asked.items())
        partial.replace(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def find(self, url: str) -> str:
        """When it was last asked: to sort by, `NEVER` first."""
        return self._asked.get(url, NEVER)

    def record(self, url: str) -> None:
        """It is asked now."""
        self._asked[url] = _render_time()
        with suppress(OSError):  # of a full disk the archive tells
            os.write(self._file, _render(url, self._asked[url]).encode())

    def close(self) -> None:
        """Nothing is noted after this."""
        os.close(self._file)


def _render_time() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _render(url: str, at: str) -> str:
    return json.dumps([url, at]) + "\n"


def _read(path: Path) -> Iterator[tuple[str, str]]:
    """A line that a kill cut short, or a file that cannot be read, only changes an order."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    for line in lines:
        with suppress(ValueError, TypeError):
            url, at = json.loads(line)
            yield str(url), str(at)
