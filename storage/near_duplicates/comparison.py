"""A text as what it is compared by (words, their 3-grams, keys that likes share), and how two texts relate.

Pure: the same answer for the same two, whichever is asked about.
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


LEAST_SIMILARITY = 0.3
"""Of texts that are like each other. With a fifth of the words changed .34 is left; unrelated ones stay under .1."""

LEAST_CONTAINMENT = 0.55
"""Or so much of the shorter text's 3-grams stands in the longer one: a half that was edited a little has .6.
An old story's background paragraphs were seen to make up a quarter (.27) of a new one."""

PASSAGE_WORDS = 12
"""So many words in a row of which no three are left as they were can be another passage; fewer are an edit.
A text with so many more in one place than the other has grown by a paragraph; with fewer, by a line of furniture."""

OWN_SHARE = 0.05
"""A part of a text may have less than this of its own: a sentence that the whole one says in another way."""

REWRITTEN_WORDS = 6
"""An intro of fewer words than this on either side was not rewritten, but added or cut off."""

EDITED_SHARE = 0.3
"""A passage that has so many of its words in the other one's too, in their order, was edited, though no three in a row
are left; two passages on other things share fewer: the, of, in."""

PARAGRAPH_END_WORDS = 2
"""A text that ends so near to a paragraph's end ends with the paragraph: the last words may have been edited."""


class Gap(NamedTuple):
    """What stands between two passages that two texts have in common: where it starts, and its words, in each."""

    start: int
    size: int
    other_start: int
    other_size: int

    @property
    def is_passage(self) -> bool:
        """Whether more than words were changed here."""
        return max(self.size, self.other_size) >= PASSAGE_WORDS


class Relation(NamedTuple):
    """What the texts alone say of how one and another relate."""

    similarity: float
    """The Jaccard similarity of the sets of 3-grams, 0 to 1."""
    is_shorter: bool
    """The first of the two is."""
    length_share: float
    """Words of the shorter one / words of the longer one."""
    is_rewritten: bool
    """They have passages of their own in one place."""
    is_intro: bool
    """If so, where they begin, and nowhere else."""
    containment: float
    """So much of the shorter one stands in the longer one too, 0 to 1: words in their order, or 3-grams in any."""
    has_same_start: bool
    """Neither has a passage before the other one's first words."""
    is_part: bool
    """The longer one has the shorter one's text, and more than a line beside."""
    is_cut: bool
    """Such a part ends within a paragraph of the longer one."""


def measure_similarity(one: Shingled, other: Shingled) -> float:
    """The Jaccard similarity of the sets of 3-grams."""
    shared = len(one.shingles & other.shingles)
    union = len(one.shingles) + len(other.shingles) - shared
    return round(shared / union, 4) if union else 0.0


def is_near_duplicate(one: Shingled, other: Shingled) -> bool:
    """Whether two texts are one text, but for edits, for some paragraphs, or for what was cut off."""
    shared = len(one.shingles & other.shingles)
    smaller, larger = sorted((len(one.shingles), len(other.shingles)))
    is_contained = shared >= LEAST_CONTAINMENT * smaller
    return shared > 0 and (is_contained or shared >= LEAST_SIMILARITY * (smaller + larger - shared))


def relate(one: Shingled, other: Shingled) -> Relation:
    """How two alike texts relate."""
    shorter, longer = sorted((one, other), key=lambda text: (len(text.words), text.body))
    gaps = list(_find_gaps(shorter, longer))
    own = list(_find_own(gaps, shorter, longer))
    is_part = not own and any(gap.is_passage and gap.other_size - gap.size >= PASSAGE_WORDS for gap in gaps)
    return Relation(
        similarity=measure_similarity(one, other),
        is_shorter=shorter is one,
        length_share=len(shorter.words) / len(longer.words),
        is_rewritten=bool(own),
        is_intro=bool(own) and all(_is_at_start(gap) for gap in own),
        containment=max(
            1 - sum(gap.size for gap in gaps) / len(shorter.words),
            len(shorter.shingles & longer.shingles) / len(shorter.shingles),
        ),
        has_same_start=not any(gap.is_passage and _is_at_start(gap) for gap in gaps),
        is_part=is_part,
        is_cut=is_part and _is_cut(gaps[-1], longer),
    )


def find_shared_paragraphs(one: Shingled, other: Shingled) -> tuple[str, ...]:
    """The paragraphs of one that the other has too, in their order."""
    keys = set(map(paragraph_key, other.paragraph_words))
    texts = split_paragraphs(one.body)
    return tuple(text for text in texts if (words := split_words(text)) and paragraph_key(words) in keys)


def _find_gaps(one: Shingled, other: Shingled) -> Iterator[Gap]:
    """In order; the last is what stands after all that they have in common, perhaps nothing."""
    start = other_start = 0
    for found, other_found, size in _find_blocks(one, other):
        yield Gap(start, found - start, other_start, other_found - other_start)
        start, other_start = found + size, other_found + size
    yield Gap(start, len(one.words) - start, other_start, len(other.words) - other_start)


def _find_blocks(one: Shingled, other: Shingled) -> Iterator[tuple[int, int, int]]:
    """Where runs of equal words start in each, and how long they are. By 3-grams: single words recur everywhere."""
    end = other_end = 0
    matcher = SequenceMatcher(None, one.sequence, other.sequence)
    for found, other_found, size in matcher.get_matching_blocks():
        # Two runs of 3-grams may overlap by words in one text, where the other has a word more between them.
        skipped = max(end - found, other_end - other_found, 0)
        length = size + SHINGLE_WORDS - 1 - skipped
        if size and length > 0:
            yield found + skipped, other_found + skipped, length
            end, other_end = found + skipped + length, other_found + skipped + length


def _find_own(gaps: Sequence[Gap], shorter: Shingled, longer: Shingled) -> Iterator[Gap]:
    """Where both have a passage of their own, or the shorter one alone has more than a sentence."""
    further = [gap for gap in gaps if gap.is_passage and gap.size > gap.other_size]
    count = sum(gap.size - gap.other_size for gap in further)
    has_own = count >= max(PASSAGE_WORDS, OWN_SHARE * len(shorter.words))
    yield from (gap for gap in gaps if (has_own and gap in further) or _is_rewritten(gap, shorter, longer))


def _is_at_start(gap: Gap) -> bool:
    """Whether so little of the shorter text stands before it that this may be a turn of phrase."""
    return gap.start < PASSAGE_WORDS


def _is_rewritten(gap: Gap, one: Shingled, other: Shingled) -> bool:
    """Whether both have a passage of their own here, which is more than one with many words changed."""
    fewest = min(gap.size, gap.other_size)
    if not gap.is_passage or fewest < REWRITTEN_WORDS:
        return False
    words = one.words[gap.start : gap.start + gap.size]
    other_words = other.words[gap.other_start : gap.other_start + gap.other_size]
    blocks = SequenceMatcher(None, words, other_words).get_matching_blocks()
    return sum(block.size for block in blocks) < EDITED_SHARE * fewest


def _is_cut(last: Gap, longer: Shingled) -> bool:
    """Whether the shorter text ends where no paragraph of the longer one does."""
    if last.other_size - last.size < PASSAGE_WORDS:
        return False  # it goes as far as the longer one
    end = last.other_start + last.size
    ends = accumulate(map(len, longer.paragraph_words))
    return min(abs(end - other) for other in ends) > PARAGRAPH_END_WORDS
