"""Finds unknown boilerplate: paragraphs that recur in many unrelated articles of one crawl period.

Articles of one story share paragraphs too, and a newspaper has recurring sentences. Boilerplate differs in that it does
not depend on the subject: from some day on, it is on all pages, or on all pages of a section.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from boilerplate.document import squeeze_all
from boilerplate.remover import Boilerplate
from extraction.agency import AGENCIES
from schemas.article import split_paragraphs
from schemas.model import Count, Record
from schemas.report import RecurringParagraph
from storage.reports.history import NewArticle

FEWEST_WORDS = 5
"""Shorter paragraphs are ignored: subheads, labels, names. A message always has a longer paragraph beside them."""

FEWEST_ARTICLES = 5
FEWEST_SHARE = 0.01
"""A paragraph recurs from here on: in five articles of the newest 200 (or of up to 500)."""

SUBJECT_SHARE = 0.8
"""If this share of a paragraph's articles has the same subject, the paragraph belongs to the subject …"""

COMMON_SHARE = 0.5
"""… unless this share of all articles has that subject, or this share of the section's articles the paragraph."""

FORMULA_SHARE = 0.2
"""The same limit for a section that is most of the window: a newspaper's recurring sentences are in fewer of its
articles."""

FIGURE_SHARE = 0.5
"""Replaces `SUBJECT_SHARE` for paragraphs that differ only in their numbers: exchange rates appear in several
sections."""

CREDIT_WORDS = 12
"""`Reuters and AFP contributed reporting to this article from Kyiv and Warsaw.` has eleven."""

CREDITING = re.compile(
    r"an?|the|and|at|by|for|from|in|of|on|to|via|with|was|its?|this|additional|originally"
    r"|article|story|text|photo|picture|news|information|materials?|services?|sources?|staff|wires?|work|agenc(?:y|ies)"
    r"|associated|compiled|contribut(?:ed|ing)|correspondents?|edit(?:ed|ing)|includ(?:ed|es)|published|used"
    r"|appeared|first|report(?:ed|ing|s)?|writing|written"
    r"|по|для|из|и|в|с|материалам|сообщает|информация|источник|фото|агентств[ао]?|использованием|данным",
    re.IGNORECASE,
)
"""Words of a credit line besides names."""

TEXT_CHARS = 1000
"""Characters of a paragraph that the report holds: twice the longest known message."""

REPORTED_COUNT = 50
"""Paragraphs that a report lists. The longest known message has thirty; more show up once those are removed."""

EXAMPLE_COUNT = 3

_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W\d_]+")
_CREDIT = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, {*AGENCIES.values(), 'Associated Press'})))})\b")

Group = Sequence[NewArticle]
"""A group of duplicate articles, or a single article."""


class Recurrence(Record):
    """The paragraphs that recur in the newest articles."""

    paragraphs: tuple[RecurringParagraph, ...] = ()
    leak_rate: float | None = None
    """Share of articles that contain known boilerplate; None without articles."""
    article_count: Count = 0
    """Articles searched; a group of duplicates counts once."""


@dataclass
class _Window:
    """Counts over all articles. Paragraphs are kept as hashes, which keeps 5,000 articles below 20 MB."""

    group_count: int = 0
    article_count: int = 0
    leaking_count: int = 0
    hashes: Counter[int] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    fetched: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """Section -> when its articles were fetched."""

    def add(self, group: Group, boilerplate: Boilerplate) -> None:
        self.group_count += 1
        self.article_count += len(group)
        self.leaking_count += sum(1 for article in group if boilerplate.find_leaks(article.body))
        self.hashes.update({hash(key) for key in _read_keys(group)})
        self.tags.update({tag for article in group for tag in article.tags})
        for section in {article.section for article in group if article.section}:
            self.fetched[section].append(min(article.fetched_at for article in group))


@dataclass
class _Occurrences:
    """The articles that contain a paragraph, newest first."""

    text: str
    has_figures: bool = False
    """Whether its numbers differ between articles."""
    ids: list[str] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)
    sections: Counter[str] = field(default_factory=Counter)
    first_at: datetime | None = None

    def add(self, group: Group, text: str) -> None:
        self.has_figures = self.has_figures or _DIGITS.findall(text) != _DIGITS.findall(self.text)
        self.ids.append(group[0].id)
        self.tags.update({tag for article in group for tag in article.tags})
        self.sections.update({article.section for article in group if article.section})
        at = min(article.fetched_at for article in group)
        self.first_at = min(self.first_at or at, at)


def find_recurring(iterate: Callable[[], Iterable[Group]], boilerplate: Boilerplate) -> Recurrence:
    """Find recurring paragraphs. `iterate` returns the articles, newest first; it may be called twice."""
    window = _Window()
    for group in iterate():
        window.add(group, boilerplate)
    if not window.group_count:
        return Recurrence()
    fewest = max(FEWEST_ARTICLES, FEWEST_SHARE * window.group_count)
    wanted = {found for found, count in window.hashes.items() if count >= fewest}
    occurrences = _find_occurrences(iterate(), wanted) if wanted else []
    unknown = [found for found in occurrences if len(found.ids) >= fewest and _is_unknown(found, window, boilerplate)]
    unknown.sort(key=lambda found: -len(found.ids))  # within the same count, in the order of the page
    return Recurrence(
        paragraphs=tuple(_describe(found, window) for found in unknown[:REPORTED_COUNT]),
        leak_rate=window.leaking_count / window.article_count,
        article_count=window.group_count,
    )


def _read_keys(group: Group) -> dict[str, str]:
    """Return the normalized form of each paragraph -> the paragraph.

    Quotes, spaces, case and numbers are ignored: a message with a donor counter shows another number on each page.
    """
    paragraphs = [text for article in group for text in split_paragraphs(article.body)]
    long = [text for text in paragraphs if len(text.split()) >= FEWEST_WORDS]
    return {_DIGITS.sub("0", key): text for key, text in zip(squeeze_all(long), long, strict=True)}


def _find_occurrences(groups: Iterable[Group], wanted: set[int]) -> list[_Occurrences]:
    found: dict[str, _Occurrences] = {}
    for group in groups:
        for key, text in _read_keys(group).items():
            if hash(key) in wanted:
                found.setdefault(key, _Occurrences(text)).add(group, text)
    return list(found.values())


def _is_unknown(found: _Occurrences, window: _Window, boilerplate: Boilerplate) -> bool:
    return not (_is_credit(found.text) or _has_subject(found, window) or _is_known(found.text, boilerplate))


def _is_known(text: str, boilerplate: Boilerplate) -> bool:
    return not boilerplate.remove([text]).paragraphs


def _is_credit(text: str) -> bool:
    """Return whether it is a short line with a news agency's name and little but names: a source or contributor."""
    words = _WORDS.findall(text)
    others = [
        word for index, word in enumerate(words) if (index == 0 or word[0].islower()) and not _is_credit_word(word)
    ]
    return len(words) <= CREDIT_WORDS and bool(_CREDIT.search(text)) and len(others) <= 1


def _is_credit_word(word: str) -> bool:
    return bool(CREDITING.fullmatch(word) or _CREDIT.search(word))


def _has_subject(found: _Occurrences, window: _Window) -> bool:
    """Return whether the paragraph comes with a subject: a story's background, a section's formula.

    Boilerplate of one section is on most of its pages from its first appearance on; a formula only on some. A story (a
    tag) may have its background in every article. For paragraphs whose numbers differ, half of the articles suffice.
    """
    fewest = SUBJECT_SHARE * len(found.ids)
    fewest_of_rare = FIGURE_SHARE * len(found.ids) if found.has_figures else fewest
    for tag, count in found.tags.items():
        if count >= fewest_of_rare and window.tags[tag] < COMMON_SHARE * window.group_count:
            return True
    for section, count in found.sections.items():
        later_count = sum(1 for at in window.fetched[section] if found.first_at and at >= found.first_at)
        is_rare = len(window.fetched[section]) < COMMON_SHARE * window.group_count
        is_most = len(window.fetched[section]) > COMMON_SHARE * window.group_count
        most = FORMULA_SHARE if is_most else COMMON_SHARE
        if count >= (fewest_of_rare if is_rare else fewest) and count < most * later_count:
            return True
    return False


def _describe(found: _Occurrences, window: _Window) -> RecurringParagraph:
    is_long = len(found.text) > TEXT_CHARS
    return RecurringParagraph(
        text=found.text[:TEXT_CHARS] + "…" if is_long else found.text,
        article_count=len(found.ids),
        share=len(found.ids) / window.group_count,
        example_ids=tuple(found.ids[:EXAMPLE_COUNT]),
    )
