"""Compare two versions of an article by field, paragraph and word, and classify the revision. Pure.

Words are compared after normalization: all styles of quotes and all widths of spaces are equal.
`COMPARED` alone defines what is compared, and how. Other fields make no revision: the publisher's own modification
time, the URL, and how the article was extracted (extractor, sources, flags, confidence).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise, takewhile
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from boilerplate.correction import is_correction
from schemas.article import split_paragraphs
from schemas.revision import Content, FieldChange, ParagraphChange, RevisionClass, WordRun

MATCH_SHARE = 0.4
"""Threshold of shared words / words of the longer paragraph for a changed paragraph rather than a new one. An edit
leaves more than half; unrelated paragraphs of one article share a quarter."""

MATCH_WINDOW = 20
"""Number of old paragraphs searched for a match. With it, a live blog of a thousand paragraphs takes a second."""

MATCH_STEPS = 20_000_000
"""Steps of the search for what two sequences share: some seconds. A page that repeats one paragraph, or one word, a
thousand times would take minutes, and ten thousand times a day."""

_QUOTES = str.maketrans({**dict.fromkeys("«»„“”‟″〝〞", '"'), **dict.fromkeys("‘’‚‛′`´", "'"), "\u00ad": None})


def plain(text: str) -> str:
    """Return the text with straight quotes and single spaces, so that typesetting makes no difference."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_QUOTES).split())


def align(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield the opcodes that turn one sequence into the other, as `SequenceMatcher` has them.

    The more often a value is repeated and the longer the sequences are, the less it tells where they agree: then it is
    only matched beside others, or at the beginning.
    """
    counts = Counter(new)
    max_count = MATCH_STEPS // (len(old) * len(new) or 1)
    yield from SequenceMatcher(lambda one: counts[one] > max_count, old, new, autojunk=False).get_opcodes()


def compare_paragraphs(before: str, after: str) -> Iterator[ParagraphChange]:
    """Yield the paragraphs of both bodies in the order of the later one, with removed ones in their old position."""
    old, new = split_paragraphs(before), split_paragraphs(after)
    for op, old_start, old_end, new_start, new_end in align([*map(plain, old)], [*map(plain, new)]):
        if op == "equal":
            pairs = zip(old[old_start:old_end], new[new_start:new_end], strict=True)
            yield from (ParagraphChange(op="same", before=one, after=other) for one, other in pairs)
        else:
            yield from _compare_block(old[old_start:old_end], new[new_start:new_end])


def _compare_block(old: Sequence[str], new: Sequence[str]) -> Iterator[ParagraphChange]:
    """Yield changes between unequal paragraphs, pairing each new one with the first old one that it matches."""
    bags = [Counter(plain(text).split()) for text in old]
    done = 0
    pending_texts: list[str] = []
    for text in new:
        bag = Counter(plain(text).split())
        match = next((at for at in range(done, min(done + MATCH_WINDOW, len(old))) if _is_match(bags[at], bag)), None)
        if match is None:
            pending_texts.append(text)
            continue
        yield from _list_replaced(old[done:match], pending_texts)
        yield _compare_pair(old[match], text)
        done, pending_texts = match + 1, []
    yield from _list_replaced(old[done:], pending_texts)


def _compare_pair(before: str, after: str) -> ParagraphChange:
    if plain(before) == plain(after):  # one of many like it
        return ParagraphChange(op="same", before=before, after=after)
    return ParagraphChange(op="changed", before=before, after=after, words=tuple(compare_words(before, after)))


def _list_replaced(removed: Sequence[str], added: Sequence[str]) -> Iterator[ParagraphChange]:
    yield from (ParagraphChange(op="removed", before=text, after=None) for text in removed)
    yield from (ParagraphChange(op="added", before=None, after=text) for text in added)


def _is_match(one: Counter[str], other: Counter[str]) -> bool:
    shared = (one & other).total()
    return shared >= MATCH_SHARE * max(one.total(), other.total()) or 1 == one.total() == other.total()


def compare_words(before: str, after: str) -> Iterator[WordRun]:
    """Yield runs of words of two versions of a paragraph, with removed words before their replacement."""
    old, new = before.split(), after.split()
    for op, old_start, old_end, new_start, new_end in align([*map(plain, old)], [*map(plain, new)]):
        if op == "equal":
            yield WordRun(op="same", text=" ".join(new[new_start:new_end]))
            continue
        if old_end > old_start:
            yield WordRun(op="removed", text=" ".join(old[old_start:old_end]))
        if new_end > new_start:
            yield WordRun(op="added", text=" ".join(new[new_start:new_end]))


MAX_TYPO_COUNT = 8
"""Maximum number of typos fixed at once: more is an edit. A careless draft of 600 words has three or four."""

MIN_SHARED_START = 2
"""Letters at the start of a word that must agree when a letter is missing: right after the first letter, one letter
makes another word (`bought`, `brought`; `осудил`, `обсудил`) …"""

MIN_SHARED_END = 2
"""… and so do the last letters, which inflect it (`released`, `release`)."""

TRANSPOSED_LETTERS = 2
"""Number of adjacent letters that may be transposed, after the first letter."""

_NUMBER = re.compile(r"(?<![\w.,])[-−–]?\d+(?:[.,:/]\d+)*|\d+(?:[.,:/]\d+)*|[%$€£₽]")
_GROUPED = re.compile(r"(?<=\d)[,\s](?=\d{3}(?!\d))")
_NO_LETTERS = re.compile(r"[\W_]+")
_DOUBLED_LETTER = re.compile(r"(.)\1")
_DOUBLED_WORD = re.compile(r"(?<!\S)([^\W\d]+) \1(?!\S)")
_SIZE = re.compile(
    r"(?:[a-z]+[_-])?[wh]?\d{2,4}(?:x\d{2,4})?|og|thumb(?:nail)?s?|small|medium|large|big|full|original|preview"
)
_SENTENCE_GAP = re.compile(r"(?<=[.!?…])[\"”’)]?\s+")
_SIZE_SUFFIX = re.compile(r"[-_@](?:\d{2,4}x\d{2,4}|[1-4]x)(?=\.\w+$)")


def _normalize(value: str | None) -> str:
    return plain(value or "")


def _normalize_all(values: tuple[str, ...]) -> list[str]:
    return [plain(value) for value in values]


def _normalize_tags(values: tuple[str, ...]) -> list[str]:
    """Normalize tags; their order makes no difference."""
    return sorted({plain(value) for value in values})


def _normalize_body(body: str) -> list[str]:
    return [plain(paragraph) for paragraph in split_paragraphs(body)]


def _normalize_images(images: tuple[dict[str, str | None], ...]) -> list[tuple[str, ...]]:
    """Normalize images; the size in which the page shows them makes no difference."""
    return [(image_key(image["url"]), _normalize(image["caption"]), _normalize(image["credit"])) for image in images]


def image_key(url: str | None) -> str:
    """Return the part of a picture's URL that does not depend on its size: no scheme, query or size suffix."""
    try:
        parts = urlsplit(url or "")
    except ValueError:  # not a URL: compare it unchanged
        return url or ""
    *folders, name = parts.path.lower().split("/")
    kept = [folder for folder in folders if not _SIZE.fullmatch(folder)]
    return "/".join([parts.netloc.lower(), *kept, _SIZE_SUFFIX.sub("", name)])


COMPARED: Mapping[str, Callable[[Any], Any]] = {
    "edition": lambda value: value,
    "language": lambda value: value,
    "kind": lambda value: value,
    "headline": _normalize,
    "subtitle": _normalize,
    "authors": _normalize_all,
    "agencies": _normalize_all,
    "sponsor": _normalize,
    "section": _normalize,
    "tags": _normalize_tags,
    "published_at": lambda value: value,
    "images": _normalize_images,
    "body": _normalize_body,
}
"""Field -> function that normalizes its value for comparison."""

TITLES = ("headline", "subtitle")


def find_changed(before: Content, after: Content) -> set[str]:
    """Return the names of the fields that differ."""
    return {
        name
        for name, normalize in COMPARED.items()
        if normalize(getattr(before, name)) != normalize(getattr(after, name))
    }


def classify_change(before: Content, after: Content) -> RevisionClass | None:
    """Classify a change as an editor would; None if no compared field has changed."""
    changed = find_changed(before, after)
    if not changed:
        return None
    if "body" not in changed:
        return RevisionClass.HEADLINE if changed.intersection(TITLES) else RevisionClass.METADATA
    found = _classify_bodies(before.body, after.body)
    if found is RevisionClass.TYPO and not _are_titles_same(before, after):
        return RevisionClass.HEADLINE
    return found


def list_changed_fields(before: Content, after: Content) -> dict[str, FieldChange]:
    """Return the fields that differ, except the body, with their JSON values."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    changed = find_changed(before, after) - {"body"}
    return {name: FieldChange(before=old[name], after=new[name]) for name in COMPARED if name in changed}


def _are_titles_same(before: Content, after: Content) -> bool:
    pairs = ((getattr(before, name) or "", getattr(after, name) or "") for name in TITLES)
    return all(_count_typos(old, new) is not None for old, new in pairs)


def _classify_bodies(before: str, after: str) -> RevisionClass:
    if has_same_letters(before, after):
        return RevisionClass.TYPO
    changes = [change for change in compare_paragraphs(before, after) if change.op != "same"]
    if _is_typo(changes):
        return RevisionClass.TYPO
    if any(_adds_correction(change) for change in changes):
        return RevisionClass.CORRECTION
    return RevisionClass.SUBSTANTIVE


def _adds_correction(change: ParagraphChange) -> bool:
    """Whether a paragraph is, or now contains, a correction note that is new or was changed."""
    if change.after is None:
        return False
    if is_correction(change.after):
        return True
    return not find_correction_notes(change.after) <= find_correction_notes(change.before or "")


def find_correction_notes(paragraph: str) -> set[str]:
    """Return the tails of a paragraph, each from the start of a sentence, that are correction notes."""
    ends = (paragraph[found.end() :] for found in _SENTENCE_GAP.finditer(paragraph))
    return {plain(end) for end in ends if is_correction(end)}


def _is_typo(changes: list[ParagraphChange]) -> bool:
    counts = [_count_typos(change.before or "", change.after or "") if change.words else None for change in changes]
    return None not in counts and sum(filter(None, counts)) <= MAX_TYPO_COUNT


def _count_typos(before: str, after: str) -> int | None:
    """Count the words whose spelling was fixed; None if anything else has changed."""
    replacements = list(_iterate_replacements(before, after))
    if not all(map(_is_typo_fix, replacements)):
        return None
    return sum(len(new.split()) for old, new in replacements if letters_of(old) != letters_of(new))


class _Replacement(NamedTuple):
    """Words replaced by others; either side may be empty."""

    before: str
    after: str


def _iterate_replacements(before: str, after: str) -> Iterator[_Replacement]:
    """Yield the differences, except for words doubled by mistake."""
    old, new = (_DOUBLED_WORD.sub(r"\1", plain(text)) for text in (before, after))
    runs = [WordRun(op="same", text=""), *compare_words(old, new), WordRun(op="same", text="")]
    same_at = [at for at, run in enumerate(runs) if run.op == "same"]
    for start, end in pairwise(same_at):
        words = {run.op: run.text for run in runs[start + 1 : end]}
        if words:
            yield _Replacement(words.get("removed", ""), words.get("added", ""))


def _is_typo_fix(change: _Replacement) -> bool:
    """Whether a replacement only fixes typos, in any language.

    If in doubt, it does not: a change classed as a typo is not reviewed. A typo fix therefore keeps all numbers, all
    names and the number of words. Without a dictionary, a typo that makes another valid word cannot be recognized.
    """
    if has_same_letters(change.before, change.after):
        return True
    old, new = change.before.split(), change.after.split()
    if find_numbers(change.before) != find_numbers(change.after) or len(old) != len(new):
        return False
    return all(_is_word_typo_fix(one, other) for one, other in zip(old, new, strict=True))


def _is_word_typo_fix(before: str, after: str) -> bool:
    """Whether words differ by doubled letters, one letter too many or too few, or two transposed letters only.

    A substituted letter is no typo: it makes another word.
    """
    old, new = letters_of(before), letters_of(after)
    if old == new:
        return True
    if _is_name(before) or _is_name(after):
        return False
    if _DOUBLED_LETTER.sub(r"\1", old) == _DOUBLED_LETTER.sub(r"\1", new):
        return True
    start = _count_shared(old, new)
    end = _count_shared(old[start:][::-1], new[start:][::-1])
    removed, added = old[start : len(old) - end], new[start : len(new) - end]
    if len(removed) == len(added):
        return start > 0 and len(removed) == TRANSPOSED_LETTERS and removed == added[::-1]
    return len(removed + added) == 1 and start >= MIN_SHARED_START and end >= MIN_SHARED_END


def _count_shared(old: str, new: str) -> int:
    """Return the length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _is_name(word: str) -> bool:
    return word.lstrip("\"'([")[:1].isupper()


def has_same_letters(before: str, after: str) -> bool:
    """Whether two texts differ only in punctuation, case and spaces, with equal numbers and currency signs."""
    return letters_of(before) == letters_of(after) and find_numbers(before) == find_numbers(after)


def letters_of(text: str) -> str:
    """Return the text's letters and digits in lower case, with `ё` as `е`, as most Russian texts print it."""
    return _NO_LETTERS.sub("", plain(text)).casefold().replace("ё", "е")


def find_numbers(text: str) -> list[str]:
    """Return a text's signed numbers, without thousands separators, and its currency and percent signs."""
    return [number.replace("−", "-").replace("–", "-") for number in _NUMBER.findall(_GROUPED.sub("", plain(text)))]
