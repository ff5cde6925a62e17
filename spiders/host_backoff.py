"""Hosts that asked for a backoff longer than a crawl lasts, remembered for the next crawls."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

FILE_NAME = "resting.json"

MAX_BACKOFF = timedelta(days=1)
"""A host that asks for a year has made a mistake: it is tried once a day."""


class HostBackoffs:
    """Maps each host to the end of its backoff, in a file of the data folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._until = _read(self._path)

    def find(self, host: str) -> datetime | None:
        """Return the end of a host's backoff; None if the host may be contacted."""
        until, now = self._until.get(host.lower()), datetime.now(UTC)
        # Later than the longest backoff: recorded by a clock that ran ahead.
        return until if until and now < until <= now + MAX_BACKOFF else None

    def list_active(self) -> dict[str, datetime]:
        """Return the hosts in backoff now, with the end of each backoff."""
        return {host: until for host, until in self._until.items() if self.find(host)}

    def record(self, host: str, pause: timedelta) -> None:
        """Record a backoff of this length from now, at most `MAX_BACKOFF`."""
        self._until = _read(self._path) | self._until  # the crawl of another site may have written since
        self._until[host.lower()] = datetime.now(UTC) + min(pause, MAX_BACKOFF)
        partial = self._path.with_suffix(f".{os.getpid()}.partial")
        partial.unlink(missing_ok=True)  # left behind by a killed crawl
        with partial.open("x") as file:
            file.write(json.dumps({name: at.isoformat() for name, at in self._until.items()}))
        partial.replace(self._path)


def _read(path: Path) -> dict[str, datetime]:
    """Read the file; one that cannot be read counts as empty, because a busy host will ask again."""
    try:
        found = json.loads(path.read_bytes())
        return {str(host): datetime.fromisoformat(until).astimezone(UTC) for host, until in found.items()}
    except (OSError, ValueError, OverflowError, AttributeError, TypeError):
        return {}
