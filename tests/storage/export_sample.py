"""An archive with every oddity that an export may meet, and the expected records."""

from datetime import UTC, datetime

from schemas.article import Article, Image, Kind
from schemas.outcome import ArticleRead, Outcome
from storage.engine import Database
from storage.ledger.outcome import store_outcomes
from tests.storage.sample import START, advertise, identify, read, read_text

ODD = 'Кириллица, “curly”, \\ "straight" 𝄞 🙂 \u2028 \x7f, a comma;\n\nand a \tline'
OLD = datetime(1957, 10, 4, 19, 28, 34, 500000, tzinfo=UTC)


def on(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


def list_outcomes() -> list[Outcome]:
    """Return articles of every kind, a duplicate of the first, and two more URLs of the first."""
    return [
        read(1, 1, "One.", published_at=on(3)),
        read(2, 2, "Two.", published_at=on(1, 22), modified_at=on(2, 23)),
        read(3, 3, "Three.", published_at=None),
        read(4, 4, "One.", published_at=on(4)),
        read(5, 5, "Five.", published_at=on(3), section="opinion", kind=Kind.OPINION, language="ru", images=()),
        read_text(6, "A text."),
        *(read(10 + place, 10 + place, f"Kind {kind}.", kind=kind) for place, kind in enumerate(Kind)),
        read(
            8,
            8,
            ODD,
            headline='=HYPERLINK("x")',
            subtitle=" +1",
            published_at=OLD,
            authors=(),
            tags=("a, b", 'c "d"'),
            images=(Image(), Image(url="https://example.org/ü.jpg", caption=ODD, credit=None)),
            sources={"url": "path", "body": "page", "headline": "json-ld", "authors": "byline"},
            flags=("container-missing", "headline-missing"),
        ),
        advertise(7, identify(1, "an-older-headline"), identify(1, "another"), hours=1),
    ]


def list_written(outcomes: list[Outcome]) -> dict[str, Article]:
    """Return the articles of the outcomes, by id."""
    return {one.article.id: one.article for one in outcomes if isinstance(one, ArticleRead)}


def fill(database: Database) -> dict[str, Article]:
    """Store the outcomes; return the written articles by id."""
    outcomes = list_outcomes()
    with database.begin() as session:
        store_outcomes(session, outcomes, run_id=None, now=START)
    return list_written(outcomes)
