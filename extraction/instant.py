"""Reads the times that pages give, in the spellings that were met on publishers' pages."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

EARLIEST_YEAR = 1800
"""No newspaper archive on the web goes further back, programs' default dates do: year 1, and midnight of 1970."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:[.,]\d+)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?$",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = re.compile(r"1\d{9}(?:\d{3})?$", re.ASCII)  # since 1970, from 2001 to 2033, perhaps in thousandths
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b", re.IGNORECASE)
_WRITTEN = ("%B %d, %Y", "%d %B %Y", "%b %d, %Y", "%d %b %Y", "%B %d, %Y %I:%M %p", "%b %d, %Y %I:%M %p")
"""Months by their English names. `03/05/2024` is not among them: it is two days, and nothing tells which."""


@dataclass(frozen=True)
class Instant:
    """A time in UTC, and how much the page said of it."""

    at: datetime
    is_aware: bool = True
    """It named its offset."""
    is_day: bool = False
    """It named no hour: the midnight that begins the day."""


def read_instant(text: Any, zone: tzinfo) -> Instant | None:
    """What a text says, a time without an offset taken in `zone`; None where it says no time."""
    if not isinstance(text, str) or not (text := text.strip()):
        return None
    for read in _READERS:
        try:
            at = read(text)
            if at is None:
                continue
            is_aware = at.tzinfo is not None
            moment = (at if is_aware else at.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        if moment.year < EARLIEST_YEAR or moment == _EPOCH:
            return None
        return Instant(moment, is_aware, is_day=not is_aware and ":" not in text and "T" not in text)
    return None


def _read_iso(text: str) -> datetime | None:
    return datetime.fromisoformat(text)


def _read_loose_iso(text: str) -> datetime | None:
    """ISO 8601 as people type it: slashes, single digits, a space before the zone."""
    match = _ISO.match(text)
    if match is None:
        return None
    zone = (match["zone"] or "").upper().replace("UTC", "Z").replace("GMT", "Z")
    day = f"{match['year']}-{match['month']:0>2}-{match['day']:0>2}"
    return datetime.fromisoformat(
        f"{day}T{match['hour'] or 0:0>2}:{match['minute'] or '00'}:{match['second'] or '00'}{zone}"
    )


def _read_seconds(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text[:10]), UTC) if _SECONDS.match(text) else None


def _read_written(text: str) -> datetime | None:
    plain = _ORDINAL.sub("", " ".join(text.replace(" at ", " ").split()))
    for form in _WRITTEN:
        try:
            return datetime.strptime(plain, form)  # noqa: DTZ007 - the caller gives it a zone
        except ValueError:
            continue
    return None


def _read_mail(text: str) -> datetime | None:
    return parsedate_to_datetime(text) if ":" in text else None


_READERS: tuple[Callable[[str], datetime | None], ...] = (
    _read_iso,
    _read_loose_iso,
    _read_seconds,
    _read_written,
    _read_mail,
)
