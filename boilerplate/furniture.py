"""A publisher's boilerplate texts (the furniture of its pages) as data, and an index of their lines by letters."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from boilerplate.document import squeeze

CUT_CHARS = 24
"""Letters that a cut line must still have to be recognized alone: about five words. Fewer may begin any sentence."""

OPENED_CHARS = 260
"""Most letters in a sentence of which only the beginning is known: twice the longest sentence known in full."""

CHAIN_COUNT = 64
"""Most lines in one chain: twice as many as the longest message has. Further lines start another chain."""

_HEAD = 4  # lines are indexed by their first four letters, shorter ones by all their letters
_WORD = re.compile(r"[^\W_]+")
_OPENS_QUOTE = re.compile(r"(?<![^\W_])[\"'“‘«]{1,9}+(?=[^\W_])")
_ENDS_WORD = re.compile(r"(?<=[^\W_])(?![^\W_])")
_ENDS_SENTENCE = re.compile(r"[.!?:][\"'”’]*(?=\s|$)")


class StandaloneLine(str):
    """A line that an article may use too: boilerplate as a paragraph, but within one only beside other lines.

    All other lines are boilerplate wherever they form a whole sentence.
    """

    __slots__ = ()


@dataclass(frozen=True)
class Furniture:
    """Lines that appear together on the publisher's pages during one period."""

    name: str
    lines: tuple[str, ...] = ()
    """In the publisher's order. A line that ends in `…` is matched by its beginning only."""
    weak: tuple[str, ...] = ()
    """Words and labels that an article may use too: they count only next to other boilerplate."""
    is_appeal: bool = False
    """Whether it is an appeal to the readers, sentence by sentence: an article may contain one of the sentences."""


class Line(NamedTuple):
    """A line in the form in which it is compared."""

    key: str
    name: str
    letters: str
    """Like `key`, but in the publisher's upper and lower case."""
    is_sufficient: bool
    """Whether it is boilerplate within an article's paragraph even with no other line beside it."""
    sentence_ends: frozenset[int]
    """Positions, in letters, at which its sentences end."""
    word_ends: frozenset[int]
    """Positions, in letters, at which its words end."""
    quotes: frozenset[int]
    """Positions, in letters, at which quotation marks open in it."""


class Link(NamedTuple):
    """One line of a chain of lines found in a text's letters."""

    end: int
    line: Line | None
    """None for a weak line."""


@dataclass(frozen=True)
class KnownLines:
    """The index of all boilerplate lines of a publisher."""

    furniture: tuple[Furniture, ...]

    @cached_property
    def lines(self) -> dict[str, Line]:
        """Letters -> line, for the lines that are certainly boilerplate."""
        made = (
            _make_line(text, item.name, is_sufficient=not isinstance(text, StandaloneLine))
            for item in self.furniture
            for text in item.lines
            if not text.endswith("…")
        )
        return {line.key: line for line in made}

    @cached_property
    def openings(self) -> tuple[Line, ...]:
        """The lines of which only the beginning is known."""
        return tuple(
            _make_line(text, item.name, is_sufficient=True)
            for item in self.furniture
            for text in item.lines
            if text.endswith("…")
        )

    @cached_property
    def weak(self) -> dict[str, frozenset[str]]:
        """Letters of a weak line -> names of the furniture that it may belong to."""
        found: dict[str, set[str]] = defaultdict(set)
        for item in self.furniture:
            for text in item.weak:
                found[squeeze(text)].add(item.name)
        return {key: frozenset(names) for key, names in found.items()}

    @cached_property
    def beginnings(self) -> re.Pattern[str]:
        """Matches the lower-case beginning of a sentence that may be boilerplate: a quick test that few texts pass."""
        heads = {rf"{_spell_head(text, 9, 99)}(?!\w)" for item in self.furniture for text in item.weak}
        for text in (text for item in self.furniture for text in item.lines):
            # These lines need at least `CUT_CHARS` letters to count, and their first words begin many other sentences.
            is_long = isinstance(text, StandaloneLine) or text.endswith("…")
            heads.add(_spell_head(text, 4, 99) if is_long else _spell_head(text, 3, 1))
        return re.compile("|".join(sorted(filter(None, heads - {r"(?!\w)"}))) or r"(?!)")

    @cached_property
    def grams(self) -> dict[str, list[tuple[Line, int]]]:
        """Any `CUT_CHARS` consecutive letters of a line -> lines and offsets."""
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

    def find_chain(self, letters: str, at: int) -> list[Link]:
        """Return the lines that follow one another from this position, each the longest that matches."""
        links: list[Link] = []
        while len(links) < CHAIN_COUNT and (key := self._match(letters, at)):
            at += len(key)
            links.append(Link(at, self.lines.get(key)))
        return links

    def skip_weak(self, letters: str, at: int) -> int:
        """Return the end of the weak lines that begin here; `at` if none do or if another line is among them."""
        links = self.find_chain(letters, at)
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
        """Yield the lines whose first `shared_chars` letters match here, each with the end of all that matches."""
        head = letters[at : at + shared_chars]
        for line in self._by_letter.get(head[:1], ()):
            if line.key.startswith(head):
                yield line, at + count_shared(line.key, letters[at : at + len(line.key)])

    def ends_line(self, letters: str) -> bool:
        """Return whether a known line ends with these letters."""
        return any(key.endswith(letters) for key in (*self.lines, *self.weak))

    def begins_weak(self, letters: str, name: str) -> bool:
        """Return whether a weak line of the named furniture begins with these letters."""
        return any(key.startswith(letters) and name in names for key, names in self.weak.items())

    def begins_line(self, letters: str) -> bool:
        """Return whether a known line begins with these letters."""
        return any(key.startswith(letters) for key in (*self.lines, *self.weak))


def count_shared(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # bisection compares whole slices, which is far faster than letter by letter
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _make_line(text: str, name: str, *, is_sufficient: bool) -> Line:
    letters = "".join(char for char in text if char.isalnum())
    marks = (_count_letters(text, find.finditer(text)) for find in (_ENDS_SENTENCE, _ENDS_WORD, _OPENS_QUOTE))
    return Line(squeeze(text), name, letters, is_sufficient, *marks)


def _count_letters(text: str, matches: Iterable[re.Match[str]]) -> frozenset[int]:
    return frozenset(sum(map(str.isalnum, text[: match.start()])) for match in matches)


def _spell_head(text: str, word_count: int, last_chars: int) -> str:
    """Return a pattern for the first words, with any punctuation between; the last is cut to `last_chars` letters."""
    words = _WORD.findall(text.lower())[:word_count]
    if len(words) == word_count:
        words[-1] = words[-1][:last_chars]
    return r"\W{1,3}".join(map(re.escape, words))
