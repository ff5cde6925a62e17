"""The header Retry-After (RFC 9110, 10.2.3): how long a busy host asks to be left alone. Independent of Scrapy."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from spiders.host_backoff import MAX_BACKOFF

BUSY_STATUSES = frozenset({429, 503})
"""The host is overloaded: slow down requests to the whole host, not just this URL."""

UNREADABLE_PAUSE_SECONDS = 60.0
"""Pause if a Retry-After cannot be parsed: most rate limits are per minute."""


def read_retry_after(value: str | bytes | None, now: datetime) -> float | None:
    """Return the seconds that the header's value asks for, as a number or a date; None if there is none.

    At most `MAX_BACKOFF`. A value that cannot be parsed counts as `UNREADABLE_PAUSE_SECONDS`.
    """
    text = (value.decode("latin-1") if isinstance(value, bytes) else value or "").strip()
    if not text:
        return None
    seconds = float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else _read_date(text, now)
    return min(max(seconds, 0.0), MAX_BACKOFF.total_seconds())


def _read_date(value: str, now: datetime) -> float:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError, LookupError):  # an absurd time zone, a date without a day, …
        return UNREADABLE_PAUSE_SECONDS
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
