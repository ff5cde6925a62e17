"""A text as what it is compared by: its words, their 3-grams, and the keys under which its likes are found."""

import string
from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import chain

from rensa import RMinHash

from schemas.article import split_paragraphs

SHINGLE_WORDS = 3
"""Of 2 words, unrelated articles share many; of 4, one changed word in ten leaves too few whole."""

BAND_COUNT = 28
BAND_ROWS = 3
"""With a tenth of its words changed, a text keeps a similarity near .57: one band in five agrees, and that none of 28
does happens to 3 texts in 1,000. Each further band costs every text a row."""

SEED = 1
"""Of the permutations. Stored keys hold for this one alone, as for the bands above."""

FEWEST_SHINGLES = 30
"""Of a text with fewer different 3-grams (a caption, an announcement, a line over and over), half is a turn of phrase:
it is compared as a whole alone."""

PARAGRAPH_WORDS = 12
"""A shorter paragraph (a subhead, a speaker, "Read the rest below.") tells nothing of the text that it stands in."""

EDGES = string.punctuation + "“”‘’«»„‚…—–·•"
"""What a word begins or ends with, and is no part of it."""

ROW_BITS = 21
"""Of each row of a band, the lowest."""

KEY_BITS = BAND_ROWS * ROW_BITS
"""Of a key: 63, what both databases have as a whole number that is not negative."""


class Shingled:
    """A cleaned body, taken apart as far as somebody asks."""

    def __init__(self, body: str) -> None:
        self.body = body

    @cached_property
    def paragraph_words(self) -> list[list[str]]:
        """The words of each paragraph that has any."""
        return [words for words in map(split_words, split_paragraphs(self.body)) if words]

    @cached_property
    def words(self) -> list[str]:
        """Case, punctuation and spaces make no difference."""
        return list(chain.from_iterable(self.paragraph_words))

    @cached_property
    def sequence(self) -> list[str]:
        """The 3-grams in the text's order, one for each word but the last two."""
        columns = (self.words[start:] for start in range(SHINGLE_WORDS))
        return list(map(" ".join, zip(*columns, strict=False)))

    @cached_property
    def shingles(self) -> frozenset[str]:
        """The 3-grams."""
        return frozenset(self.sequence)

    def list_keys(self) -> set[int]:
        """What this text shares with its likes, as numbers of `KEY_BITS`; none of a text that is too short."""
        if self._is_short():
            return set()
        return {*self._band_keys(), *map(paragraph_key, self._long_paragraphs())}

    def _is_short(self) -> bool:
        # Hardly any text says one thing over and over: the first 3-grams mostly tell.
        is_varied = len(set(self.sequence[: 2 * FEWEST_SHINGLES])) >= FEWEST_SHINGLES
        return not is_varied and len(self.shingles) < FEWEST_SHINGLES

    def _long_paragraphs(self) -> Iterator[list[str]]:
        return (words for words in self.paragraph_words if len(words) >= PARAGRAPH_WORDS)

    def _band_keys(self) -> Iterator[int]:
        minhash = RMinHash(num_perm=BAND_COUNT * BAND_ROWS, seed=SEED)
        minhash.update(self.sequence)
        rows = [value % (1 << ROW_BITS) for value in minhash.digest()]
        for a, b, c in zip(*(rows[start::BAND_ROWS] for start in range(BAND_ROWS)), strict=True):
            yield a << 2 * ROW_BITS | b << ROW_BITS | c


def split_words(text: str) -> list[str]:
    """The words of a cleaned text, of any script; case and the punctuation around them make no difference."""
    # Most words are nothing but letters; to ask them is quicker than to look for edges.
    return [stripped for word in text.casefold().split() if (stripped := word if word.isalnum() else word.strip(EDGES))]


def paragraph_key(words: Sequence[str]) -> int:
    """The key of all texts with this paragraph."""
    return int.from_bytes(blake2b(" ".join(words).encode(), digest_size=8).digest(), "big") >> 64 - KEY_BITS
