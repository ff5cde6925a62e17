"""Parse the time formats found on publishers' pages."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

EARLIEST_YEAR = 1800
"""No web archive of a newspaper goes further back; programs' default dates (year 1) do."""

MAX_WRITTEN_CHARS = 60
"""Maximum characters of a written time: `Wednesday, September 25th, 2024, at 10:00 a.m. (CEST)` has 54."""

DEFAULT_DAYS = frozenset({date(1970, 1, 1), date(1900, 1, 1)})
"""Programs' default dates: midnight of these, in any zone, means an unknown time."""

_ISO = re.compile(
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:[.,]\d+)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = re.compile(r"(?P<seconds>\d{9,10})(?P<thousandths>\d{3})?(?:\.\d{1,9})?$", re.ASCII)
"""Seconds or milliseconds since 1970, for times from 1973 on."""

_DIGITS = re.compile(r"\d{9,}(?:\.\d+)?$", re.ASCII)
_OFFSET = re.compile(
    r"(?<=:\d\d)(?P<fraction>[.,]\d{1,9})?(?P<half>(?i:\s*[ap]\.?m\b\.?)?)\s*(?:GMT|UTC|Z)?\s*"
    r"(?P<sign>[+\u2212-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?:\s*\([^()]{1,60}\))?$",
    re.ASCII,
)
"""An offset at the end of a time: `+3`, `GMT+05:00`, and JavaScript's `GMT-0200 (a zone's name)`."""

_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b", re.IGNORECASE)
_SEPTEMBER = re.compile(r"\bsept\b", re.IGNORECASE)
_IGNORED = re.compile(
    r",|(?<=[a-z])\.|\bat\b|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?", re.IGNORECASE
)
_HALF = re.compile(r"(?<=\d)\s*([ap])\.?m\b\.?", re.IGNORECASE)
_DAYS = ("%B %d %Y", "%d %B %Y", "%b %d %Y", "%d %b %Y")
_HOURS = ("%I:%M %p", "%H:%M", "%H:%M:%S")
_WRITTEN = (
    *_DAYS,
    *(f"{day} {hour}" for day in _DAYS for hour in _HOURS),
    *(f"{hour} {day}" for day in _DAYS for hour in _HOURS),
    *(f"%Y-%m-%d {hour}" for hour in _HOURS),
)
"""Written formats, with English month names. `03/05/2024` is not included, because it is ambiguous."""

_ABBREVIATION = re.compile(
    r"(?<=:\d\d)(?P<half>(?i:\s*[ap]\.?m\b\.?)?)\s*\(?(?![AP]M\b)(?P<zone>[A-Z]{2,5})\)?(?=,?\s|$)", re.ASCII
)
ZONES: dict[str, tzinfo] = {
    **{
        name: timezone(timedelta(hours=hours))
        for name, hours in (
            *(("EST", -5), ("EDT", -4), ("CST", -6), ("CDT", -5), ("MST", -7), ("MDT", -6), ("PST", -8), ("PDT", -7)),
            *(("UTC", 0), ("GMT", 0), ("WET", 0), ("WEST", 1), ("BST", 1), ("CET", 1), ("CEST", 2)),
            *(("EET", 2), ("EEST", 3), ("MSK", 3), ("MSD", 4)),
        )
    },
    "ET": ZoneInfo("America/New_York"),
    "CT": ZoneInfo("America/Chicago"),
    "MT": ZoneInfo("America/Denver"),
    "PT": ZoneInfo("America/Los_Angeles"),
}
"""Zone abbreviations used by newspapers, the American ones as in RFC 822. Unknown ones give no offset."""


@dataclass(frozen=True)
class Timestamp:
    """A time in UTC, and how precisely the page gave it."""

    at: datetime
    is_aware: bool = True
    """Whether it has an offset."""
    offset: str | None = None
    """That offset as `+09:00`; None if it has none."""
    is_day: bool = False
    """Whether it has no hour, so that it is the start of the day."""


def parse_timestamp(text: Any, zone: tzinfo) -> Timestamp | None:
    """Parse a time, taking `zone` if it has no offset; None if it is not a time."""
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)  # seconds, as a number of JSON-LD
    if not isinstance(text, str) or not (text := text.strip()):
        return None
    if _DIGITS.match(text):  # seconds, which would otherwise parse as a year
        readers: tuple[Callable[[str], datetime | None], ...] = (_read_seconds,)
    else:
        readers, text = _READERS, _normalize_offset(text)
    for read in readers:
        try:
            at = read(text)
            if at is None:
                continue
            is_aware = at.tzinfo is not None
            utc_time = (at if is_aware else at.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        if not EARLIEST_YEAR <= utc_time.year < MAXYEAR or _is_default(at, utc_time):
            return None
        is_day = not is_aware and ":" not in text and "T" not in text
        return Timestamp(utc_time, is_aware, _format_offset(at), is_day=is_day)
    return None


def _format_offset(at: datetime) -> str | None:
    """Return `+09:00`; None without an offset, or for one with seconds, which no zone has today."""
    offset = at.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return None
    return at.strftime("%z")[:3] + ":" + at.strftime("%z")[3:]


def _is_default(at: datetime, utc_time: datetime) -> bool:
    """Whether a time is a program's default: as written, in UTC, or in any zone."""
    is_written = at.date() in DEFAULT_DAYS and not at.time().replace(microsecond=0, tzinfo=None) > time(0)
    near = (utc_time + timedelta(hours=14)).date(), (utc_time - timedelta(hours=14)).date()
    is_round = utc_time.minute % 15 == 0 and utc_time.second == 0
    return is_written or utc_time.date() in DEFAULT_DAYS or (is_round and not DEFAULT_DAYS.isdisjoint(near))


def _normalize_offset(text: str) -> str:
    """Return the time with its offset in ISO 8601 format."""
    found = _OFFSET.search(text)
    if found is None:
        return text
    sign = "-" if found["sign"] != "+" else "+"
    offset = f"{sign}{found['hours']:0>2}{found['minutes'] or '00'}"
    return f"{text[: found.start()]}{found['fraction'] or ''}{found['half']} {offset}"


def _read_iso(text: str) -> datetime | None:
    return datetime.fromisoformat(text)


def _read_loose_iso(text: str) -> datetime | None:
    """Parse ISO 8601 as typed by hand: slashes, single digits, a space before the zone."""
    match = _ISO.match(text)
    if match is None:
        return None
    zone = (match["zone"] or "").upper().replace("UTC", "Z").replace("GMT", "Z")
    day = f"{match['year']}-{match['month']:0>2}-{match['day']:0>2}"
    return datetime.fromisoformat(
        f"{day}T{match['hour'] or 0:0>2}:{match['minute'] or '00'}:{match['second'] or '00'}{zone}"
    )


def _read_seconds(text: str) -> datetime | None:
    found = _SECONDS.match(text)
    return datetime.fromtimestamp(int(found["seconds"]), UTC) if found else None


def _read_written(text: str) -> datetime | None:
    """Parse a written time, with a zone abbreviation: `March 5th, 2024, 10:00 a.m. EDT`."""
    if not text[-1:].isascii() or len(text) > MAX_WRITTEN_CHARS or not any(char.isalpha() for char in text):
        return None
    text, zone = _split_offset(text)
    named = _ABBREVIATION.search(text)
    zone = ZONES.get(named["zone"]) if named else zone
    plain = _ABBREVIATION.sub(r"\g<half>", text)
    plain = _IGNORED.sub(" ", _ORDINAL.sub("", _HALF.sub(r" \1m", plain)))
    plain = " ".join(_SEPTEMBER.sub("Sep", plain).split())
    for form in _WRITTEN:
        try:
            at = datetime.strptime(plain, form)  # noqa: DTZ007 - the caller gives it a zone
        except ValueError:
            continue
        return at.replace(tzinfo=zone) if zone else at
    return None


def _split_offset(text: str) -> tuple[str, tzinfo | None]:
    """Return the text without the offset at its end, and the offset."""
    found = re.search(r"(?<=[\dmM.]) ([+-])(\d{2})(\d{2})$", text, re.ASCII)
    if found is None or ":" not in text:
        return text, None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return text[: found.start()], timezone(-offset if found[1] == "-" else offset)


def _read_mail(text: str) -> datetime | None:
    # parsedate ignores `PM`, and takes ten in the evening for ten in the morning.
    return parsedate_to_datetime(text) if ":" in text and not _HALF.search(text) else None


_READERS: tuple[Callable[[str], datetime | None], ...] = (
    _read_iso,
    _read_loose_iso,
    _read_written,
    _read_mail,
)
