"""Split texts into words as search compares them; done here so that both databases index the same words."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, filterfalse, islice
from unicodedata import normalize

from Stemmer import Stemmer

MAX_WORD_LETTERS = 64
"""Maximum letters of a word: no language has longer ones. Longer strings (a key, an encoded image) are split."""

WORD = re.compile(rf"[^\W_]{{1,{MAX_WORD_LETTERS}}}")
"""A run of letters and digits. `U.S.`, `long-range`, `Putin's` and `10.5` are several words."""

ASCII_WORDS = "".join(letter.lower() if letter.isalnum() else " " for letter in map(chr, range(128)))
"""The same for ASCII texts, as a translation table: a fifth of the time."""

TYPOGRAPHIC = "“”‘’„«»–—…•\u00a0"
"""Typographic separators; none is part of a word."""

JOINERS = "\u00ad\u200b-\u200d\u2060\ufeff"
"""Soft hyphens and zero-width characters, which do not end a word."""

ACCENTS = re.compile(rf"[\u0300-\u0305\u0307\u0309-\u036f{JOINERS}]|(?<![а-дж-џ])[\u0306\u0308]")
"""Diacritics (é, ё, a stress mark) except those of й, ї and ў, which are separate letters."""

SPELLED = re.compile(rf"[^\W_]+(?:[\u0300-\u036f{JOINERS}]+[^\W_]*)*")
"""A word in an unfolded text."""

INFLECTED = re.compile(r"[a-z]{3,}|[а-яєіїў]{3,}")
"""Words that are stemmed: not numbers, other scripts, or words of one or two letters."""

ENGLISH, RUSSIAN = Stemmer("english", 0), Stemmer("russian", 0)
"""Snowball stemmers, without a cache."""


CACHED_WORDS = 16_384
"""Folded words in memory, a MB or two: enough for nearly all of a text."""


def fold(text: str) -> str:
    """Return the text without differences of case, accents, ё and е, and compatibility forms of characters."""
    if text.isascii():
        return text.lower()
    return normalize("NFC", ACCENTS.sub("", normalize("NFKD", text).casefold()))


def list_words(text: str) -> list[str]:
    """Return the words of a text, folded, in order."""
    text = _replace_typographic(text)
    words = _split_ascii(text)
    return words if words is not None else [word for piece in SPELLED.findall(text) for word in _fold_word(piece)]


def _replace_typographic(text: str) -> str:
    """Replace typographic characters by spaces, keeping all offsets; after that, most texts are ASCII."""
    if not text.isascii():
        for mark in TYPOGRAPHIC:
            text = text.replace(mark, " ")
    return text


def _split_ascii(text: str) -> list[str] | None:
    """Return the words of an ASCII text in lower case; None if the text is not ASCII or has overlong words."""
    if not text.isascii():
        return None
    words = text.translate(ASCII_WORDS).split()
    return words if len(max(words, key=len, default="")) <= MAX_WORD_LETTERS else None


class Spelling:
    """The words of a text, folded, and their positions."""

    words: list[str]
    _pieces: Sequence[int]

    def __init__(self, text: str) -> None:
        self._text = text = _replace_typographic(text)
        if (words := _split_ascii(text)) is not None:
            self.words, self._pieces = words, range(len(words))
            return
        folded = list(map(_fold_word, SPELLED.findall(text)))
        self.words = [word for words in folded for word in words]
        # One character seldom makes two words (½).
        self._pieces = [piece for piece, words in enumerate(folded) for _ in words]

    def locate(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return the (start, end) character offsets of the words numbered `first` to `last`, inclusive."""
        start, end = self._pieces[first], self._pieces[last] + 1
        spans = [match.span() for match in islice(SPELLED.finditer(self._text), start, end)]
        return [spans[piece - start] for piece in self._pieces[first : last + 1]]


@lru_cache(CACHED_WORDS)
def _fold_word(spelled: str) -> tuple[str, ...]:
    return tuple(WORD.findall(fold(spelled)))


def list_forms(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return (stem, word) of each word that differs from its stem: one that equals it is searched anyway."""
    return [pair for pair in list_stems(words) if pair[0] != pair[1]]


def list_stems(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return (stem, word) of each inflected word: English for Latin letters, Russian for Cyrillic."""
    inflected = list(filter(INFLECTED.fullmatch, words))
    latin = list(filter(str.isascii, inflected))
    others = list(filterfalse(str.isascii, inflected))
    stemmed = chain(ENGLISH.stemWords(latin), RUSSIAN.stemWords(others))
    return list(zip(stemmed, chain(latin, others), strict=True))
