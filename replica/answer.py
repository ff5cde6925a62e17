"""What the site answers to one address, before it meets HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

HTML = "text/html; charset=UTF-8"
XML = "text/xml; charset=UTF-8"
JSON = "application/json"
PLAIN = "text/plain; charset=UTF-8"


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


def html(text: str, *, status: int = 200, modified_at: datetime | None = None) -> Answer:
    """A page."""
    return Answer(text.encode(), status=status, modified_at=modified_at)


def moved(url: str) -> Answer:
    """A permanent redirect."""
    return Answer(b"", status=301, location=url)


def as_json(value: Mapping[str, object]) -> Answer:
    """A JSON document."""
    return Answer(json.dumps(value).encode(), JSON)
