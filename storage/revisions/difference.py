"""How two versions of an article differ, and which class of revision that makes. Pure.

`COMPARED` is the one place that says what is compared, and how. What is not in it makes no revision: the time of the
last change by the publisher's own word, the address, and what tells of the reading (extractor, sources, flags).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from boilerplate.correction import is_correction
from schemas.article import split_paragraphs
from schemas.revision import Content, FieldChange, ParagraphChange, RevisionClass, WordRun
from storage.revisions.paragraph import compare_paragraphs, compare_words, plain
from storage.revisions.typo import Replacement, has_same_letters, is_slip, letters_of

SLIP_COUNT = 8
"""So many slips are mended at once, at most: more is an edit. A careless draft of 600 words has three or four."""

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
    """What stays of a picture's address whatever its size: no scheme, no query, no part that names a size."""
    try:
        parts = urlsplit(url or "")
    except ValueError:  # no address: it is what it is
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
    return all(_count_slips(old, new, f"{before.body} {old}", f"{after.body} {new}") is not None for old, new in pairs)


def _classify_bodies(before: str, after: str) -> RevisionClass:
    if has_same_letters(before, after):
        return RevisionClass.TYPO
    changes = [change for change in compare_paragraphs(before, after) if change.op != "same"]
    if _is_typo(changes, before, after):
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


def _is_typo(changes: list[ParagraphChange], before: str, after: str) -> bool:
    count = 0
    for change in changes:
        found = _count_slips(change.before or "", change.after or "", before, after) if change.words else None
        if found is None:
            return False
        count += found
    return count <= SLIP_COUNT


def _count_slips(before: str, after: str, whole_before: str, whole_after: str) -> int | None:
    """How many words' spelling was mended from one text to the other; None where more than that has changed."""
    count = 0
    known: set[str] | None = None
    left: set[str] = set()
    for change in _replacements(before, after):
        if known is None:  # most texts differ in nothing, and need no list of their words
            left = _words_of(whole_after)
            known = _words_of(whole_before) & left
        if not is_slip(change, known, left):
            return None
        count += letters_of(" ".join(change.before)) != letters_of(" ".join(change.after))
    return count


def _replacements(before: str, after: str) -> Iterator[Replacement]:
    runs = [WordRun(op="same", text=""), *compare_words(before, after), WordRun(op="same", text="")]
    places = [at for at, run in enumerate(runs) if run.op == "same"]
    for start, end in pairwise(places):
        words = {run.op: run.text.split() for run in runs[start + 1 : end]}
        if words:
            yield Replacement(
                words.get("removed", []), words.get("added", []), ahead=runs[start].text, behind=runs[end].text
            )


def _words_of(text: str) -> set[str]:
    words = plain(text).split()
    return {letters_of(word) for word in words} | {letters_of(word.removesuffix("'s")) for word in words}
