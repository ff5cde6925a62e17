"""Bodies side by side: which paragraphs stayed, changed, came and went, and which words of them. Pure.

Words are compared in their plain spelling: quotes of any style and spaces of any width are the same.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from schemas.article import split_paragraphs
from schemas.revision import ParagraphChange, WordRun

KINSHIP = 0.4
"""Shared words / words of the longer one, from which on a paragraph is another's changed version and not a new one:
an edit leaves more than half, two paragraphs of one article that have nothing to do with each other share a quarter."""

KIN_REACH = 20
"""So many paragraphs on, at most, the former version is looked for: a live blog of a thousand takes a second."""

LARGE_WORDS = 2_000
"""In a paragraph: beyond it, matching goes by the rarer words alone, else it takes seconds."""

_QUOTES = str.maketrans({**dict.fromkeys("«»„“”‟″〝〞", '"'), **dict.fromkeys("‘’‚‛′`´", "'"), "\u00ad": None})


def plain(text: str) -> str:
    """A text with its quotes straight and its spaces single: what typesetting changes is the same then."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_QUOTES).split())


def compare_paragraphs(before: str, after: str) -> Iterator[ParagraphChange]:
    """The paragraphs of two bodies, in the order of the later one; what was removed stands where it stood."""
    old, new = split_paragraphs(before), split_paragraphs(after)
    matcher = SequenceMatcher(None, [plain(text) for text in old], [plain(text) for text in new], autojunk=False)
    for op, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if op == "equal":
            pairs = zip(old[old_start:old_end], new[new_start:new_end], strict=True)
            yield from (ParagraphChange(op="same", before=one, after=other) for one, other in pairs)
        else:
            yield from _compare_block(old[old_start:old_end], new[new_start:new_end])


def _compare_block(old: Sequence[str], new: Sequence[str]) -> Iterator[ParagraphChange]:
    """Paragraphs none of which stayed: each new one beside the first old one that it is a version of, if there is."""
    bags = [Counter(plain(text).split()) for text in old]
    done = 0
    waiting: list[str] = []
    for text in new:
        bag = Counter(plain(text).split())
        kin = next((at for at in range(done, min(done + KIN_REACH, len(old))) if _is_kin(bags[at], bag)), None)
        if kin is None:
            waiting.append(text)
            continue
        yield from _exchange(old[done:kin], waiting)
        yield ParagraphChange(op="changed", before=old[kin], after=text, words=tuple(compare_words(old[kin], text)))
        done, waiting = kin + 1, []
    yield from _exchange(old[done:], waiting)


def _exchange(gone: Sequence[str], come: Sequence[str]) -> Iterator[ParagraphChange]:
    yield from (ParagraphChange(op="removed", before=text, after=None) for text in gone)
    yield from (ParagraphChange(op="added", before=None, after=text) for text in come)


def _is_kin(one: Counter[str], other: Counter[str]) -> bool:
    shared = (one & other).total()
    return shared >= KINSHIP * max(one.total(), other.total()) or 1 == one.total() == other.total()


def compare_words(before: str, after: str) -> Iterator[WordRun]:
    """The words of two versions of a paragraph, in runs; what was removed stands before what took its place."""
    old, new = before.split(), after.split()
    is_large = max(len(old), len(new)) > LARGE_WORDS
    matcher = SequenceMatcher(None, [plain(word) for word in old], [plain(word) for word in new], autojunk=is_large)
    for op, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if op == "equal":
            yield WordRun(op="same", text=" ".join(new[new_start:new_end]))
            continue
        if old_end > old_start:
            yield WordRun(op="removed", text=" ".join(old[old_start:old_end]))
        if new_end > new_start:
            yield WordRun(op="added", text=" ".join(new[new_start:new_end]))
