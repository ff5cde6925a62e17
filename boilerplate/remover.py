"""Removes a publisher's boilerplate from paragraphs.

Texts are compared by letters and digits only, so quotes, dashes, spaces, currency signs and line breaks do not
matter. What an article merely quotes is kept.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from boilerplate.document import LetterDocument, Quotation, make_document, squeeze, squeeze_all
from boilerplate.furniture import Furniture, KnownLines, StandaloneLine
from boilerplate.matcher import PATTERN, Finder, MatchedRange
from schemas.article import split_paragraphs

__all__ = ["PATTERN", "Boilerplate", "Cleaned", "Furniture", "Quotation", "StandaloneLine", "squeeze"]

BOX_LINE_CHARS = 160
"""Longest headline in a related box: the longest slug seen has 153 characters."""

BLURB_COUNT = 3
"""Most paragraphs about authors: one for each, and no opinion piece has more than three."""

_SIGNS = re.compile(r"[^\w\s]*")
_ORNAMENTS = ("×", "©")  # signs that precede a message and belong to it …
_LOOSE_ORNAMENTS = ("…", ".")  # … and signs that may also end the sentence before it


@dataclass(frozen=True)
class Cleaned:
    """Paragraphs without boilerplate, and the boilerplate removed from them."""

    paragraphs: tuple[str, ...]
    removed: tuple[str, ...]
    names: frozenset[str]
    """Names of the furniture that was recognized with certainty: evidence of the publisher."""
    has_lone_appeal: bool = False
    """Whether a single sentence of an appeal was removed: an article may contain one."""


class _Piece(NamedTuple):
    """A paragraph, or a part of one, that is to be classified."""

    text: str
    key: str
    name: str
    """Name of the furniture that it certainly is; empty otherwise."""


@dataclass(frozen=True)
class Boilerplate:
    """A publisher's boilerplate rules, compiled once."""

    furniture: tuple[Furniture, ...] = ()
    pattern: re.Pattern[str] | None = None
    """Matches lines with a variable part, up to the end of the paragraph."""
    labels: frozenset[str] = frozenset()
    """Squeezed labels that begin a related box."""
    box_end: re.Pattern[str] | None = None
    """The last line of a related box."""
    blurb_start: str = ""
    """The squeezed line above the introduction of the article's author …"""
    blurb_end: re.Pattern[str] | None = None
    """… and the line below it."""

    @cached_property
    def _known(self) -> KnownLines:
        return KnownLines(self.furniture)

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self._known, self.pattern)

    def remove(self, paragraphs: Sequence[str], *, edges: bool = True) -> Cleaned:
        """Return the paragraphs without boilerplate; a paragraph that only begins or ends with it keeps the rest.

        `edges`: the text may still include parts of the page around the article. A weak line at its top or end, or
        beside any furniture, is then removed. Without `edges` (the page's structure has delimited the text), a weak
        line is removed only with its own message, and a sentence of an appeal that begins a paragraph only beside
        another or at the end of the text.
        """
        if not self.furniture:
            return Cleaned(tuple(paragraphs), (), frozenset())
        keys = squeeze_all(paragraphs)
        document = make_document(paragraphs, keys)
        runs = self._finder.find(document)
        if not edges:
            runs = [run for run in runs if self._is_message(document, run)]
        if not runs and self._doubtful.isdisjoint(keys):  # most page texts
            return Cleaned(tuple(paragraphs), (), frozenset())
        pieces = list(_split_pieces(document, keys, runs))
        kept = self._judge(pieces, edges=edges)
        return Cleaned(
            tuple(piece.text for piece, keep in zip(pieces, kept, strict=True) if keep),
            tuple(piece.text for piece, keep in zip(pieces, kept, strict=True) if not keep),
            frozenset(run.name for run in runs),
            any(self._is_lone_appeal(document, run) for run in runs),
        )

    @cached_property
    def _doubtful(self) -> frozenset[str]:
        """Keys of paragraphs that may be boilerplate, depending on their neighbours."""
        return self.labels | self._known.weak.keys()

    @cached_property
    def _appeals(self) -> frozenset[str]:
        return frozenset(item.name for item in self.furniture if item.is_appeal)

    def _is_message(self, document: LetterDocument, run: MatchedRange) -> bool:
        """Return whether a match is more than one sentence of an appeal, which an article may contain.

        Appended to another sentence it is an appeal all the same: an article would begin a paragraph with it.
        """
        is_doubtful = document.is_edge(run.start) and self._is_lone_appeal(document, run)
        return not is_doubtful or run.end == len(document.letters)

    def _is_lone_appeal(self, document: LetterDocument, run: MatchedRange) -> bool:
        """Return whether a match is a single sentence of an appeal, with no weak line after it."""
        if run.name not in self._appeals or run.evidence_count > 1:
            return False
        return self._known.skip_weak(document.letters, run.end) == run.end

    def find_leaks(self, body: str) -> list[str]:
        """Return the boilerplate left in a body whose paragraphs are separated by blank lines."""
        paragraphs = [part for part in split_paragraphs(body) if part.strip()]
        weak = [part for part in paragraphs if squeeze(part) in self._known.weak]
        removed = self.remove(paragraphs).removed
        return [*removed, *(part for part in weak if part not in removed)]

    def _judge(self, pieces: list[_Piece], *, edges: bool) -> list[bool]:
        """Return whether each piece is kept, judged with its neighbours."""
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
        """Drop or keep consecutive weak lines (`start` up to `end`), depending on their neighbours."""
        beside = [at for at in (start - 1, end) if 0 <= at < len(pieces) and not kept[at]]
        if edges:
            is_outside = start == 0 or end == len(pieces) or bool(beside)
            kept[start:end] = [not is_outside] * (end - start)
            return
        names = {pieces[at].name for at in beside}
        for at in range(start, end):
            kept[at] = names.isdisjoint(self._known.weak.get(pieces[at].key, names))

    def _find_stumps(self, pieces: list[_Piece], kept: list[bool], weak: list[bool]) -> None:
        """Mark as weak a short fragment of a line at the text's end (or beginning), next to other boilerplate."""
        ends = (range(len(pieces)), range(len(pieces) - 1, -1, -1))
        for order, is_cut in zip(ends, (self._known.ends_line, self._known.begins_line), strict=True):
            first = next(iter(order), 0)
            beside = next((at for at in order[1:] if not weak[at]), first)
            if beside != first and kept[first] and not kept[beside] and is_cut(pieces[first].key):
                weak[first] = True

    def _drop_boxes(self, pieces: list[_Piece], kept: list[bool]) -> None:
        """Drop related boxes in plain text: a label, a headline, and the line that always ends the box."""
        if self.box_end is None:
            return
        for index, (label, title, end) in enumerate(zip(pieces, pieces[1:], pieces[2:], strict=False)):
            is_box = label.key in self.labels and len(title.text) <= BOX_LINE_CHARS
            if is_box and self.box_end.fullmatch(end.text.strip()):
                kept[index : index + 3] = [False] * 3

    def _drop_blurbs(self, pieces: list[_Piece], kept: list[bool]) -> None:
        """Drop the author's introduction in plain text, between the two lines that always enclose it."""
        if self.blurb_end is None:
            return
        starts = [at for at, piece in enumerate(pieces) if piece.name and squeeze(piece.text) == self.blurb_start]
        for start in starts:
            for end in range(start + 1, min(start + 2 + BLURB_COUNT, len(pieces))):
                if self.blurb_end.match(pieces[end].text):
                    kept[start + 1 : end] = [False] * (end - start - 1)
                    break


def _split_pieces(document: LetterDocument, keys: Sequence[str], runs: Sequence[MatchedRange]) -> Iterator[_Piece]:
    """Yield the paragraphs, splitting those that contain boilerplate."""
    todo = list(reversed(runs))
    for index, paragraph in enumerate(document.paragraphs):
        start, end = document.starts[index], document.starts[index + 1]
        while todo and todo[-1].end <= start:
            todo.pop()
        if not todo or todo[-1].start >= end:
            yield _Piece(paragraph, keys[index], "")
        elif start == end:  # punctuation only, inside a message
            yield _Piece(paragraph, keys[index], todo[-1].name)
        else:
            offsets = document.find_offsets(index) or range(end - start)
            yield from _cut(paragraph, offsets, _pop_runs(todo, end), start)


def _pop_runs(todo: list[MatchedRange], end: int) -> Iterator[MatchedRange]:
    """Pop and yield, from the end of the list, the runs that begin before `end`; one that continues past it stays."""
    while todo and todo[-1].start < end:
        yield todo[-1]
        if todo[-1].end > end:
            return
        todo.pop()


def _cut(text: str, offsets: Sequence[int], runs: Iterator[MatchedRange], offset: int) -> Iterator[_Piece]:
    """Yield the pieces of a paragraph; `offset` is the position of its first letter."""
    done = 0
    for run in runs:
        start, end = max(run.start - offset, 0), min(run.end - offset, len(offsets))
        low = offsets[start] if start else 0
        signs = _SIGNS.match(text, offsets[end - 1] + 1)
        high = signs.end() if signs and end < len(offsets) else len(text)
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
