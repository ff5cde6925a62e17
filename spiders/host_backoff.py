"""Hosts that asked to be left alone for longer than a crawl lasts: the next crawls leave them alone too."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

FILE_NAME = "resting.json"

MAX_BACKOFF = timedelta(days=1)
"""A host that asks for a year has made a mistake: it is asked once a day."""


class HostBackoffs:
    """Host -> until when it is left alone, kept in a file of the data folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._until = _read(self._path)

    def find(self, host: str) -> datetime | None:
        """Until when a host is left alone; None where it may be asked."""
        until, now = self._until.get(host.lower()), datetime.now(UTC)
        # Later than the longest rest from now on: noted by a clock that ran ahead.
        return until if until and now < until <= now + MAX_BACKOFF else None

    def list_active(self) -> dict[str, datetime]:
        """The hosts that are left alone now, and until when."""
        return {host: until for host, until in self._until.items() if self.find(host)}

    def record(self, host: str, pause: timedelta) -> None:
        """Leave a host alone for so long from now on, or for as long as any host is."""
        self._until[host.lower()] = datetime.now(UTC) + min(pause, MAX_BACKOFF)
        partial = self._path.with_suffix(".partial")
        partial.unlink(missing_ok=True)  # of a crawl that was killed
        with partial.open("x") as file:
            file.write(json.dumps({name: at.isoformat() for name, at in self._until.items()}))
        partial.replace(self._path)


def _read(path: Path) -> dict[str, datetime]:
    """A file that cannot be read tells nothing: the host says it again."""
    try:
        found = json.loads(path.read_bytes())
        return {str(host): datetime.fromisoformat(until).astimezone(UTC) for host, until in found.items()}
    except (OSError, ValueError, OverflowError, AttributeError, TypeError):
        return {}
