"""When each source was last requested, in a file of the data folder.

If a run's budget does not suffice for all sources, the least recently requested come first. The responses do not
matter: otherwise a source that always fails would always come first.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

FILE_NAME = "asked.jsonl"

NEVER = ""
"""Sorts before every timestamp; these are strings of ISO 8601 in UTC, with microseconds."""


class SourceOrder:
    """Maps each source to its last request. Appends a line per request; the next crawl reads the last of each."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE_NAME
        now = _render_time()
        # Ignore timestamps in the future: recorded by a clock that ran ahead, they would sort last until then.
        self._asked = {url: at for url, at in _read(path) if at <= now}
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)  # left behind by a killed crawl
        with partial.open("x") as file:
            file.writelines(_render(url, at) for url, at in self._asked.items())
        partial.replace(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def find(self, url: str) -> str:
        """Return the timestamp of the last request as a sort key; `NEVER` if there was none."""
        return self._asked.get(url, NEVER)

    def record(self, url: str) -> None:
        """Record that a source is requested now."""
        self._asked[url] = _render_time()
        with suppress(OSError):  # a full disk is reported by the archive
            os.write(self._file, _render(url, self._asked[url]).encode())

    def close(self) -> None:
        """Close the file; record nothing after this."""
        os.close(self._file)


def _render_time() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _render(url: str, at: str) -> str:
    return json.dumps([url, at]) + "\n"


def _read(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the valid lines; a line cut by a kill is skipped, which only changes the order."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    for line in lines:
        with suppress(ValueError, TypeError):
            url, at = json.loads(line)
            yield str(url), str(at)
