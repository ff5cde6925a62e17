"""What a schedule reports, on standard error and in a log in the data folder: the next runs, and how each run ended."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from schemas.printing import make_loggable, print_line
from schemas.settings import Settings

LOG_NAME = "schedule.log"

MAX_LOG_BYTES = 1_000_000
"""Size of a log file: some 8,000 lines, or two months of runs every quarter of an hour."""

OLD_LOG_COUNT = 5
"""Former log files that are kept: a year."""

OWNER_ONLY = 0o600

Report = Callable[[str], None]


class PrivateLog(RotatingFileHandler):
    """A log that rotates by size, and that only its owner can read, whatever its mode was before."""

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        path.touch(OWNER_ONLY)
        path.chmod(OWNER_ONLY)
        return super()._open()


@contextmanager
def logging_schedule(
    settings: Settings, *, max_bytes: int = MAX_LOG_BYTES, old_count: int = OLD_LOG_COUNT
) -> Iterator[Report]:
    """Yield a function that prints a line and writes it to the log of the data folder, with its time in UTC."""
    path = settings.data_dir / LOG_NAME
    log = PrivateLog(path, maxBytes=max_bytes, backupCount=old_count, encoding="utf-8")
    log.setFormatter(_make_formatter())
    logger = logging.getLogger("broadsheet.schedule")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(log)

    def report(line: str) -> None:
        print_line(f"broadsheet: {line}")
        logger.info(make_loggable(" ".join(line.split())))

    try:
        yield report
    finally:
        logger.removeHandler(log)
        log.close()


def _make_formatter() -> logging.Formatter:
    formatter = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    return formatter
