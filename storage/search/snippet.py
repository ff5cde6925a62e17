"""Find a query's hits in a text, and cut the snippet that shows the most of them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import islice
from typing import NamedTuple

from schemas.search import Mark
from storage.search.document import MAX_LETTERS
from storage.search.match import WordSequence
from storage.search.word import Spelling

SNIPPET_WORDS = 30
"""Words of a snippet: two lines of a terminal."""

LEAD_WORDS = 6
"""Words before the first hit, for context."""

ELLIPSIS = "…"


class Snippet(NamedTuple):
    """A piece of a text and the hits in it."""

    text: str
    marks: tuple[Mark, ...]


class _Found(NamedTuple):
    """A hit: the number of its sequence, and of its first and last words in the text."""

    sequence: int
    first: int
    last: int


def find_marks(text: str, sequences: Sequence[WordSequence]) -> tuple[Mark, ...]:
    """Return every hit in a text."""
    spelling = Spelling(text)
    found = _find(spelling.words, sequences)
    if not found:
        return ()
    spans = spelling.locate(0, len(spelling.words) - 1)
    return _merge([(spans[one.first][0], spans[one.last][1]) for one in found])


def cut_snippet(text: str, sequences: Sequence[WordSequence]) -> Snippet:
    """Return about 30 words where the most different hits are close together; the first such position."""
    spelling = Spelling(text[:MAX_LETTERS])
    if not spelling.words:
        return Snippet("", ())
    found = _find(spelling.words, sequences)
    first = max(_choose_start(found) - LEAD_WORDS, 0)
    last = min(first + SNIPPET_WORDS, len(spelling.words)) - 1
    spans = spelling.locate(first, last)
    is_cut = last < len(spelling.words) - 1 or len(text) > MAX_LETTERS
    start, end = (spans[0][0] if first else 0), (spans[-1][1] if is_cut else len(text))
    before = ELLIPSIS if first else ""
    shift = len(before) - start
    shown = [one for one in found if first <= one.first and one.last <= last]
    marks = _merge([(spans[one.first - first][0] + shift, spans[one.last - first][1] + shift) for one in shown])
    # Each line feed becomes one space, so that the offsets of the hits stay the same.
    piece = text[start:end].replace("\n", " ")
    return Snippet(f"{before}{piece}{ELLIPSIS if is_cut else ''}", marks)


def _find(words: Sequence[str], sequences: Sequence[WordSequence]) -> list[_Found]:
    """Return the hits in text order."""
    starts: dict[str, list[int]] = defaultdict(list)
    for number, sequence in enumerate(sequences):
        starts["" if sequence.is_prefix and len(sequence.words) == 1 else sequence.words[0]].append(number)
    prefix_numbers = starts.pop("", [])
    prefixes = tuple(sequences[number].words[0] for number in prefix_numbers)
    hit_positions = [
        position for position, word in enumerate(words) if word in starts or (prefixes and word.startswith(prefixes))
    ]
    return [
        _Found(number, position, position + len(sequences[number].words) - 1)
        for position in hit_positions
        for number in (*starts.get(words[position], ()), *prefix_numbers)
        if _matches_at(words, position, sequences[number])
    ]


def _matches_at(words: Sequence[str], position: int, sequence: WordSequence) -> bool:
    here, wanted = words[position : position + len(sequence.words)], list(sequence.words)
    if not sequence.is_prefix:
        return here == wanted
    return len(here) == len(wanted) and here[:-1] == wanted[:-1] and here[-1].startswith(wanted[-1])


def _choose_start(found: Sequence[_Found]) -> int:
    """Return the word number of the first hit of the best window; 0 if there are no hits."""
    best, most = 0, 0
    for number, one in enumerate(found):
        last = one.first + SNIPPET_WORDS - LEAD_WORDS
        nearby = {other.sequence for other in islice(found, number, number + SNIPPET_WORDS) if other.last < last}
        if len(nearby) > most:
            best, most = one.first, len(nearby)
    return best


def _merge(marks: Collection[Mark]) -> tuple[Mark, ...]:
    """Return the marks in order, with overlapping ones merged."""
    merged: list[Mark] = []
    for start, end in sorted(marks):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
