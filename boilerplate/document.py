"""Joins paragraphs into one string of letters and digits for matching, and maps matches back to the text."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from unicodedata import normalize

MAPPED_CHARS = 20_000
"""Longest paragraph that is folded character by character, where folding changes the count: 1 µs per character."""

_NO_LETTER = re.compile(r"[\W_]+")
_COMMON_SIGNS = "“”‘’—–…"
_ASCII_SIGNS = {code: None for code in range(128) if not chr(code).isalnum()}
_ASCII_SIGNS_IN_LINES = {code: None for code in _ASCII_SIGNS if code != ord("\n")}


def squeeze(text: str) -> str:
    """Return the text's letters and digits, case-folded; the stripped text if it has none."""
    if not text.isascii():
        text = normalize("NFKC", text)
        for sign in _COMMON_SIGNS:
            text = text.replace(sign, "")
    folded = text.casefold()
    # `translate` on pure ASCII is ten times as fast as the expression, and most paragraphs are ASCII by now.
    letters = folded.translate(_ASCII_SIGNS) if folded.isascii() else _NO_LETTER.sub("", folded)
    return letters or text.strip()


def squeeze_all(texts: Sequence[str]) -> list[str]:
    """Squeeze several texts, in one pass if they are ASCII: a call for each takes three times as long."""
    joined = "\n".join(texts)
    for sign in _COMMON_SIGNS:
        joined = joined.replace(sign, "")
    if not joined.isascii():
        return [squeeze(text) for text in texts]
    keys = joined.casefold().translate(_ASCII_SIGNS_IN_LINES).split("\n")
    if len(keys) != len(texts):  # a text contains line breaks
        return [squeeze(text) for text in texts]
    return [key or text.strip() for key, text in zip(keys, texts, strict=True)]


def find_letter_offsets(text: str, key: str) -> list[int] | None:
    """Return the offset in the text of each character of its key; None if characters cannot be mapped one by one."""
    offsets = [at for at, char in enumerate(text) if char.isalnum()]
    if len(offsets) == len(key):
        return offsets
    if len(text) > MAPPED_CHARS:
        return None
    offsets = [at for at, char in enumerate(text) for _ in _NO_LETTER.sub("", normalize("NFKC", char).casefold())]
    return offsets if len(offsets) == len(key) else None


QUOTED_CHARS = 2000
"""How far from an offset quotation marks are searched: paragraphs are shorter."""

BREAK = "\n"
"""Replaces the letters of a paragraph that is never boilerplate, so no line matches across it."""

_GOES_ON = re.compile(r"[\"'”’»)\]]*+[.!?…:×][\"'”’»)\]×.!…\s]*+[\"'“‘«(\[]*")
_SPACE = re.compile(r"[\"'”’»)\]]*\s+[×\"'“‘«(\[]*")
_CUT = re.compile(r"[,;:\"'”’»)\]]*\s+[×\"'“‘«(\[]*")
_SIGNS_BEFORE = re.compile(r"(?<![^\w\s])[^\w\s]*+$")
_CLOSED = re.compile(r"[.!?…,][\"'”’»]+$")
_OPENING = re.compile(r"[\"'“‘«„]")
_ENDS_SENTENCE = re.compile(r"(?<!\.\.)[.!?][\"'”’»)\]]*$")
_PAIRS = (("“", "”"), ("«", "»"))


class Quotation(str):
    """A paragraph that its page marks up as a quotation: it belongs to the article, whatever it says."""

    __slots__ = ()


@dataclass(frozen=True)
class LetterDocument:
    """Paragraphs and their letters in one string. Positions (`at`, `start`, `end`) are counted in letters."""

    paragraphs: Sequence[str]
    keys: Sequence[str]

    @cached_property
    def letters(self) -> str:
        """The letters of all paragraphs."""
        return "".join(self.keys)

    @cached_property
    def starts(self) -> list[int]:
        """The position at which each paragraph begins, and the end of the last."""
        return [0, *accumulate(map(len, self.keys))]

    @cached_property
    def _offsets(self) -> dict[int, list[int] | None]:
        return {}

    def is_edge(self, at: int) -> bool:
        """Return whether a paragraph begins here or the last one ends."""
        return self.starts[bisect_left(self.starts, at)] == at

    def edges_between(self, after: int, until: int) -> list[int]:
        """Return the paragraph ends after one position and up to another."""
        return self.starts[bisect_right(self.starts, after) : bisect_right(self.starts, until)]

    def locate(self, at: int) -> tuple[int, int]:
        """Return the index of the paragraph at a position, and the position within that paragraph."""
        index = bisect_right(self.starts, at) - 1
        return index, at - self.starts[index]

    def find_offsets(self, index: int) -> list[int] | None:
        """Return the offsets of a paragraph's letters in its text; None if they cannot be mapped."""
        if index not in self._offsets:
            self._offsets[index] = find_letter_offsets(self.paragraphs[index], self.keys[index])
        return self._offsets[index]

    def read(self, start: int, end: int) -> str:
        """Return the text between two positions with its inner punctuation, without the punctuation around it."""
        index, first = self.locate(start)
        last, final = self.locate(end - 1)
        if index != last or not (offsets := self.find_offsets(index)):
            return self.letters[start:end]
        return self.paragraphs[index][offsets[first] : offsets[final] + 1]

    def split(self, at: int) -> tuple[str, str, str]:
        """Split a paragraph at a position: the text up to the last letter, the punctuation, and the text after it.

        At a paragraph's end, the third part is empty.
        """
        index, local = self.locate(at - 1)
        text, offsets = self.paragraphs[index], self.find_offsets(index) or [0]
        last = offsets[local] + 1 if local < len(offsets) else len(text)
        after = offsets[local + 1] if local + 1 < len(offsets) else len(text)
        return text[max(0, last - QUOTED_CHARS) : last], text[last:after], text[after : after + QUOTED_CHARS]

    def is_word_end(self, at: int) -> bool:
        """Return whether a word ends before the letter at a position."""
        index, local = self.locate(at)
        offsets = self.find_offsets(index) if local else None
        return not offsets or offsets[local] > offsets[local - 1] + 1

    def starts_sentence(self, at: int, *, is_sure: bool, is_cut: bool = False) -> bool:
        """Return whether a new sentence begins at a position.

        `is_sure`: the full stop before it may be missing. `is_cut`: the text before it may end in mid-sentence.
        """
        _, signs, after = self.split(at)
        if not after:
            return True
        if after[0].islower():
            return False
        return bool(_GOES_ON.fullmatch(signs) or (is_sure and (_CUT if is_cut else _SPACE).fullmatch(signs)))

    def ends_mid_sentence(self, at: int) -> bool:
        """Return whether the paragraph that ends here ends in mid-sentence."""
        return not _ENDS_SENTENCE.search(self.paragraphs[self.locate(at - 1)[0]][-QUOTED_CHARS:].rstrip()[-9:])

    def find_before(self, at: int) -> str:
        """Return the text of the paragraph before a position."""
        index, local = self.locate(at)
        offset = (self.find_offsets(index) or [0])[local] if self.find_offsets(index) else 0
        return self.paragraphs[index][max(0, offset - QUOTED_CHARS) : offset]

    def opens_quote(self, at: int) -> bool:
        """Return whether quotation marks open right before a letter."""
        signs = _SIGNS_BEFORE.search(self.find_before(at)[-9:])  # longer runs of punctuation do not occur
        return bool(signs and _OPENING.search(signs[0]) and not _CLOSED.search(signs[0]))

    def is_quoted(self, start: int, end: int, closing_count: int) -> bool:
        """Return whether a quotation opened before `start` closes after `end`, or after the paragraph's end if earlier.

        `closing_count`: the number of quotation marks that belong to the last line itself.
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
    """Build the document from paragraphs and their squeezed keys."""
    return LetterDocument(
        paragraphs,
        [
            BREAK if isinstance(paragraph, Quotation) else key if key[:1].isalnum() else ""
            for paragraph, key in zip(paragraphs, keys, strict=True)
        ],
    )
