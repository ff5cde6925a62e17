"""A large archive of invented articles, and queries for it."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, product
from typing import Any

from sqlalchemy import insert, text

from schemas.article import Article, Image, Kind, content_sha256
from schemas.capture import CaptureRef
from schemas.outcome import ArticleRead, Seen
from schemas.url import Identity
from storage.engine import Database
from storage.ledger.publication_date import publication_day
from storage.schema.tables import Article as ArticleRow
from storage.schema.tables import Capture
from storage.search.index import index_all

WORD_COUNT = 400
"""Words per body, as in a news article: 2.5 kB."""
HEADLINE_COUNT, SUBTITLE_COUNT = 8, 12
HEAD_COUNT = HEADLINE_COUNT + SUBTITLE_COUNT
PARAGRAPH_WORDS = 40

PART_COUNT = 1_000
"""Articles written at a time."""

SYLLABLES = ("bdfgklmnprst", "aeiou", "bdklmnrst", "aeiou", "bdfgklmnrst", ("", "s"))
"""They make 59,400 words, half of them forms of the other half."""
EXPONENT = -1.1
"""Word frequencies as in a language: the first hundred words make up half of a text, and 400 words are 230 distinct."""

FIRST_AT = datetime(2005, 1, 1, tzinfo=UTC)
STEP = timedelta(hours=2)
"""Between two articles: a hundred thousand steps are twenty-three years."""
SPAN = 100_000 * STEP
"""The time of all articles in an archive that `fill` has filled, however many they are."""
AT = datetime(2026, 1, 1, tzinfo=UTC)
"""The time of all fetches."""

SECTIONS = ("news", "opinion", "business", "arts and life")
AUTHOR_COUNT = 97
SOURCES = dict.fromkeys(("authors", "headline", "published_at", "section", "tags", "url"), "json-ld")

RANKS = ((0, 50), (300, 3_000), (20_000, 59_000))
"""Ranks of words in most texts, in some of a hundred texts, and in some of ten thousand."""

KINDS = {
    "a common word": "{common}",
    "a usual word": "{middle}",
    "a rare word": "{rare}",
    "two common words": "{common} {headline}",
    "three words": "{common} {middle} {headline}",
    "rare and common": "{rare} {common}",
    "a phrase": '"{phrase}"',
    "without a word": "{middle} -{common}",
    "one or the other": "{middle} OR {rare}",
    "the start of a word": "{middle:.4}*",
    "in the headline": "headline:{middle}",
    "an author's": "author:42 {middle}",
    "a section's": "section:business {rare}",
    "nothing": "{middle} {rare} nowhere",
}
"""Kind of query -> its template."""


def fill(database: Database, article_count: int) -> float:
    """Write articles as rows, then index them; return articles indexed per second."""
    step = SPAN / article_count
    with database.begin() as session:
        session.execute(insert(Capture), [make_capture()])
        for start in range(0, article_count, PART_COUNT):
            numbers = range(start, min(start + PART_COUNT, article_count))
            session.execute(insert(ArticleRow), [make_row(number, step) for number in numbers])
    started = time.perf_counter()
    with database.begin() as session:
        index_all(session)
    seconds = time.perf_counter() - started
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))  # as autovacuum would do some time later
    return article_count / seconds


def make_outcome(number: int, body: str | None = None, step: timedelta = STEP) -> ArticleRead:
    """Return the outcome of a distinct article, with the given body or one of its own."""
    url = f"https://www.themoscowtimes.com/2015/01/01/a-story-of-its-own-with-a-headline-a{number}"
    identity = Identity(url=url, site="moscow-times", edition="en", id=f"moscow-times:en:{number}")
    ref = CaptureRef(warc="20150101-000000-benchmark.warc.gz", offset=number, length=1, sha256="0" * 64)
    seen = Seen(ref=ref, url=url, status=200, fetched_at=AT, media_type="text/html")
    return ArticleRead(seen=seen, identity=identity, article=_write(number, identity, ref, body, step))


def draw_queries(kind: str, count: int, article_count: int) -> Iterator[str]:
    """Yield queries of a kind; deterministic. Phrases and headline words come from articles of the archive."""
    rng = random.Random(kind)  # noqa: S311 - chooses queries
    for _ in range(count):
        common, middle, rare = (rng.choice(_vocabulary()[0][low:high]) for low, high in RANKS)
        words = _draw_words(rng.randrange(article_count))
        start = rng.randrange(HEAD_COUNT, WORD_COUNT)
        yield KINDS[kind].format(
            common=common, middle=middle, rare=rare, phrase=" ".join(words[start : start + 2]), headline=words[0]
        )


def _write(number: int, identity: Identity, ref: CaptureRef, body: str | None, step: timedelta) -> Article:
    words = _draw_words(number)
    paragraphs = (words[start : start + PARAGRAPH_WORDS] for start in range(HEAD_COUNT, len(words), PARAGRAPH_WORDS))
    body = body or "\n\n".join(" ".join(paragraph) for paragraph in paragraphs)
    at = FIRST_AT + number * step
    return Article(
        id=identity.key,
        site="moscow-times",
        edition="en",
        language="en",
        url=identity.url,
        kind=Kind.ARTICLE,
        headline=" ".join(words[:HEADLINE_COUNT]),
        subtitle=" ".join(words[HEADLINE_COUNT:HEAD_COUNT]) if number % 2 else None,
        authors=(f"Author {number % AUTHOR_COUNT}", "Борис Писатель"),
        agencies=("Reuters",) if number % 5 == 0 else (),
        sponsor=None,
        section=SECTIONS[number % len(SECTIONS)],
        tags=tuple(dict.fromkeys(words[:2])),
        published_at=at,
        modified_at=at,
        fetched_at=AT,
        body=body,
        word_count=len(body.split()),
        images=(Image(url=f"{identity.url}.jpg", caption=" ".join(words[25:40]), credit="TASS"),),
        content_sha256=content_sha256(body),
        extractor="benchmark",
        sources=SOURCES,
        flags=(),
        capture=ref,
    )


def make_capture() -> dict[str, Any]:
    """Return the row of the capture that all articles share."""
    return {
        "id": 1,
        "warc": "old.warc.gz",
        "offset": 0,
        "length": 1,
        "sha256": "0" * 64,
        "status": 200,
        "fetched_at": AT,
        "media_type": "text/html",
    }


def make_row(number: int, step: timedelta = STEP) -> dict[str, Any]:
    """Return the row of an article."""
    article = make_outcome(number, step=step).article
    return {
        **article.model_dump(exclude={"capture"}),
        "published_on": publication_day(article.published_at, article.site, article.published_offset),
        "checked_at": AT,
        "first_seen_at": AT,
        "capture_id": 1,
        "revision": 1,
        # One in twelve is a duplicate of another.
        "duplicate_of": f"moscow-times:en:{number - 1}" if number % 12 == 11 else None,
    }


def _draw_words(number: int) -> list[str]:
    """Return the words of an article's headline, subtitle and body."""
    words, weights = _vocabulary()
    return random.Random(number).choices(words, cum_weights=weights, k=HEAD_COUNT + WORD_COUNT)  # noqa: S311 - texts


@cache
def _vocabulary() -> tuple[list[str], list[float]]:
    """Return words and their cumulative weights, the most frequent first."""
    words = ["".join(parts) for parts in product(*SYLLABLES)]
    random.Random(1).shuffle(words)  # noqa: S311 - makes texts
    return words, list(accumulate(rank**EXPONENT for rank in range(2, len(words) + 2)))
