"""What of an article can be searched, as one row of words that both databases take as it is.

The words of a headline, a subtitle, an author, a tag stand there twice: as they are, and marked with their part
(`h§war`). So a search in one part is a search for other words, and as quick as any: neither database has to look into
the rows that it found. No query has a mark in its words, so marked words stand between two parts, and no phrase goes
across. A section is there marked alone: `news` does not find all that is in News.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, zip_longest
from typing import NamedTuple

from schemas.search import SearchPart
from storage.search.word import list_words

SIGNS = {
    SearchPart.HEADLINE: "h§",
    SearchPart.SUBTITLE: "s§",
    SearchPart.AUTHOR: "a§",
    SearchPart.TAG: "t§",
    SearchPart.SECTION: "c§",
}

WEIGHTS = {SearchPart.HEADLINE: "A", SearchPart.SUBTITLE: "B", SearchPart.AUTHOR: "C", SearchPart.TAG: "C"}
"""PostgreSQL's labels, for whoever asks it directly (`ts_rank`). The order of our own hits is the same on SQLite, which
has none. The body is D, which is written as nothing."""

MOST_WORDS = 16_000
"""Of an article: PostgreSQL knows 16,383 positions. It is a hundred pages; what comes after is not found."""

MOST_LETTERS = 200_000
"""Of all these words: of four bytes each, and with all positions, they take less than the 1 MiB that PostgreSQL allows.
The words of any language have fewer."""

MOST_PLACES = 256
"""Positions that PostgreSQL keeps of a word …"""

PLACE_ROWS = 4
"""… so the further ones are those of `the§2`, `the§3`, `the§4`. A text of 16,000 words has about 1,000 `the`."""

MOST_REPEATS = MOST_PLACES * PLACE_ROWS
"""Of a word in an article; the places after these are nobody's, on both databases."""

NO_WORD = "§"
"""Stands where a word is not found any more: no query has it."""


class Searchable(NamedTuple):
    """The columns of an article that can be searched, in the order in which they are asked for."""

    headline: str | None
    subtitle: str | None
    authors: Sequence[str]
    agencies: Sequence[str]
    tags: Sequence[str]
    section: str | None
    body: str


class SearchDocument(NamedTuple):
    """What is in the index of an article."""

    words: list[str]
    """In their order, those of the body last."""
    weights: list[str]
    """Of the first words: the others have none."""


def read_document(article: Searchable) -> SearchDocument:
    """The words of an article, and where they weigh more."""
    named = [pair for part, text in _iterate_parts(article) for pair in _mark(part, text)]
    words = [*(word for word, _ in named), *list_words(article.body[:MOST_LETTERS])]
    return SearchDocument(_limit(words), [weight for _, weight in named])


def _limit(words: list[str]) -> list[str]:
    if len(words) > MOST_WORDS or sum(map(len, words)) > MOST_LETTERS:
        lengths = accumulate(map(len, words[:MOST_WORDS]))
        words = words[: sum(length <= MOST_LETTERS for length in lengths)]
    return list(_keep_places(words)) if len(words) > MOST_REPEATS else words


def _keep_places(words: list[str]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for word in words:
        counts[word] += 1
        yield word if counts[word] <= MOST_REPEATS else NO_WORD


def render_words(document: SearchDocument) -> str:
    """For SQLite, whose tokenizer `ascii` splits at the spaces alone: all else is a letter, a digit or beyond ASCII."""
    return " ".join(document.words)


def render_vector(document: SearchDocument) -> str:
    """For PostgreSQL: `'war':5,7A 'putin':2`."""
    places: dict[str, list[str]] = defaultdict(list)
    weighed = zip_longest(document.words, document.weights[: len(document.words)], fillvalue="")
    for position, (word, weight) in enumerate(weighed, 1):
        places[word].append(f"{position}{weight}")
    return " ".join(
        f"'{name}':{','.join(part)}" for word, found in places.items() for name, part in _split(word, found)
    )


def place_names(word: str) -> list[str]:
    """A word, and what its further positions stand under on PostgreSQL."""
    return [word, *(f"{word}§{row}" for row in range(2, PLACE_ROWS + 1))]


def _split(word: str, places: list[str]) -> Iterator[tuple[str, list[str]]]:
    if len(places) <= MOST_PLACES:
        yield word, places
        return
    for row, name in enumerate(place_names(word)):
        if part := places[row * MOST_PLACES : (row + 1) * MOST_PLACES]:
            yield name, part


def _iterate_parts(article: Searchable) -> Iterator[tuple[SearchPart, str]]:
    yield SearchPart.HEADLINE, article.headline or ""
    yield SearchPart.SUBTITLE, article.subtitle or ""
    for name in (*article.authors, *article.agencies):
        yield SearchPart.AUTHOR, name
    for name in article.tags:
        yield SearchPart.TAG, name
    yield SearchPart.SECTION, article.section or ""


def _mark(part: SearchPart, text: str) -> Iterator[tuple[str, str]]:
    words = list_words(text[:MOST_LETTERS])
    if weight := WEIGHTS.get(part):
        yield from ((word, weight) for word in words)
    yield from ((SIGNS[part] + word, "") for word in words)
