"""The articles of the sample archive."""

from datetime import UTC, datetime
from typing import Any

from schemas.article import Kind
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from tests.storage.sample import START, read

TEXT = "\n\n".join(
    " ".join(f"{letter}word{number}" for number in range(40)) + "." for letter in ("alpha", "beta", "gamma")
)

ARTICLES: dict[int, dict[str, Any]] = {
    1: {
        "headline": "Sanctions Hit Banks",
        "body": "The Kremlin said so.",
        "section": "business",
        "tags": ("Oil",),
        "confidence": 0.94,
    },
    2: {
        "headline": "Peace Talks",
        "subtitle": "New sanctions",
        "body": "They spoke.",
        "kind": Kind.OPINION,
        "confidence": 0.57,
    },
    3: {"headline": "A Quiet Day", "body": "Nothing but sanctions.", "section": "news", "flags": ("byline-missing",)},
    4: {"headline": "The Long Text", "body": TEXT, "published_at": datetime(2019, 3, 1, 22, tzinfo=UTC)},
    5: {"headline": "The Long Text", "body": f"{TEXT}\n\nAn end of its own.", "authors": ("Anna Ivanova",)},
    6: {"headline": "Санкции против банков", "body": "Новая газета.", "language": "ru", "published_at": None},
}
"""Number -> what differs from the defaults."""


def article_id(number: int) -> str:
    return f"moscow-times:en:{number}"


def fill(database: Database, articles: dict[int, dict[str, Any]] = ARTICLES) -> None:
    """Store the articles."""
    with database.begin() as session:
        outcomes = [read(number, number, **special) for number, special in articles.items()]
        store_outcomes(session, outcomes, run_id=None, now=START)
