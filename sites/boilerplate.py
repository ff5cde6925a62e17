"""Finds a publisher's furniture among paragraphs: whole lines, glued lines, and messages that were cut.

Texts are compared by their letters and digits alone, so that neither quotes nor dashes, spaces, currency signs and
line breaks matter. What an article merely quotes stays: inside a paragraph only a run of several lines is cut out.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from unicodedata import normalize

CUT_CHARS = 24
"""Letters that a cut line must keep to be known by itself: about five words; fewer may begin any sentence."""

RUN_CHARS = 100
"""Letters that a run of lines within an article's paragraph must have: more than anybody quotes in one breath."""

RUN_STRIDE = 48
"""Letters from one look into a paragraph to the next. Each message has a line of `RUN_STRIDE + CUT_CHARS` or more."""

PATTERN_CHARS = 350
"""No line with a changing part is longer: tags are a few short words each."""

OPENED_CHARS = 260
"""The letters of a furniture sentence of which only the beginning is known: twice the longest that is known whole."""

PATTERN = "pattern"
"""The name of what is furniture by its form. Other publishers have it too: it does not tell whose a text is."""

BOX_LINE_CHARS = 160
"""A related box names an article by its headline; the longest slug seen has 153 characters."""

_HEAD = 4  # letters by which lines are indexed; every known line has as many, or is indexed by all it has
_NO_LETTER = re.compile(r"[\W_]+")
_COMMON_SIGNS = "“”‘’—–…"
_ASCII_SIGNS = {code: None for code in range(128) if not chr(code).isalnum()}
_ASCII_SIGNS_IN_LINES = {code: None for code in _ASCII_SIGNS if code != ord("\n")}
_ENDS_SENTENCE = re.compile(r"[.!?…×)\]”’\"'»]$")
_NEXT_SENTENCE = re.compile(r"[.!?]['\")\]”’]*\s+['\"“‘(]?[^\W\d_a-zа-я]")
_OPENS_QUOTE = re.compile(r"(?:^|\s)[\"'“‘«(\[]+$")
_CLOSES_QUOTE = "\"'”’»"
_SIGNS = re.compile(r"[^\w\s]*")
_ORNAMENT = re.compile(r"[\s…×]+$")  # what stands before a message and belongs to it


def squeeze(text: str) -> str:
    """The letters and digits of a text in one case; the text itself where it has none."""
    if not text.isascii():
        text = normalize("NFKC", text)
        for sign in _COMMON_SIGNS:
            text = text.replace(sign, "")
    folded = text.casefold()
    # Deleting from pure ASCII is ten times as quick as the expression, and most paragraphs are pure by now.
    letters = folded.translate(_ASCII_SIGNS) if folded.isascii() else _NO_LETTER.sub("", folded)
    return letters or text.strip()


def squeeze_all(texts: Sequence[str]) -> list[str]:
    """The same for each of several texts, at once where they are plain: a call for each takes three times as long."""
    joined = "\n".join(texts)
    for sign in _COMMON_SIGNS:
        joined = joined.replace(sign, "")
    if not joined.isascii():
        return [squeeze(text) for text in texts]
    keys = joined.casefold().translate(_ASCII_SIGNS_IN_LINES).split("\n")
    if len(keys) != len(texts):  # a text has line breaks of its own
        return [squeeze(text) for text in texts]
    return [key or text.strip() for key, text in zip(keys, texts, strict=True)]


@dataclass(frozen=True)
class Furniture:
    """Lines that stand together on the publisher's pages during one period."""

    name: str
    lines: tuple[str, ...]
    """A line that ends in `…` is known by its beginning alone."""
    weak: tuple[str, ...] = ()
    """Lines that an article may have too: they count beside other furniture, or at the very top or end."""


@dataclass(frozen=True)
class Cleaned:
    """Paragraphs without furniture, and the furniture that stood among them."""

    paragraphs: tuple[str, ...]
    removed: tuple[str, ...]
    names: frozenset[str]
    """The furniture that was recognised beyond doubt: evidence of the publisher."""


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
    """Lines with a changing part, matched against the whole paragraph."""
    labels: frozenset[str] = frozenset()
    """Squeezed labels that begin a related box."""
    box_end: re.Pattern[str] | None = None
    """The last line of a related box."""
    _whole: dict[str, str] = field(init=False, repr=False, default_factory=dict)
    _weak: frozenset[str] = field(init=False, repr=False, default=frozenset())
    _openings: tuple[tuple[str, str], ...] = field(init=False, repr=False, default=())
    _starts: dict[str, list[str]] = field(init=False, repr=False, default_factory=lambda: defaultdict(list))
    _ends: dict[str, list[str]] = field(init=False, repr=False, default_factory=lambda: defaultdict(list))
    _grams: dict[str, list[tuple[str, int]]] = field(init=False, repr=False, default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        # A frozen dataclass's derived fields can only be set past the freeze.
        object.__setattr__(self, "_weak", frozenset(squeeze(line) for item in self.furniture for line in item.weak))
        openings = [(squeeze(line), item.name) for item in self.furniture for line in item.lines if line.endswith("…")]
        object.__setattr__(self, "_openings", tuple(openings))
        for item in self.furniture:
            for line in item.lines:
                if not line.endswith("…"):
                    self._whole[squeeze(line)] = item.name
        for key in sorted({*self._whole, *self._weak}, key=len, reverse=True):
            self._starts[key[:_HEAD]].append(key)
            self._ends[key[-_HEAD:]].append(key)
        for key in self._whole:
            for offset in range(len(key) - CUT_CHARS + 1):
                self._grams[key[offset : offset + CUT_CHARS]].append((key, offset))

    def remove(self, paragraphs: Sequence[str]) -> Cleaned:
        """The paragraphs without furniture; one that begins or ends in it keeps its own part."""
        if not self.furniture:
            return Cleaned(tuple(paragraphs), (), frozenset())
        keys = squeeze_all(paragraphs)
        pieces = [piece for parts in map(self._part, paragraphs, keys) for piece in parts]
        kept = self._judge(pieces)
        return Cleaned(
            tuple(piece.text for piece, keep in zip(pieces, kept, strict=True) if keep),
            tuple(piece.text for piece, keep in zip(pieces, kept, strict=True) if not keep),
            frozenset(piece.name for piece in pieces if piece.name),
        )

    def is_furniture(self, paragraph: str) -> bool:
        """Whether the whole paragraph is furniture beyond doubt."""
        return self._find_name(paragraph, squeeze(paragraph)) is not None

    def find_leaks(self, body: str) -> list[str]:
        """The furniture left in a body whose paragraphs are parted by blank lines."""
        paragraphs = [part for part in body.split("\n\n") if part.strip()]
        weak = [part for part in paragraphs if squeeze(part) in self._weak]
        removed = self.remove(paragraphs).removed
        return [*removed, *(part for part in weak if part not in removed)]

    def _judge(self, pieces: list["_Piece"]) -> list[bool]:
        """Which pieces stay, once each has been seen beside its neighbours."""
        kept = [not piece.name for piece in pieces]
        self._drop_boxes(pieces, kept)
        weak = [keep and piece.key in self._weak for piece, keep in zip(pieces, kept, strict=True)]
        self._find_stumps(pieces, kept, weak)
        index = 0
        while index < len(pieces):
            end = index
            while end < len(pieces) and weak[end]:
                end += 1
            if end > index and (index == 0 or end == len(pieces) or not kept[index - 1] or not kept[end]):
                kept[index:end] = [False] * (end - index)
            index = max(end, index + 1)
        return kept

    def _find_stumps(self, pieces: list["_Piece"], kept: list[bool], weak: list[bool]) -> None:
        """Marks a short stump of a line where the text breaks off (or sets in) right beside other furniture."""
        if len(pieces) < 2:  # noqa: PLR2004 - a stump needs a neighbour
            return
        ends = (range(len(pieces)), range(len(pieces) - 1, -1, -1))
        for order, is_cut in zip(ends, (str.endswith, str.startswith), strict=True):
            first = order[0]
            beside = next((at for at in order[1:] if not weak[at]), first)
            lines = (*self._whole, *self._weak)
            if kept[first] and not kept[beside] and any(is_cut(line, pieces[first].key) for line in lines):
                weak[first] = True

    def _drop_boxes(self, pieces: list["_Piece"], kept: list[bool]) -> None:
        """Related boxes in plain text: a label, a headline, and the line that always ends them."""
        if self.box_end is None:
            return
        for index, (label, title, end) in enumerate(zip(pieces, pieces[1:], pieces[2:], strict=False)):
            if label.key not in self.labels or len(title.text) > BOX_LINE_CHARS:
                continue
            if not title.text.endswith((".", "”", '"')) and self.box_end.fullmatch(end.text.strip()):
                kept[index : index + 3] = [False] * 3

    def _part(self, paragraph: str, key: str) -> list["_Piece"]:
        """The pieces of a paragraph in order, each with the name of the furniture that it is (or nothing)."""
        name = self._find_name(paragraph, key)
        run = self._find_run(paragraph, key) if name is None else None
        if run is None:
            return [_Piece(paragraph, key, name or "")]
        start, end, name = run
        before, after = paragraph[:start].strip(), paragraph[end:].strip()
        return [
            *([_Piece(before, squeeze(before), "")] if before else ()),
            _Piece(paragraph[start:end].strip(), "", name),
            *(self._part(after, squeeze(after)) if after else ()),
        ]

    def _find_name(self, paragraph: str, key: str) -> str | None:
        """The furniture that a whole paragraph is; None for the article's own."""
        if name := self._whole.get(key):
            return name
        if len(paragraph) <= PATTERN_CHARS and self.pattern and self.pattern.fullmatch(paragraph.strip()):
            return PATTERN
        return self._find_chain(key) or self._find_opened(paragraph, key)

    def _find_opened(self, paragraph: str, key: str) -> str | None:
        """The furniture of a line whose end is not known: its one sentence, and no paragraph that goes on."""
        if _NEXT_SENTENCE.search(paragraph):
            return None
        known = (name for opening, name in self._openings if key.startswith(opening))
        return next((name for name in known if len(key) <= OPENED_CHARS), None)

    def _find_chain(self, key: str) -> str | None:
        """The furniture of a paragraph that is known lines one after another, the first and last perhaps cut."""
        if key[:CUT_CHARS] not in self._grams and key[:_HEAD] not in self._starts:
            return None
        name: str | None = None
        todo = [0]
        for line, offset in self._grams.get(key[:CUT_CHARS], ()):
            rest = line[offset:]
            if rest.startswith(key):
                return self._whole[line]
            if key.startswith(rest):
                name = self._whole[line]
                todo.append(len(rest))
        return self._follow_chain(key, todo, name)

    def _follow_chain(self, key: str, todo: list[int], name: str | None) -> str | None:
        """Goes on from line to line, from each of these places; the last line may be cut."""
        seen: set[int] = set()
        while todo:
            at = todo.pop()
            # A stump is only taken after a whole line: any other beginning was looked up by its letters.
            if at == len(key) or (at and name and any(line.startswith(key[at:]) for line in self._whole)):
                return name
            if at in seen:
                continue
            seen.add(at)
            for line in self._starts.get(key[at : at + _HEAD], ()):
                if key.startswith(line, at):
                    name = self._whole.get(line, name)
                    todo.append(at + len(line))
        return None

    def _find_run(self, paragraph: str, key: str) -> tuple[int, int, str] | None:
        """Where in an article's paragraph a run of furniture lies: start, end (characters), name."""
        if len(key) < RUN_CHARS:
            return None
        grams, places = self._grams, range(0, len(key) - CUT_CHARS + 1, RUN_STRIDE)
        for at in [at for at in places if key[at : at + CUT_CHARS] in grams]:
            for line, offset in grams[key[at : at + CUT_CHARS]]:
                start = at - offset
                if start < 0 or not key.startswith(line, start):
                    continue
                low, high, count = self._widen(key, start, start + len(line))
                if count > 1 and high - low >= RUN_CHARS and (span := _place(paragraph, low, high)):
                    return (*span, self._whole[line])
        return None

    def _widen(self, key: str, low: int, high: int) -> tuple[int, int, int]:
        """The widest run of lines around a known one: start, end, number of lines beyond doubt.

        An ambiguous line counts only between two others, or at the paragraph's end: "Once" may begin a sentence.
        """
        count, at = 1, high
        while after := [line for line in self._starts.get(key[at : at + _HEAD], ()) if key.startswith(line, at)]:
            at += len(after[0])
            if after[0] in self._whole:
                high, count = at, count + 1
        if at == len(key) or any(line.startswith(key[at:]) for line in self._whole):
            high = len(key)
        at = low
        while before := [line for line in self._ends.get(key[:at][-_HEAD:], ()) if key.endswith(line, 0, at)]:
            at -= len(before[0])
            if before[0] in self._whole:
                low, count = at, count + 1
        return (low if at else 0), high, count


def _place(paragraph: str, low: int, high: int) -> tuple[int, int] | None:
    """The run's characters in the paragraph, where it stands between sentences and outside quotation marks."""
    index = [at for at, char in enumerate(paragraph) for _ in _NO_LETTER.sub("", normalize("NFKC", char).casefold())]
    if high > len(index):
        return None  # characters that only fold together: such a paragraph is left alone
    start, last = index[low], index[high - 1] + 1
    before, after = paragraph[:start], paragraph[last:]
    if before.strip() and (_OPENS_QUOTE.search(before) or not _ENDS_SENTENCE.search(before.rstrip())):
        return None
    signs = _SIGNS.match(after)
    end = last + (signs.end() if signs else 0)
    if before.strip() and paragraph[end - 1] in _CLOSES_QUOTE and before.count('"') % 2:
        return None
    return start - len(before) + len(_ORNAMENT.sub("", before)), end
