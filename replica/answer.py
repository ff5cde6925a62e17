"""The site's response to one URL, before HTTP."""

import json
from dataclasses import dataclass
from datetime import datetime

HTML = "text/html; charset=UTF-8"
XML = "text/xml; charset=UTF-8"
JSON = "application/json"
PLAIN = "text/plain; charset=UTF-8"


MAX_AGE_SECONDS = 300
"""The max-age of most responses."""
SHORT_AGE_SECONDS = 60
"""The max-age of `/rss/all` and of live blogs' posts."""


@dataclass(frozen=True)
class Answer:
    """A response: status, body and the values of its headers."""

    body: bytes
    media_type: str = HTML
    status: int = 200
    location: str | None = None
    modified_at: datetime | None = None
    """If it is known, conditional requests are supported."""
    headers: tuple[tuple[str, str], ...] = ()
    """Additional headers, such as Retry-After."""
    max_age_seconds: int | None = MAX_AGE_SECONDS
    """None for a response without Cache-Control."""
    viewed_at: datetime | None = None
    """The time in the page's metadata that changes with every view, as of the first view."""


def html(text: str, *, status: int = 200, modified_at: datetime | None = None) -> Answer:
    """Return a response with an HTML page."""
    return Answer(text.encode(), status=status, modified_at=modified_at)


def redirect(url: str) -> Answer:
    """Return a redirect: the site uses 302 even for permanent ones."""
    return Answer(b"", status=302, location=url)


def as_json(value: object) -> Answer:
    """Return a response with a JSON document."""
    return Answer(json.dumps(value).encode(), JSON)
