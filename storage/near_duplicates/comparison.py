"""Split texts into words, 3-grams (shingles) and LSH keys, and measure how two texts relate.

Pure and symmetric.
"""

import string
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate, chain
from typing import NamedTuple

from rensa import RMinHash

from schemas.article import split_paragraphs

SHINGLE_WORDS = 3
"""Unrelated articles share many 2-grams; with one word in ten changed, too few 4-grams stay intact."""

BAND_COUNT = 28
BAND_ROWS = 3
"""A text with a tenth of its words changed keeps a similarity near .57: one band in five agrees, and for 3 texts in
1,000 none of 28 does. Each extra band costs every text a row."""

SEED = 1
"""Seed of the permutations. Stored keys are valid only for this seed and the bands above."""

MIN_SHINGLES = 30
"""Half of a text with fewer distinct 3-grams (a caption, an announcement, a repeated line) may be a set phrase, so it
is only compared for equality."""

MIN_PARAGRAPH_WORDS = 12
"""A shorter paragraph (a subhead, a speaker, "Read the rest below.") does not identify its text."""

PUNCTUATION = string.punctuation + "“”‘’«»„‚…—–·•"
"""Characters stripped from the ends of words."""

ROW_BITS = 21
"""Lowest bits used of each row of a band."""

KEY_BITS = BAND_ROWS * ROW_BITS
"""Bits of a key: 63, which both databases store as a non-negative integer."""


class Shingled:
    """A cleaned body and its words, 3-grams and keys, computed lazily."""

    def __init__(self, body: str) -> None:
        self.body = body

    @cached_property
    def paragraph_words(self) -> list[list[str]]:
        """The words of each non-empty paragraph."""
        return [words for words in map(split_words, split_paragraphs(self.body)) if words]

    @cached_property
    def words(self) -> list[str]:
        """All words, without case, punctuation and spaces."""
        return list(chain.from_iterable(self.paragraph_words))

    @cached_property
    def sequence(self) -> list[str]:
        """The 3-grams in text order, one for each word except the last two."""
        columns = (self.words[start:] for start in range(SHINGLE_WORDS))
        return list(map(" ".join, zip(*columns, strict=False)))

    @cached_property
    def shingles(self) -> frozenset[str]:
        """The distinct 3-grams."""
        return frozenset(self.sequence)

    def list_keys(self) -> set[int]:
        """Return the LSH keys, integers of `KEY_BITS`, that near-duplicates share; empty if the text is too short."""
        if self._is_short():
            return set()
        return {*self._band_keys(), *map(paragraph_key, self._long_paragraphs())}

    def _is_short(self) -> bool:
        # Texts rarely repeat themselves, so the first 3-grams usually suffice.
        is_varied = len(set(self.sequence[: 2 * MIN_SHINGLES])) >= MIN_SHINGLES
        return not is_varied and len(self.shingles) < MIN_SHINGLES

    def _long_paragraphs(self) -> Iterator[list[str]]:
        return (words for words in self.paragraph_words if len(words) >= MIN_PARAGRAPH_WORDS)

    def _band_keys(self) -> Iterator[int]:
        minhash = RMinHash(num_perm=BAND_COUNT * BAND_ROWS, seed=SEED)
        minhash.update(self.sequence)
        rows = [value % (1 << ROW_BITS) for value in minhash.digest()]
        for a, b, c in zip(*(rows[start::BAND_ROWS] for start in range(BAND_ROWS)), strict=True):
            yield a << 2 * ROW_BITS | b << ROW_BITS | c


def split_words(text: str) -> list[str]:
    """Return the words of a cleaned text in any script, folded, without surrounding punctuation."""
    # Most words are only letters; testing for that is faster than stripping.
    return [
        stripped
        for word in text.casefold().split()
        if (stripped := word if word.isalnum() else word.strip(PUNCTUATION))
    ]


def paragraph_key(words: Sequence[str]) -> int:
    """Return the key shared by all texts with this paragraph."""
    return int.from_bytes(blake2b(" ".join(words).encode(), digest_size=8).digest(), "big") >> 64 - KEY_BITS


MIN_SIMILARITY = 0.3
"""Minimum similarity of near-duplicates. With a fifth of the words changed .34 is left; unrelated texts have under .1.
"""

MIN_CONTAINMENT = 0.55
"""Or minimum share of the shorter text's 3-grams found in the longer one: a lightly edited half has .6. An old story's
background paragraphs were seen to make up a quarter (.27) of a new one."""

MIN_BLOCK_WORDS = 12
"""Words in a row, with no three unchanged, from which on a gap may be different text; fewer are an edit. A text with
as many extra words in one position has grown by a paragraph; with fewer, by a line of boilerplate."""

MAX_UNIQUE_SHARE = 0.05
"""Maximum share of unique words in a partial text: a sentence that the full text words differently."""

MIN_REWRITTEN_WORDS = 6
"""An intro with fewer words than this on either side was not rewritten but added or cut."""

MIN_EDITED_SHARE = 0.3
"""Share of words, in order, that two edited versions of a block have in common, even with no three in a row left.
Unrelated blocks share fewer: the, of, in."""

PARAGRAPH_END_WORDS = 2
"""A text that ends within this many words of a paragraph's end ends with it: the last words may have been edited."""


class Gap(NamedTuple):
    """The text between two common blocks: its start and number of words in each text."""

    start: int
    size: int
    other_start: int
    other_size: int

    @property
    def is_block(self) -> bool:
        """Whether this is more than a change of a few words."""
        return max(self.size, self.other_size) >= MIN_BLOCK_WORDS


class Relation(NamedTuple):
    """How two texts relate, judged by the texts alone."""

    similarity: float
    """The Jaccard similarity of the sets of 3-grams, 0 to 1."""
    is_shorter: bool
    """Whether the first text is the shorter one."""
    length_share: float
    """Words of the shorter one / words of the longer one."""
    is_rewritten: bool
    """Whether both have unique text in the same position."""
    is_intro: bool
    """Whether they are rewritten only at the start."""
    containment: float
    """Share of the shorter text found in the longer one, 0 to 1: words in order, or 3-grams in any order."""
    has_same_start: bool
    """Whether neither has extra text before the other's first words."""
    is_part: bool
    """Whether the longer text contains the shorter one, and has more than a line besides."""
    is_cut: bool
    """Whether the partial text ends in the middle of one of the longer text's paragraphs."""


def measure_similarity(one: Shingled, other: Shingled) -> float:
    """Return the Jaccard similarity of the sets of 3-grams."""
    shared = len(one.shingles & other.shingles)
    union = len(one.shingles) + len(other.shingles) - shared
    return round(shared / union, 4) if union else 0.0


def is_near_duplicate(one: Shingled, other: Shingled) -> bool:
    """Whether two texts are the same except for edits, some paragraphs, or truncation."""
    shared = len(one.shingles & other.shingles)
    smaller, larger = sorted((len(one.shingles), len(other.shingles)))
    is_contained = shared >= MIN_CONTAINMENT * smaller
    return shared > 0 and (is_contained or shared >= MIN_SIMILARITY * (smaller + larger - shared))


def relate(one: Shingled, other: Shingled) -> Relation:
    """Return how two near-duplicate texts relate."""
    shorter, longer = sorted((one, other), key=lambda text: (len(text.words), text.body))
    gaps = list(_find_gaps(shorter, longer))
    unique = list(_find_unique(gaps, shorter, longer))
    is_part = not unique and any(gap.is_block and gap.other_size - gap.size >= MIN_BLOCK_WORDS for gap in gaps)
    return Relation(
        similarity=measure_similarity(one, other),
        is_shorter=shorter is one,
        length_share=len(shorter.words) / len(longer.words),
        is_rewritten=bool(unique),
        is_intro=bool(unique) and all(_is_at_start(gap) for gap in unique),
        containment=max(
            1 - sum(gap.size for gap in gaps) / len(shorter.words),
            len(shorter.shingles & longer.shingles) / len(shorter.shingles),
        ),
        has_same_start=not any(gap.is_block and _is_at_start(gap) for gap in gaps),
        is_part=is_part,
        is_cut=is_part and _is_cut(gaps[-1], longer),
    )


def find_shared_paragraphs(one: Shingled, other: Shingled) -> tuple[str, ...]:
    """Return the paragraphs of one text that the other has too, in order."""
    keys = set(map(paragraph_key, other.paragraph_words))
    texts = split_paragraphs(one.body)
    return tuple(text for text in texts if (words := split_words(text)) and paragraph_key(words) in keys)


def _find_gaps(one: Shingled, other: Shingled) -> Iterator[Gap]:
    """Yield the gaps in order; the last one, possibly empty, follows the last common block."""
    start = other_start = 0
    for found, other_found, size in _find_blocks(one, other):
        yield Gap(start, found - start, other_start, other_found - other_start)
        start, other_start = found + size, other_found + size
    yield Gap(start, len(one.words) - start, other_start, len(other.words) - other_start)


def _find_blocks(one: Shingled, other: Shingled) -> Iterator[tuple[int, int, int]]:
    """Yield start in both texts and length of runs of equal words. Found by 3-grams: single words recur too often."""
    end = other_end = 0
    matcher = SequenceMatcher(None, one.sequence, other.sequence)
    for found, other_found, size in matcher.get_matching_blocks():
        # Two runs of 3-grams may overlap in one text, if the other has an extra word between them.
        skipped = max(end - found, other_end - other_found, 0)
        length = size + SHINGLE_WORDS - 1 - skipped
        if size and length > 0:
            yield found + skipped, other_found + skipped, length
            end, other_end = found + skipped + length, other_found + skipped + length


def _find_unique(gaps: Sequence[Gap], shorter: Shingled, longer: Shingled) -> Iterator[Gap]:
    """Yield the gaps where both have unique text, or where the shorter text alone has more than a sentence."""
    extra = [gap for gap in gaps if gap.is_block and gap.size > gap.other_size]
    count = sum(gap.size - gap.other_size for gap in extra)
    has_unique = count >= max(MIN_BLOCK_WORDS, MAX_UNIQUE_SHARE * len(shorter.words))
    yield from (gap for gap in gaps if (has_unique and gap in extra) or _is_rewritten(gap, shorter, longer))


def _is_at_start(gap: Gap) -> bool:
    """Whether so little of the shorter text precedes the gap that it may be a set phrase."""
    return gap.start < MIN_BLOCK_WORDS


def _is_rewritten(gap: Gap, one: Shingled, other: Shingled) -> bool:
    """Whether both have unique text here, rather than heavily edited versions of one."""
    fewest = min(gap.size, gap.other_size)
    if not gap.is_block or fewest < MIN_REWRITTEN_WORDS:
        return False
    words = one.words[gap.start : gap.start + gap.size]
    other_words = other.words[gap.other_start : gap.other_start + gap.other_size]
    blocks = SequenceMatcher(None, words, other_words).get_matching_blocks()
    return sum(block.size for block in blocks) < MIN_EDITED_SHARE * fewest


def _is_cut(last: Gap, longer: Shingled) -> bool:
    """Whether the shorter text ends where no paragraph of the longer text ends."""
    if last.other_size - last.size < MIN_BLOCK_WORDS:
        return False  # both end in the same position
    end = last.other_start + last.size
    ends = accumulate(map(len, longer.paragraph_words))
    return min(abs(end - other) for other in ends) > PARAGRAPH_END_WORDS
