"""What the site answers to one address, before it meets HTTP."""

import json
from dataclasses import dataclass
from datetime import datetime

HTML = "text/html; charset=UTF-8"
XML = "text/xml; charset=UTF-8"
JSON = "application/json"
PLAIN = "text/plain; charset=UTF-8"


MAX_AGE_SECONDS = 300
"""What most answers allow a cache."""
SHORT_AGE_SECONDS = 60
"""What `/rss/all` and the posts of live blogs allow."""


@dataclass(frozen=True)
class Answer:
    """Status, body and what the headers say of it."""

    body: bytes
    media_type: str = HTML
    status: int = 200
    location: str | None = None
    modified_at: datetime | None = None
    """Where it is known, the answer can be asked for conditionally."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further ones, such as Retry-After."""
    max_age_seconds: int | None = MAX_AGE_SECONDS
    """None for an answer without Cache-Control."""
    viewed_at: datetime | None = None
    """The time in the page's metadata that moves with every view, as the first view has it."""


def html(text: str, *, status: int = 200, modified_at: datetime | None = None) -> Answer:
    """A page."""
    return Answer(text.encode(), status=status, modified_at=modified_at)


def moved(url: str) -> Answer:
    """A redirect: 302, however final it is."""
    return Answer(b"", status=302, location=url)


def as_json(value: object) -> Answer:
    """A JSON document."""
    return Answer(json.dumps(value).encode(), JSON)
