"""A publisher's furniture as data, and its lines indexed by their letters."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from boilerplate.document import squeeze

CUT_CHARS = 24
"""Letters that a cut line must keep to be known by itself: about five words; fewer may begin any sentence."""

OPENED_CHARS = 260
"""The letters of a furniture sentence of which only the beginning is known: twice the longest that is known whole."""

CHAIN_COUNT = 64
"""Of lines that are followed at once: twice what the longest message has. What goes on is the next chain."""

_HEAD = 4  # letters by which lines are indexed; every known line has as many, or is indexed by all it has
_WORD = re.compile(r"[^\W_]+")
_OPENS_QUOTE = re.compile(r"(?<![^\W_])[\"'“‘«]{1,9}+(?=[^\W_])")
_ENDS_WORD = re.compile(r"(?<=[^\W_])(?![^\W_])")
_ENDS_SENTENCE = re.compile(r"[.!?:][\"'”’]*(?=\s|$)")


class Inner(str):
    """A line that an article may say too: furniture as a paragraph, but within one only beside other lines.

    All other lines are furniture wherever they are a whole sentence.
    """

    __slots__ = ()


@dataclass(frozen=True)
class Furniture:
    """Lines that stand together on the publisher's pages during one period."""

    name: str
    lines: tuple[str, ...] = ()
    """In the publisher's order. One that ends in `…` is known by its beginning alone."""
    weak: tuple[str, ...] = ()
    """Single words and labels that an article may have too: they count beside other furniture alone."""
    is_appeal: bool = False
    """Whether it is what the newspaper asks of its readers, sentence by sentence: an article may say one of them."""


class Line(NamedTuple):
    """A line as it is compared."""

    key: str
    name: str
    letters: str
    """As `key`, in the case that the publisher writes."""
    is_alone: bool
    """Whether it is furniture within an article's paragraph with no other line beside it."""
    sentence_ends: frozenset[int]
    """After how many letters one of its sentences ends."""
    word_ends: frozenset[int]
    """After how many letters one of its words ends."""
    quotes: frozenset[int]
    """After how many letters quotation marks open in it."""


class Link(NamedTuple):
    """One line of a chain, found in a text's letters."""

    end: int
    line: Line | None
    """None for a weak one."""


@dataclass(frozen=True)
class Known:
    """All lines of a publisher's furniture."""

    furniture: tuple[Furniture, ...]

    @cached_property
    def lines(self) -> dict[str, Line]:
        """Letters -> line, of those that are furniture beyond doubt."""
        made = (
            _make_line(text, item.name, is_alone=not isinstance(text, Inner))
            for item in self.furniture
            for text in item.lines
            if not text.endswith("…")
        )
        return {line.key: line for line in made}

    @cached_property
    def openings(self) -> tuple[Line, ...]:
        """The beginnings of lines whose end is not known."""
        return tuple(
            _make_line(text, item.name, is_alone=True)
            for item in self.furniture
            for text in item.lines
            if text.endswith("…")
        )

    @cached_property
    def weak(self) -> dict[str, frozenset[str]]:
        """Letters of a weak line -> the furniture that it may belong to."""
        found: dict[str, set[str]] = defaultdict(set)
        for item in self.furniture:
            for text in item.weak:
                found[squeeze(text)].add(item.name)
        return {key: frozenset(names) for key, names in found.items()}

    @cached_property
    def beginnings(self) -> re.Pattern[str]:
        """How a sentence in lower case begins that may be furniture; the quick test that nearly every text fails."""
        heads = {rf"{_spell_head(text, 9, 99)}(?!\w)" for item in self.furniture for text in item.weak}
        for text in (text for item in self.furniture for text in item.lines):
            # Nothing shorter than `CUT_CHARS` counts of some, and their first words begin many a sentence.
            is_long = isinstance(text, Inner) or text.endswith("…")
            heads.add(_spell_head(text, 4, 99) if is_long else _spell_head(text, 3, 1))
        return re.compile("|".join(sorted(filter(None, heads - {r"(?!\w)"}))) or r"(?!)")

    @cached_property
    def grams(self) -> dict[str, list[tuple[Line, int]]]:
        """Any `CUT_CHARS` letters of a line -> line and offset."""
        found: dict[str, list[tuple[Line, int]]] = defaultdict(list)
        for line in self.lines.values():
            for offset in range(len(line.key) - CUT_CHARS + 1):
                found[line.key[offset : offset + CUT_CHARS]].append((line, offset))
        return dict(found)

    @cached_property
    def _starts(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for key in sorted({*self.lines, *self.weak}, key=len, reverse=True):
            found[key[:_HEAD]].append(key)
        return dict(found)

    def follow(self, letters: str, at: int) -> list[Link]:
        """The lines that stand one after another from this place on, each the longest that fits."""
        links: list[Link] = []
        while len(links) < CHAIN_COUNT and (key := self._match(letters, at)):
            at += len(key)
            links.append(Link(at, self.lines.get(key)))
        return links

    def skip_weak(self, letters: str, at: int) -> int:
        """Where the weak lines end that stand one after another from this place on; nothing can begin among them."""
        links = self.follow(letters, at)
        return links[-1].end if links and not any(link.line for link in links) else at

    def _match(self, letters: str, at: int) -> str:
        return next((key for key in self._starts.get(letters[at : at + _HEAD], ()) if letters.startswith(key, at)), "")

    @cached_property
    def _by_letter(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines.values():
            found[line.key[0]].append(line)
        return dict(found)

    def find_stumps(self, letters: str, at: int, shared_chars: int) -> Iterator[tuple[Line, int]]:
        """The lines that share so many letters with what begins here, each with the end of all that it shares."""
        head = letters[at : at + shared_chars]
        for line in self._by_letter.get(head[:1], ()):
            if line.key.startswith(head):
                yield line, at + count_shared(line.key, letters[at : at + len(line.key)])

    def ends_line(self, letters: str) -> bool:
        """Whether a known line ends with these letters."""
        return any(key.endswith(letters) for key in (*self.lines, *self.weak))

    def begins_weak(self, letters: str, name: str) -> bool:
        """Whether a weak line of this furniture begins with these letters."""
        return any(key.startswith(letters) and name in names for key, names in self.weak.items())

    def begins_line(self, letters: str) -> bool:
        """Whether a known line begins with these letters."""
        return any(key.startswith(letters) for key in (*self.lines, *self.weak))


def count_shared(one: str, other: str) -> int:
    """How many letters two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # halving compares whole slices, which is far quicker than letter by letter
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _make_line(text: str, name: str, *, is_alone: bool) -> Line:
    letters = "".join(char for char in text if char.isalnum())
    marks = (_count_letters(text, find.finditer(text)) for find in (_ENDS_SENTENCE, _ENDS_WORD, _OPENS_QUOTE))
    return Line(squeeze(text), name, letters, is_alone, *marks)


def _count_letters(text: str, matches: Iterable[re.Match[str]]) -> frozenset[int]:
    return frozenset(sum(map(str.isalnum, text[: match.start()])) for match in matches)


def _spell_head(text: str, word_count: int, last_chars: int) -> str:
    """An expression for the first words, the last of them down to so many letters, whatever signs stand between."""
    words = _WORD.findall(text.lower())[:word_count]
    if len(words) == word_count:
        words[-1] = words[-1][:last_chars]
    return r"\W{1,3}".join(map(re.escape, words))
