"""Paragraphs as one row of letters and digits, by which furniture is known, and the way back to the text."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from unicodedata import normalize

PLACED_CHARS = 20_000
"""Of a paragraph whose letters change in number when they are folded: each is asked singly, at a microsecond."""

_NO_LETTER = re.compile(r"[\W_]+")
_COMMON_SIGNS = "“”‘’—–…"
_ASCII_SIGNS = {code: None for code in range(128) if not chr(code).isalnum()}
_ASCII_SIGNS_IN_LINES = {code: None for code in _ASCII_SIGNS if code != ord("\n")}


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


def place_letters(text: str, key: str) -> list[int] | None:
    """For each character of a text's squeezed key, its place in the text; None where only all together fold so."""
    places = [at for at, char in enumerate(text) if char.isalnum()]
    if len(places) == len(key):
        return places
    if len(text) > PLACED_CHARS:
        return None
    places = [at for at, char in enumerate(text) for _ in _NO_LETTER.sub("", normalize("NFKC", char).casefold())]
    return places if len(places) == len(key) else None


QUOTED_CHARS = 2000
"""How far from a place the marks of a quotation are looked for: paragraphs are shorter."""

BREAK = "\n"
"""Stands for the letters of what is never furniture: no line goes across it."""

_GOES_ON = re.compile(r"[\"'”’»)\]]*+[.!?…:×][\"'”’»)\]×.!…\s]*+[\"'“‘«(\[]*")
_SPACE = re.compile(r"[\"'”’»)\]]*\s+[×\"'“‘«(\[]*")
_CUT = re.compile(r"[,;:\"'”’»)\]]*\s+[×\"'“‘«(\[]*")
_SIGNS_BEFORE = re.compile(r"(?<![^\w\s])[^\w\s]*+$")
_CLOSED = re.compile(r"[.!?…,][\"'”’»]+$")
_OPENING = re.compile(r"[\"'“‘«„]")
_ENDS_SENTENCE = re.compile(r"(?<!\.\.)[.!?][\"'”’»)\]]*$")
_PAIRS = (("“", "”"), ("«", "»"))


class Quotation(str):
    """A paragraph that its page marks as a quotation: the article's own, whatever it says."""

    __slots__ = ()


@dataclass(frozen=True)
class LetterDocument:
    """Paragraphs, and their letters in one row. Places in it are counted in letters."""

    paragraphs: Sequence[str]
    keys: Sequence[str]

    @cached_property
    def letters(self) -> str:
        """All paragraphs' letters."""
        return "".join(self.keys)

    @cached_property
    def starts(self) -> list[int]:
        """Where each paragraph begins, and where the last ends."""
        return [0, *accumulate(map(len, self.keys))]

    @cached_property
    def _places(self) -> dict[int, list[int] | None]:
        return {}

    def is_edge(self, at: int) -> bool:
        """Whether a paragraph begins here, or the last ends."""
        return self.starts[bisect_left(self.starts, at)] == at

    def edges_between(self, after: int, until: int) -> list[int]:
        """Where paragraphs end after one place and up to another."""
        return self.starts[bisect_right(self.starts, after) : bisect_right(self.starts, until)]

    def locate(self, at: int) -> tuple[int, int]:
        """The paragraph that has the letter at a place, and which of its letters it is."""
        index = bisect_right(self.starts, at) - 1
        return index, at - self.starts[index]

    def find_places(self, index: int) -> list[int] | None:
        """The places of a paragraph's letters in its text; None where they cannot be told."""
        if index not in self._places:
            self._places[index] = place_letters(self.paragraphs[index], self.keys[index])
        return self._places[index]

    def read(self, start: int, end: int) -> str:
        """The text from one letter up to another, with the signs between and without those around them."""
        index, first = self.locate(start)
        last, final = self.locate(end - 1)
        if index != last or not (places := self.find_places(index)):
            return self.letters[start:end]
        return self.paragraphs[index][places[first] : places[final] + 1]

    def split(self, at: int) -> tuple[str, str, str]:
        """The text of a paragraph before a letter's place: up to its last letter, the signs between, and from there on.

        At a paragraph's end, what follows is empty.
        """
        index, local = self.locate(at - 1)
        text, places = self.paragraphs[index], self.find_places(index) or [0]
        last = places[local] + 1 if local < len(places) else len(text)
        after = places[local + 1] if local + 1 < len(places) else len(text)
        return text[max(0, last - QUOTED_CHARS) : last], text[last:after], text[after : after + QUOTED_CHARS]

    def is_word_end(self, at: int) -> bool:
        """Whether a word ends before the letter at a place."""
        index, local = self.locate(at)
        places = self.find_places(index) if local else None
        return not places or places[local] > places[local - 1] + 1

    def starts_sentence(self, at: int, *, is_sure: bool, is_cut: bool = False) -> bool:
        """Whether a new sentence begins at a place.

        `is_sure`: the full stop before it may have been lost; `is_cut`: what is before it may end in mid-sentence.
        """
        _, signs, after = self.split(at)
        if not after:
            return True
        if after[0].islower():
            return False
        return bool(_GOES_ON.fullmatch(signs) or (is_sure and (_CUT if is_cut else _SPACE).fullmatch(signs)))

    def breaks_off(self, at: int) -> bool:
        """Whether the paragraph that ends here does so in mid-sentence."""
        return not _ENDS_SENTENCE.search(self.paragraphs[self.locate(at - 1)[0]][-QUOTED_CHARS:].rstrip()[-9:])

    def find_before(self, at: int) -> str:
        """The text of a letter's paragraph before it."""
        index, local = self.locate(at)
        place = (self.find_places(index) or [0])[local] if self.find_places(index) else 0
        return self.paragraphs[index][max(0, place - QUOTED_CHARS) : place]

    def opens_quote(self, at: int) -> bool:
        """Whether quotation marks open right before a letter."""
        signs = _SIGNS_BEFORE.search(self.find_before(at)[-9:])  # no more signs stand together
        return bool(signs and _OPENING.search(signs[0]) and not _CLOSED.search(signs[0]))

    def is_quoted(self, start: int, end: int, closing_count: int) -> bool:
        """Whether a quotation that began before one letter ends after another, or before it where its paragraph ends.

        `closing_count`: quotation marks that belong to the last line itself.
        """
        before = self.find_before(start)
        paragraph_end = self.starts[self.locate(start)[0] + 1]
        if paragraph_end < end:
            end, closing_count = paragraph_end, 0
        _, signs, rest = self.split(end)
        after = signs + rest
        if before.count('"') % 2:
            return after.count('"') > closing_count
        return any(before.rfind(one) > before.rfind(other) and other in after for one, other in _PAIRS)


def make_document(paragraphs: Sequence[str], keys: Sequence[str]) -> LetterDocument:
    """The document of paragraphs whose letters are known."""
    return LetterDocument(
        paragraphs,
        [
            BREAK if isinstance(paragraph, Quotation) else key if key[:1].isalnum() else ""
            for paragraph, key in zip(paragraphs, keys, strict=True)
        ],
    )
