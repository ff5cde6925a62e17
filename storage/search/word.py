"""The words of a text as search compares them: the same on both databases, because neither takes texts apart itself."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, filterfalse, islice
from unicodedata import normalize

from Stemmer import Stemmer

LONGEST_WORD = 64
"""Letters: no language has longer ones. What goes on (a key, an image in text) becomes several words."""

WORD = re.compile(rf"[^\W_]{{1,{LONGEST_WORD}}}")
"""Letters and digits in a row. What has others inside (`U.S.`, `long-range`, `Putin's`, `10.5`) is several words."""

ASCII_WORDS = "".join(letter.lower() if letter.isalnum() else " " for letter in map(chr, range(128)))
"""The same for plain texts, as a table: a fifth of the time."""

PRINTED = "“”‘’„«»–—…•\u00a0"
"""What printed texts have between words, and plain ones nowhere. It is in no word, and stands for none."""

JOINERS = "\u00ad\u200b-\u200d\u2060\ufeff"
"""Soft hyphens and characters without width: they are no end of a word."""

ACCENTS = re.compile(rf"[\u0300-\u0305\u0307\u0309-\u036f{JOINERS}]|(?<![а-дж-џ])[\u0306\u0308]")
"""What a letter has above or below (é, ё, a stress), but й, ї and ў are letters of their own."""

SPELLED = re.compile(rf"[^\W_]+(?:[\u0300-\u036f{JOINERS}]+[^\W_]*)*")
"""A word in a text that was not folded."""

INFLECTED = re.compile(r"[a-z]{3,}|[а-яєіїў]{3,}")
"""What has other forms: no number, no name of another script, no word of one or two letters."""

ENGLISH, RUSSIAN = Stemmer("english", 0), Stemmer("russian", 0)
"""Snowball's, without a memory of their own."""


CACHED_WORDS = 16_384
"""The words that make up nearly all of a text, and a MB or two."""


def fold(text: str) -> str:
    """Without what makes no difference: case, accents, ё for е, the compatibility forms of characters."""
    if text.isascii():
        return text.lower()
    return normalize("NFC", ACCENTS.sub("", normalize("NFKD", text).casefold()))


def list_words(text: str) -> list[str]:
    """The words of a text, folded, in its order."""
    text = _unprint(text)
    words = _split_plain(text)
    return words if words is not None else [word for piece in SPELLED.findall(text) for word in _fold_word(piece)]


def _unprint(text: str) -> str:
    """The same words in the same places; most texts are plain then."""
    if not text.isascii():
        for mark in PRINTED:
            text = text.replace(mark, " ")
    return text


def _split_plain(text: str) -> list[str] | None:
    """The words of a plain text, each of them as it is spelled but for its case; None of any other."""
    if not text.isascii():
        return None
    words = text.translate(ASCII_WORDS).split()
    return words if len(max(words, key=len, default="")) <= LONGEST_WORD else None


class Spelling:
    """The words of a text, folded, and where they stand in it."""

    words: list[str]
    _pieces: Sequence[int]

    def __init__(self, text: str) -> None:
        self._text = text = _unprint(text)
        if (words := _split_plain(text)) is not None:
            self.words, self._pieces = words, range(len(words))
            return
        folded = list(map(_fold_word, SPELLED.findall(text)))
        self.words = [word for words in folded for word in words]
        # Hardly ever does one character stand for two words (½).
        self._pieces = [piece for piece, words in enumerate(folded) for _ in words]

    def locate(self, first: int, last: int) -> list[tuple[int, int]]:
        """From, to (not included), in characters, of the words from one to another, by their numbers."""
        start, end = self._pieces[first], self._pieces[last] + 1
        spans = [match.span() for match in islice(SPELLED.finditer(self._text), start, end)]
        return [spans[piece - start] for piece in self._pieces[first : last + 1]]


@lru_cache(CACHED_WORDS)
def _fold_word(spelled: str) -> tuple[str, ...]:
    return tuple(WORD.findall(fold(spelled)))


def list_stems(words: Iterable[str]) -> list[tuple[str, str]]:
    """(stem, word) of each that has other forms: of English ones in Latin letters, of Russian ones in Cyrillic."""
    inflected = list(filter(INFLECTED.fullmatch, words))
    latin = list(filter(str.isascii, inflected))
    others = list(filterfalse(str.isascii, inflected))
    stemmed = chain(ENGLISH.stemWords(latin), RUSSIAN.stemWords(others))
    return list(zip(stemmed, chain(latin, others), strict=True))
