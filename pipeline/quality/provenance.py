"""Counts how pages were read: the outcome, and for each kind of page, the source of each field."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil

import sites
from schemas.article import Article
from schemas.capture import CaptureRef
from schemas.model import Record
from schemas.outcome import ArticleRead, CaptureQuarantined, Outcome
from schemas.report import KindReading

ANY_PAGE = "page"
"""The "kind" that all pages have, including quarantined ones, whose kind is unknown."""

RESULT = "result"
"""Its field: `article`, or the name of the reason for quarantining the page."""

ARTICLE = "article"

MISSING = "missing"
"""The source of a field that the page does not have."""

AGREEMENT = "agreement"
"""Listed beside fields: its "source" says whether trafilatura and the page's blocks gave the same paragraphs …"""

AGREED = "agreed"
"""… or how they differed. Publishers without known blocks are not counted."""

UNCHECKED = "unchecked"
"""The page lacks the publisher's known blocks: trafilatura alone read it."""

DIFFERENCE = "trafilatura-"
"""Prefix of the flags that say how the two readings differed."""

LENGTH = "length"
"""Listed beside fields: its "source" is a class of body lengths."""

FIELDS = (
    "headline",
    "subtitle",
    "authors",
    "agencies",
    "sponsor",
    "section",
    "tags",
    "published_at",
    "modified_at",
    "body",
    "images",
)
"""The fields looked for on every page."""

UNCHECKED_FLAGS = frozenset({"container-missing", "content-missing"})

LENGTHS = (0, *sorted({ceil(2 ** (half / 2)) for half in range(33)}))
"""The fewest words of each length class, up to 65,536: two classes per octave, so that a median is known to about a
fifth."""

FieldSource = tuple[str, str, str]
"""Kind of page, field, source."""


class Reading(Record):
    """How the pages of a batch, or of a run so far, were read."""

    kinds: dict[str, KindReading] = {}
    first: dict[FieldSource, CaptureRef] = {}
    """The first page on which a field of a kind came from a source."""

    def __add__(self, other: "Reading") -> "Reading":
        """Return the sum; on conflict, the first page of this one is kept."""
        names = (self.kinds | other.kinds).keys()
        empty = KindReading()
        kinds = {name: self.kinds.get(name, empty) + other.kinds.get(name, empty) for name in sorted(names)}
        return Reading(kinds=kinds, first=other.first | self.first)


def count_reading(outcomes: Sequence[Outcome]) -> Reading:
    """Count how the pages among these outcomes were read. Imported files without a URL are not counted."""
    counts: defaultdict[str, _KindCount] = defaultdict(_KindCount)
    first: dict[FieldSource, CaptureRef] = {}
    for outcome in outcomes:
        if not isinstance(outcome, ArticleRead | CaptureQuarantined) or outcome.seen.url is None:
            continue
        counts[ANY_PAGE].page_count += 1
        if isinstance(outcome, ArticleRead):
            counts[outcome.article.kind.value].page_count += 1
            counts[outcome.article.kind.value].word_count += outcome.article.word_count
        for field_source in _list_field_sources(outcome):
            kind, name, source = field_source
            counts[kind].sources[name][source] += 1
            first.setdefault(field_source, outcome.seen.ref)
    return Reading(kinds={kind: count.close() for kind, count in counts.items()}, first=first)


@dataclass(slots=True)
class _KindCount:
    """Counters for one kind of page."""

    page_count: int = 0
    word_count: int = 0
    sources: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def close(self) -> KindReading:
        sources = {name: dict(found) for name, found in self.sources.items()}
        lengths = sources.pop(LENGTH, {})
        return KindReading(page_count=self.page_count, sources=sources, word_count=self.word_count, lengths=lengths)


def _list_field_sources(outcome: ArticleRead | CaptureQuarantined) -> Iterator[FieldSource]:
    if isinstance(outcome, CaptureQuarantined):
        yield ANY_PAGE, RESULT, outcome.reasons[0].partition(":")[0]
        return
    yield ANY_PAGE, RESULT, ARTICLE
    article = outcome.article
    kind = article.kind.value
    yield from ((kind, name, article.sources.get(name, MISSING)) for name in FIELDS)
    if sites.get_site(article.site).has_page_rules and article.body:
        yield kind, AGREEMENT, describe_agreement(article)
    yield kind, LENGTH, str(classify_length(article))


def describe_agreement(article: Article) -> str:
    """Return whether both readings of a body agree, or how they first differ."""
    if article.sources.get("body") == "trafilatura":
        return UNCHECKED if UNCHECKED_FLAGS.intersection(article.flags) else AGREED
    return next((flag.removeprefix(DIFFERENCE) for flag in article.flags if flag.startswith(DIFFERENCE)), UNCHECKED)


def classify_length(article: Article) -> int:
    """Return the fewest words of the length class of an article's body."""
    return LENGTHS[bisect_right(LENGTHS, article.word_count) - 1]
