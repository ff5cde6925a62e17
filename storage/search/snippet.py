"""Where a query's words stand in a text, and the piece of it that shows the most of them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import islice
from typing import NamedTuple

from schemas.search import Mark
from storage.search.document import MOST_LETTERS
from storage.search.match import WordSequence
from storage.search.word import Spelling

SNIPPET_WORDS = 30
"""Two lines of a terminal."""

LEAD_WORDS = 6
"""Before the first hit: enough to see whose word it is."""

CUT = "…"


class Snippet(NamedTuple):
    """A piece of a text, and the hits in it."""

    text: str
    marks: tuple[Mark, ...]


class _Found(NamedTuple):
    """A hit: which run, and its first and last words by their numbers in the text."""

    run: int
    first: int
    last: int


def find_marks(text: str, runs: Sequence[WordSequence]) -> tuple[Mark, ...]:
    """Every hit in a text."""
    spelling = Spelling(text)
    found = _find(spelling.words, runs)
    if not found:
        return ()
    places = spelling.locate(0, len(spelling.words) - 1)
    return _merge([(places[one.first][0], places[one.last][1]) for one in found])


def cut_snippet(text: str, runs: Sequence[WordSequence]) -> Snippet:
    """About 30 words around the hits: where the most different ones stand together, the first of such places."""
    spelling = Spelling(text[:MOST_LETTERS])
    if not spelling.words:
        return Snippet("", ())
    found = _find(spelling.words, runs)
    first = max(_choose_start(found) - LEAD_WORDS, 0)
    last = min(first + SNIPPET_WORDS, len(spelling.words)) - 1
    places = spelling.locate(first, last)
    is_cut = last < len(spelling.words) - 1 or len(text) > MOST_LETTERS
    start, end = (places[0][0] if first else 0), (places[-1][1] if is_cut else len(text))
    before = CUT if first else ""
    shift = len(before) - start
    shown = [one for one in found if first <= one.first and one.last <= last]
    marks = _merge([(places[one.first - first][0] + shift, places[one.last - first][1] + shift) for one in shown])
    # The ends of paragraphs become spaces one by one: the places of the hits stay the same.
    piece = text[start:end].replace("\n", " ")
    return Snippet(f"{before}{piece}{CUT if is_cut else ''}", marks)


def _find(words: Sequence[str], runs: Sequence[WordSequence]) -> list[_Found]:
    """In the order of the text."""
    starts: dict[str, list[int]] = defaultdict(list)
    for number, run in enumerate(runs):
        starts["" if run.is_prefix and len(run.words) == 1 else run.words[0]].append(number)
    begun = starts.pop("", [])
    prefixes = tuple(runs[number].words[0] for number in begun)
    near = [place for place, word in enumerate(words) if word in starts or (prefixes and word.startswith(prefixes))]
    return [
        _Found(number, place, place + len(runs[number].words) - 1)
        for place in near
        for number in (*starts.get(words[place], ()), *begun)
        if _stands_at(words, place, runs[number])
    ]


def _stands_at(words: Sequence[str], place: int, run: WordSequence) -> bool:
    here, wanted = words[place : place + len(run.words)], list(run.words)
    if not run.is_prefix:
        return here == wanted
    return len(here) == len(wanted) and here[:-1] == wanted[:-1] and here[-1].startswith(wanted[-1])


def _choose_start(found: Sequence[_Found]) -> int:
    """The word of the first hit in the best place; 0 without hits."""
    best, most = 0, 0
    for number, one in enumerate(found):
        last = one.first + SNIPPET_WORDS - LEAD_WORDS
        near = {other.run for other in islice(found, number, number + SNIPPET_WORDS) if other.last < last}
        if len(near) > most:
            best, most = one.first, len(near)
    return best


def _merge(marks: Collection[Mark]) -> tuple[Mark, ...]:
    """In their order; those that overlap become one."""
    merged: list[Mark] = []
    for start, end in sorted(marks):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
