"""Takes a publisher's furniture out of paragraphs.

Texts are compared by their letters and digits alone, so that neither quotes nor dashes, spaces, currency signs and
line breaks matter. What an article merely quotes stays.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from boilerplate.document import LetterDocument, Quotation, make_document, squeeze, squeeze_all
from boilerplate.furniture import Furniture, Inner, Known
from boilerplate.matcher import PATTERN, Finder, MatchedRange
from schemas.article import split_paragraphs

__all__ = ["PATTERN", "Boilerplate", "Cleaned", "Furniture", "Inner", "Quotation", "squeeze"]

BOX_LINE_CHARS = 160
"""A related box names an article by its headline; the longest slug seen has 153 characters."""

BLURB_COUNT = 3
"""Of paragraphs: one for each author, and no opinion piece has more than three."""

_SIGNS = re.compile(r"[^\w\s]*")
_ORNAMENTS = ("×", "©")  # what stands before a message and belongs to it …
_LOOSE_ORNAMENTS = ("…", ".")  # … and what else ends the sentence before


@dataclass(frozen=True)
class Cleaned:
    """Paragraphs without furniture, and the furniture that stood among them."""

    paragraphs: tuple[str, ...]
    removed: tuple[str, ...]
    names: frozenset[str]
    """The furniture that was recognised beyond doubt: evidence of the publisher."""
    has_lone_appeal: bool = False
    """Whether a sentence of an appeal went that stood by itself: an article may say one."""


class _Piece(NamedTuple):
    """A paragraph, or a part of one, while it is judged."""

    text: str
    key: str
    name: str
    """The furniture that it is beyond doubt; empty for all else."""


@dataclass(frozen=True)
class Boilerplate:
    """A publisher's furniture, compiled once."""

    furniture: tuple[Furniture, ...] = ()
    pattern: re.Pattern[str] | None = None
    """Lines with a changing part, matched against a paragraph's whole rest."""
    labels: frozenset[str] = frozenset()
    """Squeezed labels that begin a related box."""
    box_end: re.Pattern[str] | None = None
    """The last line of a related box."""
    blurb_start: str = ""
    """The squeezed line below which an article's author is introduced …"""
    blurb_end: re.Pattern[str] | None = None
    """… up to this one."""

    @cached_property
    def _known(self) -> Known:
        return Known(self.furniture)

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self._known, self.pattern)

    def remove(self, paragraphs: Sequence[str], *, edges: bool = True) -> Cleaned:
        """The paragraphs without furniture; one that begins or ends in it keeps its own part.

        `edges`: the page may still stand around the text, so that a weak line at its top or end is the page's, and so
        is one beside any furniture. Where the page's structure has cut it off, a weak line goes with its own message,
        and an appeal's sentence that begins a paragraph needs another beside it, unless the text ends with it.
        """
        if not self.furniture:
            return Cleaned(tuple(paragraphs), (), frozenset())
        keys = squeeze_all(paragraphs)
        document = make_document(paragraphs, keys)
        runs = self._finder.find(document)
        if not edges:
            runs = [run for run in runs if self._is_message(document, run)]
        if not runs and self._doubtful.isdisjoint(keys):  # most texts of pages
            return Cleaned(tuple(paragraphs), (), frozenset())
        pieces = list(_part(document, keys, runs))
        kept = self._judge(pieces, edges=edges)
        return Cleaned(
            tuple(piece.text for piece, keep in zip(pieces, kept, strict=True) if keep),
            tuple(piece.text for piece, keep in zip(pieces, kept, strict=True) if not keep),
            frozenset(run.name for run in runs),
            any(self._is_lone_appeal(document, run) for run in runs),
        )

    @cached_property
    def _doubtful(self) -> frozenset[str]:
        """What may be furniture as a paragraph, by what stands around it."""
        return self.labels | self._known.weak.keys()

    @cached_property
    def _appeals(self) -> frozenset[str]:
        return frozenset(item.name for item in self.furniture if item.is_appeal)

    def _is_message(self, document: LetterDocument, run: MatchedRange) -> bool:
        """Whether furniture in a page's text is more than one sentence of an appeal, which an article may say.

        Glued behind another sentence it is an appeal all the same: articles begin a paragraph with it, if at all.
        """
        is_doubtful = document.is_edge(run.start) and self._is_lone_appeal(document, run)
        return not is_doubtful or run.end == len(document.letters)

    def _is_lone_appeal(self, document: LetterDocument, run: MatchedRange) -> bool:
        """Whether furniture is one sentence of an appeal, with none of its words behind it."""
        if run.name not in self._appeals or run.told_count > 1:
            return False
        return self._known.skip_weak(document.letters, run.end) == run.end

    def find_leaks(self, body: str) -> list[str]:
        """The furniture left in a body whose paragraphs are parted by blank lines."""
        paragraphs = [part for part in split_paragraphs(body) if part.strip()]
        weak = [part for part in paragraphs if squeeze(part) in self._known.weak]
        removed = self.remove(paragraphs).removed
        return [*removed, *(part for part in weak if part not in removed)]

    def _judge(self, pieces: list[_Piece], *, edges: bool) -> list[bool]:
        """Which pieces stay, once each has been seen beside its neighbours."""
        kept = [not piece.name for piece in pieces]
        self._drop_boxes(pieces, kept)
        self._drop_blurbs(pieces, kept)
        weak = [
            keep and piece.key in self._known.weak and not isinstance(piece.text, Quotation)
            for piece, keep in zip(pieces, kept, strict=True)
        ]
        self._find_stumps(pieces, kept, weak)
        index = 0
        while index < len(pieces):
            end = index
            while end < len(pieces) and weak[end]:
                end += 1
            if end > index:
                self._judge_weak(pieces, kept, index, end, edges=edges)
            index = max(end, index + 1)
        return kept

    def _judge_weak(self, pieces: list[_Piece], kept: list[bool], start: int, end: int, *, edges: bool) -> None:
        """Weak lines in a row, from one piece up to another: they go by what stands around them."""
        beside = [at for at in (start - 1, end) if 0 <= at < len(pieces) and not kept[at]]
        if edges:
            is_outside = start == 0 or end == len(pieces) or bool(beside)
            kept[start:end] = [not is_outside] * (end - start)
            return
        names = {pieces[at].name for at in beside}
        for at in range(start, end):
            kept[at] = names.isdisjoint(self._known.weak.get(pieces[at].key, names))

    def _find_stumps(self, pieces: list[_Piece], kept: list[bool], weak: list[bool]) -> None:
        """Marks a short stump of a line where the text breaks off (or sets in) right beside other furniture."""
        ends = (range(len(pieces)), range(len(pieces) - 1, -1, -1))
        for order, is_cut in zip(ends, (self._known.ends_line, self._known.begins_line), strict=True):
            first = next(iter(order), 0)
            beside = next((at for at in order[1:] if not weak[at]), first)
            if beside != first and kept[first] and not kept[beside] and is_cut(pieces[first].key):
                weak[first] = True

    def _drop_boxes(self, pieces: list[_Piece], kept: list[bool]) -> None:
        """Related boxes in plain text: a label, a headline, and the line that always ends them."""
        if self.box_end is None:
            return
        for index, (label, title, end) in enumerate(zip(pieces, pieces[1:], pieces[2:], strict=False)):
            is_box = label.key in self.labels and len(title.text) <= BOX_LINE_CHARS
            if is_box and self.box_end.fullmatch(end.text.strip()):
                kept[index : index + 3] = [False] * 3

    def _drop_blurbs(self, pieces: list[_Piece], kept: list[bool]) -> None:
        """What is said of the author in plain text, between two lines of the page that always stand around it."""
        if self.blurb_end is None:
            return
        starts = [at for at, piece in enumerate(pieces) if piece.name and squeeze(piece.text) == self.blurb_start]
        for start in starts:
            for end in range(start + 1, min(start + 2 + BLURB_COUNT, len(pieces))):
                if self.blurb_end.match(pieces[end].text):
                    kept[start + 1 : end] = [False] * (end - start - 1)
                    break


def _part(document: LetterDocument, keys: Sequence[str], runs: Sequence[MatchedRange]) -> Iterator[_Piece]:
    """The paragraphs, those with furniture in them in pieces."""
    todo = list(reversed(runs))
    for index, paragraph in enumerate(document.paragraphs):
        start, end = document.starts[index], document.starts[index + 1]
        while todo and todo[-1].end <= start:
            todo.pop()
        if not todo or todo[-1].start >= end:
            yield _Piece(paragraph, keys[index], "")
        elif start == end:  # signs alone, in the midst of a message
            yield _Piece(paragraph, keys[index], todo[-1].name)
        else:
            places = document.find_places(index) or range(end - start)
            yield from _cut(paragraph, places, _take_runs(todo, end), start)


def _take_runs(todo: list[MatchedRange], end: int) -> Iterator[MatchedRange]:
    """Takes from a list, last first, the runs that begin before a place; one that goes on behind it stays there."""
    while todo and todo[-1].start < end:
        yield todo[-1]
        if todo[-1].end > end:
            return
        todo.pop()


def _cut(text: str, places: Sequence[int], runs: Iterator[MatchedRange], offset: int) -> Iterator[_Piece]:
    """The pieces of a paragraph; `offset` is where its letters begin."""
    done = 0
    for run in runs:
        start, end = max(run.start - offset, 0), min(run.end - offset, len(places))
        low = places[start] if start else 0
        signs = _SIGNS.match(text, places[end - 1] + 1)
        high = signs.end() if signs and end < len(places) else len(text)
        if kept := _strip_ornament(text[done:low]):
            yield _Piece(kept, squeeze(kept), "")
        yield _Piece(text[low:high].strip(), "", run.name)
        done = high
    if rest := text[done:].strip():
        yield _Piece(rest, squeeze(rest), "")


def _strip_ornament(text: str) -> str:
    text = text.strip()
    while text.endswith(_ORNAMENTS) or (text.endswith(_LOOSE_ORNAMENTS) and not text[-2:-1].strip()):
        text = text[:-1].rstrip()
    return text
