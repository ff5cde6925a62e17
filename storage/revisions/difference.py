"""How two versions of an article differ: fields, paragraphs, words, and which class of revision that makes. Pure.

Words are compared in their plain spelling: quotes of any style and spaces of any width are the same.
`COMPARED` is the one place that says what is compared, and how. What is not in it makes no revision: the time of the
last change by the publisher's own word, the URL, and what tells of the reading (extractor, sources, flags).
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


SLIP_COUNT = 8
"""So many slips are mended at once, at most: more is an edit. A careless draft of 600 words has three or four."""

SHARED_START = 2
"""Letters with which a word begins before a letter may be missing: next to its first one, one letter makes another word
(`bought`, `brought`; `осудил`, `обсудил`) …"""

SHARED_END = 2
"""… and so do the last ones, which bend it (`released`, `release`)."""

SWAPPED = 2
"""Letters that changed places, behind the first one."""

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


def _spell(value: str | None) -> str:
    return plain(value or "")


def _spell_all(values: tuple[str, ...]) -> list[str]:
    return [plain(value) for value in values]


def _spell_tags(values: tuple[str, ...]) -> list[str]:
    """In whatever order they came."""
    return sorted({plain(value) for value in values})


def _spell_body(body: str) -> list[str]:
    return [plain(paragraph) for paragraph in split_paragraphs(body)]


def _spell_images(images: tuple[dict[str, str | None], ...]) -> list[tuple[str, ...]]:
    """The picture, not the size in which a page shows it."""
    return [(name_image(image["url"]), _spell(image["caption"]), _spell(image["credit"])) for image in images]


def name_image(url: str | None) -> str:
    """What stays of a picture's URL whatever its size: no scheme, no query, no part that names a size."""
    try:
        parts = urlsplit(url or "")
    except ValueError:  # no URL: it is what it is
        return url or ""
    *folders, name = parts.path.lower().split("/")
    kept = [folder for folder in folders if not _SIZE.fullmatch(folder)]
    return "/".join([parts.netloc.lower(), *kept, _SIZE_SUFFIX.sub("", name)])


COMPARED: Mapping[str, Callable[[Any], Any]] = {
    "edition": lambda value: value,
    "language": lambda value: value,
    "kind": lambda value: value,
    "headline": _spell,
    "subtitle": _spell,
    "authors": _spell_all,
    "agencies": _spell_all,
    "sponsor": _spell,
    "section": _spell,
    "tags": _spell_tags,
    "published_at": lambda value: value,
    "images": _spell_images,
    "body": _spell_body,
}
"""Field -> its value as it is compared: quotes of any style, spaces of any width are the same."""

TITLES = ("headline", "subtitle")


def find_changed(before: Content, after: Content) -> set[str]:
    """The names of the fields that differ."""
    return {name for name, spell in COMPARED.items() if spell(getattr(before, name)) != spell(getattr(after, name))}


def classify_change(before: Content, after: Content) -> RevisionClass | None:
    """What an editor would call the change; None where nothing that is compared has changed."""
    changed = find_changed(before, after)
    if not changed:
        return None
    if "body" not in changed:
        return RevisionClass.HEADLINE if changed.intersection(TITLES) else RevisionClass.METADATA
    found = _classify_bodies(before.body, after.body)
    if found is RevisionClass.TYPO and not _are_titles_kept(before, after):
        return RevisionClass.HEADLINE
    return found


def list_changed_fields(before: Content, after: Content) -> dict[str, FieldChange]:
    """The fields that differ, but for the body, with their values as JSON has them."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    changed = find_changed(before, after) - {"body"}
    return {name: FieldChange(before=old[name], after=new[name]) for name in COMPARED if name in changed}


def _are_titles_kept(before: Content, after: Content) -> bool:
    pairs = ((getattr(before, name) or "", getattr(after, name) or "") for name in TITLES)
    return all(_count_slips(old, new) is not None for old, new in pairs)


def _classify_bodies(before: str, after: str) -> RevisionClass:
    if has_same_letters(before, after):
        return RevisionClass.TYPO
    changes = [change for change in compare_paragraphs(before, after) if change.op != "same"]
    if _is_typo(changes):
        return RevisionClass.TYPO
    if any(_says_correction(change) for change in changes):
        return RevisionClass.CORRECTION
    return RevisionClass.SUBSTANTIVE


def _says_correction(change: ParagraphChange) -> bool:
    """A note that is new, or says something else now: in a paragraph of its own, or in one that had none."""
    if change.after is None:
        return False
    if is_correction(change.after):
        return True
    return not find_notes(change.after) <= find_notes(change.before or "")


def find_notes(paragraph: str) -> set[str]:
    """The ends of a paragraph, each from the beginning of a sentence, that say it was corrected."""
    ends = (paragraph[found.end() :] for found in _SENTENCE_GAP.finditer(paragraph))
    return {plain(end) for end in ends if is_correction(end)}


def _is_typo(changes: list[ParagraphChange]) -> bool:
    counts = [_count_slips(change.before or "", change.after or "") if change.words else None for change in changes]
    return None not in counts and sum(filter(None, counts)) <= SLIP_COUNT


def _count_slips(before: str, after: str) -> int | None:
    """How many words' spelling was mended from one text to the other; None where more than that has changed."""
    replacements = list(_replacements(before, after))
    if not all(map(_is_slip, replacements)):
        return None
    return sum(len(new.split()) for old, new in replacements if letters_of(old) != letters_of(new))


class _Replacement(NamedTuple):
    """Words that took the place of others; one of both may be none."""

    before: str
    after: str


def _replacements(before: str, after: str) -> Iterator[_Replacement]:
    """What differs, but for words that stood there twice by mistake."""
    old, new = (_DOUBLED_WORD.sub(r"\1", plain(text)) for text in (before, after))
    runs = [WordRun(op="same", text=""), *compare_words(old, new), WordRun(op="same", text="")]
    places = [at for at, run in enumerate(runs) if run.op == "same"]
    for start, end in pairwise(places):
        words = {run.op: run.text for run in runs[start + 1 : end]}
        if words:
            yield _Replacement(words.get("removed", ""), words.get("added", ""))


def _is_slip(change: _Replacement) -> bool:
    """Whether words in place of others mend a slip of the pen, in whatever language.

    In doubt it is none: what is called a typo, nobody looks at again. So a slip keeps every number, every name and the
    number of the words. Without a dictionary, a slip that makes another word is not told from any other.
    """
    if has_same_letters(change.before, change.after):
        return True
    old, new = change.before.split(), change.after.split()
    if find_numbers(change.before) != find_numbers(change.after) or len(old) != len(new):
        return False
    return all(_is_slip_of_word(one, other) for one, other in zip(old, new, strict=True))


def _is_slip_of_word(before: str, after: str) -> bool:
    """Letters doubled, one too many or too few, two that changed places. Another letter makes another word."""
    old, new = letters_of(before), letters_of(after)
    if old == new:
        return True
    if _is_name(before) or _is_name(after):
        return False
    if _DOUBLED_LETTER.sub(r"\1", old) == _DOUBLED_LETTER.sub(r"\1", new):
        return True
    start = _count_shared(old, new)
    end = _count_shared(old[start:][::-1], new[start:][::-1])
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    if len(gone) == len(come):
        return start > 0 and len(gone) == SWAPPED and gone == come[::-1]
    return len(gone + come) == 1 and start >= SHARED_START and end >= SHARED_END


def _count_shared(old: str, new: str) -> int:
    """The letters with which both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _is_name(word: str) -> bool:
    return word.lstrip("\"'([")[:1].isupper()


def has_same_letters(before: str, after: str) -> bool:
    """Whether two texts differ in punctuation, capitals and spaces at most, numbers and signs of money included."""
    return letters_of(before) == letters_of(after) and find_numbers(before) == find_numbers(after)


def letters_of(text: str) -> str:
    """Its letters and digits in lower case; `ё` is `е`, as most Russian texts print it."""
    return _NO_LETTERS.sub("", plain(text)).casefold().replace("ё", "е")


def find_numbers(text: str) -> list[str]:
    """The numbers of a text with their signs, thousands ungrouped, and the signs of money and percent."""
    return [number.replace("−", "-").replace("–", "-") for number in _NUMBER.findall(_GROUPED.sub("", plain(text)))]
