"""Finds furniture that no list knows: paragraphs that stand in many unrelated articles of one crawl period.

Articles of one story share paragraphs too, and a newspaper has sentences of its own that come again. What tells
furniture from them: it does not go with a subject. It stands on all pages, or on all of a section, from one day on.
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
"""Of a paragraph: fewer are a subhead, a label, a name. A message always has a longer one beside them."""

FEWEST_ARTICLES = 5
FEWEST_SHARE = 0.01
"""From here on a paragraph recurs: of the newest 200 articles, or of up to 500, five."""

SUBJECT_SHARE = 0.8
"""Of the articles with a paragraph: a subject that so many of them have is what they have it from …"""

COMMON_SHARE = 0.5
"""… unless so much of everything has that subject, or so many of a section's articles the paragraph."""

FORMULA_SHARE = 0.2
"""Of a section that is most of everything: a newspaper's own sentences stand in fewer of its articles."""

FIGURE_SHARE = 0.5
"""As `SUBJECT_SHARE`, of paragraphs that differ in their numbers: exchange rates are filed here and there."""

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
"""What such a line says beside names."""

TEXT_CHARS = 1000
"""Of a paragraph in the report: twice the longest of any known message."""

REPORTED_COUNT = 50
"""Paragraphs in a report: the longest message known has thirty lines; what is more shows once those are gone."""

EXAMPLE_COUNT = 3

_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W\d_]+")
_CREDIT = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, {*AGENCIES.values(), 'Associated Press'})))})\b")

Group = Sequence[NewArticle]
"""The articles of one group of duplicates, or the only one."""


class Recurrence(Record):
    """What recurs in the newest articles."""

    paragraphs: tuple[RecurringParagraph, ...] = ()
    leak_rate: float | None = None
    """The share of the articles with furniture that the list knows; None without articles."""
    article_count: Count = 0
    """The articles that were looked through, a group of duplicates counted once."""


@dataclass
class _Window:
    """What is counted of all articles. Paragraphs by their hashes alone: that keeps 5,000 articles below 20 MB."""

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
class _Carriers:
    """The articles that a paragraph stands in, the newest first."""

    text: str
    has_figures: bool = False
    """Whether its numbers differ from article to article."""
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
    """What recurs in the articles that `iterate` answers, the newest first; it is called twice where anything may."""
    window = _Window()
    for group in iterate():
        window.add(group, boilerplate)
    if not window.group_count:
        return Recurrence()
    fewest = max(FEWEST_ARTICLES, FEWEST_SHARE * window.group_count)
    wanted = {found for found, count in window.hashes.items() if count >= fewest}
    carriers = _find_carriers(iterate(), wanted) if wanted else []
    unknown = [found for found in carriers if len(found.ids) >= fewest and _is_unknown(found, window, boilerplate)]
    unknown.sort(key=lambda found: -len(found.ids))  # within the same count, in the order of the page
    return Recurrence(
        paragraphs=tuple(_describe(found, window) for found in unknown[:REPORTED_COUNT]),
        leak_rate=window.leaking_count / window.article_count,
        article_count=window.group_count,
    )


def _read_keys(group: Group) -> dict[str, str]:
    """The letters of each paragraph of a group -> the paragraph: quotes, spaces, case and numbers do not matter.

    A message that counts its donors says another number on each page.
    """
    paragraphs = [text for article in group for text in split_paragraphs(article.body)]
    long = [text for text in paragraphs if len(text.split()) >= FEWEST_WORDS]
    return {_DIGITS.sub("0", key): text for key, text in zip(squeeze_all(long), long, strict=True)}


def _find_carriers(groups: Iterable[Group], wanted: set[int]) -> list[_Carriers]:
    found: dict[str, _Carriers] = {}
    for group in groups:
        for key, text in _read_keys(group).items():
            if hash(key) in wanted:
                found.setdefault(key, _Carriers(text)).add(group, text)
    return list(found.values())


def _is_unknown(found: _Carriers, window: _Window, boilerplate: Boilerplate) -> bool:
    return not (_is_credit(found.text) or _is_of_subject(found, window) or _is_known(found.text, boilerplate))


def _is_known(text: str, boilerplate: Boilerplate) -> bool:
    return not boilerplate.remove([text]).paragraphs


def _is_credit(text: str) -> bool:
    """A short line that names a news agency, and else little but names: whose text it is, or who helped."""
    words = _WORDS.findall(text)
    others = [word for place, word in enumerate(words) if (place == 0 or word[0].islower()) and not _is_of_credit(word)]
    return len(words) <= CREDIT_WORDS and bool(_CREDIT.search(text)) and len(others) <= 1


def _is_of_credit(word: str) -> bool:
    return bool(CREDITING.fullmatch(word) or _CREDIT.search(word))


def _is_of_subject(found: _Carriers, window: _Window) -> bool:
    """Whether the articles have the paragraph from what they are about: a story's background, a section's formula.

    Furniture that one section alone has stands on most of its pages from the first on; a formula on some. A story,
    which a tag names, may have its background in every article. Where its numbers differ, half of one subject do.
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


def _describe(found: _Carriers, window: _Window) -> RecurringParagraph:
    is_long = len(found.text) > TEXT_CHARS
    return RecurringParagraph(
        text=found.text[:TEXT_CHARS] + "…" if is_long else found.text,
        article_count=len(found.ids),
        share=len(found.ids) / window.group_count,
        example_ids=tuple(found.ids[:EXAMPLE_COUNT]),
    )
