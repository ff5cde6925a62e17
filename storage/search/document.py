"""Turn an article into one list of words that both databases index unchanged.

The words of headline, subtitle, authors and tags are listed twice: plain, and with a prefix for their part (`h§war`).
A search in one part is thus a search for other words, and as fast as any: neither database has to inspect the rows it
found. Queries contain no prefixed words, so these separate the parts, and no phrase matches across parts. A section is
listed only with its prefix: `news` does not find everything in News.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, zip_longest
from typing import NamedTuple

from schemas.search import SearchPart
from storage.search.word import list_words

PART_PREFIXES = {
    SearchPart.HEADLINE: "h§",
    SearchPart.SUBTITLE: "s§",
    SearchPart.AUTHOR: "a§",
    SearchPart.TAG: "t§",
    SearchPart.SECTION: "c§",
}

WEIGHTS = {SearchPart.HEADLINE: "A", SearchPart.SUBTITLE: "B", SearchPart.AUTHOR: "C", SearchPart.TAG: "C"}
"""PostgreSQL's weight labels, for direct queries (`ts_rank`). Our own ranking does not use them, as SQLite has none.
The body is D, which is written as no label."""

MAX_WORDS = 16_000
"""Maximum words of an article: PostgreSQL has 16,383 positions. That is a hundred pages; later words are not found."""

MAX_LETTERS = 200_000
"""Maximum letters of all these words: at four bytes each, with all positions, they stay below PostgreSQL's limit of
1 MiB. Words of any language have fewer."""

MAX_POSITIONS = 256
"""Maximum positions that PostgreSQL stores for a word …"""

LEXEMES_PER_WORD = 4
"""… so further positions are stored under `the§2`, `the§3`, `the§4`. A text of 16,000 words has about 1,000 `the`."""

MAX_REPEATS = MAX_POSITIONS * LEXEMES_PER_WORD
"""Maximum occurrences of a word in an article; later ones are not indexed, on either database."""

PLACEHOLDER = "§"
"""Placeholder for a word that is not indexed; no query contains it."""


class Searchable(NamedTuple):
    """The searchable columns of an article, in the order in which they are selected."""

    headline: str | None
    subtitle: str | None
    authors: Sequence[str]
    agencies: Sequence[str]
    tags: Sequence[str]
    section: str | None
    body: str


class SearchDocument(NamedTuple):
    """What the index holds for an article."""

    words: list[str]
    """The words in order, the body's last."""
    weights: list[str]
    """The weights of the first words; the others have none."""


def read_document(article: Searchable) -> SearchDocument:
    """Return an article's words and their weights."""
    parts_words = [pair for part, text in _iterate_parts(article) for pair in _add_prefix(part, text)]
    words = [*(word for word, _ in parts_words), *list_words(article.body[:MAX_LETTERS])]
    return SearchDocument(_limit(words), [weight for _, weight in parts_words])


def _limit(words: list[str]) -> list[str]:
    if len(words) > MAX_WORDS or sum(map(len, words)) > MAX_LETTERS:
        lengths = accumulate(map(len, words[:MAX_WORDS]))
        words = words[: sum(length <= MAX_LETTERS for length in lengths)]
    return list(_limit_repeats(words)) if len(words) > MAX_REPEATS else words


def _limit_repeats(words: list[str]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for word in words:
        counts[word] += 1
        yield word if counts[word] <= MAX_REPEATS else PLACEHOLDER


def render_document(document: SearchDocument, dialect: str) -> str:
    """Render for this kind of database."""
    return render_words(document) if dialect == "sqlite" else render_vector(document)


def render_words(document: SearchDocument) -> str:
    """Render for SQLite: its tokenizer `ascii` splits only at spaces, as all else is alphanumeric or not ASCII."""
    return " ".join(document.words)


def render_vector(document: SearchDocument) -> str:
    """Render for PostgreSQL: `'war':5,7A 'putin':2`."""
    positions: dict[str, list[str]] = defaultdict(list)
    weighed = zip_longest(document.words, document.weights[: len(document.words)], fillvalue="")
    for position, (word, weight) in enumerate(weighed, 1):
        positions[word].append(f"{position}{weight}")
    return " ".join(
        f"'{name}':{','.join(part)}" for word, found in positions.items() for name, part in _split(word, found)
    )


def list_lexemes(word: str) -> list[str]:
    """Return a word and the lexemes that hold its further positions on PostgreSQL."""
    return [word, *(f"{word}§{row}" for row in range(2, LEXEMES_PER_WORD + 1))]


def _split(word: str, positions: list[str]) -> Iterator[tuple[str, list[str]]]:
    if len(positions) <= MAX_POSITIONS:
        yield word, positions
        return
    for row, name in enumerate(list_lexemes(word)):
        if part := positions[row * MAX_POSITIONS : (row + 1) * MAX_POSITIONS]:
            yield name, part


def _iterate_parts(article: Searchable) -> Iterator[tuple[SearchPart, str]]:
    yield SearchPart.HEADLINE, article.headline or ""
    yield SearchPart.SUBTITLE, article.subtitle or ""
    for name in (*article.authors, *article.agencies):
        yield SearchPart.AUTHOR, name
    for name in article.tags:
        yield SearchPart.TAG, name
    yield SearchPart.SECTION, article.section or ""


def _add_prefix(part: SearchPart, text: str) -> Iterator[tuple[str, str]]:
    words = list_words(text[:MAX_LETTERS])
    if weight := WEIGHTS.get(part):
        yield from ((word, weight) for word in words)
    yield from ((PART_PREFIXES[part] + word, "") for word in words)
