"""Finds the text of a record again in the text nodes of a page. Pure.

Letters and digits alone are compared, so neither quotes and spaces nor the elements between them make a difference. A
paragraph may be found in several pieces: what was removed from it is left out.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple
from unicodedata import normalize

SEED_LETTERS = 24
"""Letters by which a piece is looked up: four or five words, which two passages of one page rarely share."""

MAX_CANDIDATES = 20
"""Places of one seed that are compared: a sentence repeated more often is no article's."""

NEAR_LETTERS = 2_000
"""How far after the piece before it a piece shorter than a seed is looked for: elsewhere it is another's."""

MAX_SIGNS = 4
"""Quotation marks and brackets before a word, and signs after it, that are marked with it."""

_RUN = re.compile(r"[^\W_]+")
_OPENING = re.compile(r"[^\w\s,.:;!?)\]}]{1,4}\Z")
_CLOSING = re.compile(r"[^\w\s(\[{]{1,4}")


class Mark(NamedTuple):
    """A part of a text node that is text of the record."""

    node: int
    start: int
    end: int
    paragraph: int


class Trace(NamedTuple):
    """Where a record's text is."""

    marks: tuple[Mark, ...]
    """In the order of the page; no two overlap."""
    word_count: int
    found_count: int
    """Words of the record that were found."""


class _Letters:
    """The letters and digits of texts, joined, and the words that they are from."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.starts: list[int] = []
        """Where each word begins, in `text`."""
        self.places: list[tuple[int, int, int]] = []
        """Of each word: the number of its text, and where it begins and ends there."""
        parts: list[str] = []
        total = 0
        for number, text in enumerate(texts):
            for found in _RUN.finditer(text):
                if letters := _fold(found[0]):
                    self.starts.append(total)
                    self.places.append((number, found.start(), found.end()))
                    parts.append(letters)
                    total += len(letters)
        self.text = "".join(parts)

    def is_boundary(self, position: int) -> bool:
        """Whether a word begins here, or the last one ends."""
        at = bisect_left(self.starts, position)
        return position == len(self.text) if at == len(self.starts) else self.starts[at] == position


class _Piece(NamedTuple):
    """Letters of a paragraph that the page has too."""

    start: int
    """In the paragraph."""
    at: int
    """In the page."""
    length: int


def trace_text(nodes: Sequence[str], paragraphs: Sequence[str]) -> Trace:
    """Find a record's paragraphs in the text nodes of a page, which are given in its order."""
    page = _Letters(nodes)
    texts = [_Letters([paragraph]) for paragraph in paragraphs]
    positions = _list_positions(page, texts)
    taken: dict[int, int] = {}  # word of the page -> paragraph
    cursor = found_count = 0
    for number, paragraph in enumerate(texts):
        for piece in _find_pieces(page, paragraph, positions, cursor):
            cursor = piece.at + piece.length
            found_count += len(_list_words(paragraph, piece.start, piece.start + piece.length))
            taken |= dict.fromkeys(_list_words(page, piece.at, cursor), number)
    marks = tuple(_list_marks(nodes, page, taken))
    return Trace(marks, sum(len(one.starts) for one in texts), found_count)


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    return "".join(filter(str.isalnum, normalize("NFKD", word.casefold())))


def _list_positions(page: _Letters, texts: Sequence[_Letters]) -> dict[str, list[int]]:
    """Return the places in the page of each seed of the paragraphs."""
    wanted = {one.text[start : start + SEED_LETTERS] for one in texts for start in one.starts}
    found: defaultdict[str, list[int]] = defaultdict(list)
    for start in page.starts:
        seed = page.text[start : start + SEED_LETTERS]
        if seed in wanted and len(seed) == SEED_LETTERS and len(found[seed]) < MAX_CANDIDATES:
            found[seed].append(start)
    return found


def _find_pieces(page: _Letters, paragraph: _Letters, positions: dict[str, list[int]], cursor: int) -> Iterator[_Piece]:
    """Yield the pieces of a paragraph that the page has; `cursor` is where the piece before them ends."""
    at_word = 0
    while at_word < len(paragraph.starts):
        start = paragraph.starts[at_word]
        seed = paragraph.text[start : start + SEED_LETTERS]
        candidates = positions.get(seed, [])
        if candidates:
            piece = max(
                (_Piece(start, at, _measure(page, paragraph, start, at)) for at in candidates),
                key=lambda one: (one.length, one.at >= cursor, -abs(one.at - cursor)),
            )
        else:
            piece = _find_short(page, paragraph, start, cursor)
        if piece.length:
            yield piece
            cursor = piece.at + piece.length
        at_word = max(at_word + 1, bisect_left(paragraph.starts, start + piece.length))


def _measure(page: _Letters, paragraph: _Letters, start: int, at: int) -> int:
    """Return how many letters agree from here on, up to the end of a word."""
    length = min(len(paragraph.text) - start, len(page.text) - at)

    def is_same(low: int, high: int) -> bool:
        return paragraph.text[start + low : start + high] == page.text[at + low : at + high]

    low, step = 0, SEED_LETTERS  # growing, so that a short piece of a long text takes little time
    while low + step < length and is_same(low, low + step):
        low, step = low + step, 2 * step
    high = min(low + step, length)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_same(low, middle) else (low, middle - 1)
    if start + low == len(paragraph.text):
        return low
    boundary = paragraph.starts[bisect_right(paragraph.starts, start + low) - 1]
    return max(0, boundary - start)


def _find_short(page: _Letters, paragraph: _Letters, start: int, cursor: int) -> _Piece:
    """Find the rest of a paragraph, if it is shorter than a seed, soon after the piece before it."""
    rest = paragraph.text[start:]
    if len(rest) >= SEED_LETTERS:
        return _Piece(start, 0, 0)
    at = page.text.find(rest, cursor, cursor + NEAR_LETTERS)
    is_whole = at >= 0 and page.is_boundary(at) and page.is_boundary(at + len(rest))
    return _Piece(start, at, len(rest)) if is_whole else _Piece(start, 0, 0)


def _list_words(letters: _Letters, start: int, end: int) -> range:
    """Return the numbers of the words that have letters in a range."""
    return range(bisect_right(letters.starts, start) - 1, bisect_left(letters.starts, end))


def _list_marks(nodes: Sequence[str], page: _Letters, taken: dict[int, int]) -> Iterator[Mark]:
    """Yield a mark for each run of words of one paragraph in one node."""
    keyed = ((word - place, page.places[word][0], taken[word], word) for place, word in enumerate(sorted(taken)))
    last_node, last_end = -1, 0
    for (_, node, paragraph), group in groupby(keyed, key=lambda one: one[:3]):
        numbers = [one[3] for one in group]
        text, start, end = nodes[node], page.places[numbers[0]][1], page.places[numbers[-1]][2]
        opening = _OPENING.search(text[max(0, start - MAX_SIGNS) : start])
        closing = _CLOSING.match(text, end)
        start -= len(opening[0]) if opening else 0
        start = max(start, last_end) if node == last_node else start
        last_node, last_end = node, closing.end() if closing else end
        yield Mark(node, start, last_end, paragraph)
