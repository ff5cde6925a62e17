"""How pages were read: what became of them, and for each kind of page, where each field came from."""

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
"""The "kind" that all pages have, those too that were quarantined and whose kind nobody knows."""

RESULT = "result"
"""Its field: `article`, or the name of the reason for which the page was quarantined."""

ARTICLE = "article"

MISSING = "missing"
"""Where a field comes from that the page has not."""

AGREEMENT = "agreement"
"""Stands beside fields: its "source" says whether trafilatura and the page's blocks gave the same paragraphs …"""

AGREED = "agreed"
"""… or in what they differed; pages of publishers whose blocks nobody knows are not counted."""

UNCHECKED = "unchecked"
"""The page has not the blocks that are known of its publisher: trafilatura read it alone."""

DIFFERENCE = "trafilatura-"
"""How the flags begin that say in what they differed."""

LENGTH = "length"
"""Stands beside fields: its "source" is a class of body lengths."""

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
"""What is looked for on every page."""

UNCHECKED_FLAGS = frozenset({"container-missing", "content-missing"})

LENGTHS = (0, *sorted({ceil(2 ** (half / 2)) for half in range(33)}))
"""Fewest words of each class of lengths, up to 65,536: two to an octave, so that a median is known to a fifth or so."""

Place = tuple[str, str, str]
"""Kind of page, field, source."""


class Reading(Record):
    """The readings of a batch, or of a run so far."""

    kinds: dict[str, KindReading] = {}
    first: dict[Place, CaptureRef] = {}
    """The first page that had a field of a kind from a source."""

    def __add__(self, other: "Reading") -> "Reading":
        """Both together; this one came first."""
        names = (self.kinds | other.kinds).keys()
        empty = KindReading()
        kinds = {name: self.kinds.get(name, empty) + other.kinds.get(name, empty) for name in sorted(names)}
        return Reading(kinds=kinds, first=other.first | self.first)


def count_reading(outcomes: Sequence[Outcome]) -> Reading:
    """How the pages among these outcomes were read. Imported files without a URL are none."""
    counts: defaultdict[str, _KindCount] = defaultdict(_KindCount)
    first: dict[Place, CaptureRef] = {}
    for outcome in outcomes:
        if not isinstance(outcome, ArticleRead | CaptureQuarantined) or outcome.seen.url is None:
            continue
        counts[ANY_PAGE].page_count += 1
        if isinstance(outcome, ArticleRead):
            counts[outcome.article.kind.value].page_count += 1
            counts[outcome.article.kind.value].word_count += outcome.article.word_count
        for place in _list_places(outcome):
            kind, name, source = place
            counts[kind].sources[name][source] += 1
            first.setdefault(place, outcome.seen.ref)
    return Reading(kinds={kind: count.close() for kind, count in counts.items()}, first=first)


@dataclass(slots=True)
class _KindCount:
    """The pages of a kind while they are counted."""

    page_count: int = 0
    word_count: int = 0
    sources: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def close(self) -> KindReading:
        sources = {name: dict(found) for name, found in self.sources.items()}
        lengths = sources.pop(LENGTH, {})
        return KindReading(page_count=self.page_count, sources=sources, word_count=self.word_count, lengths=lengths)


def _list_places(outcome: ArticleRead | CaptureQuarantined) -> Iterator[Place]:
    if isinstance(outcome, CaptureQuarantined):
        yield ANY_PAGE, RESULT, outcome.reasons[0].partition(":")[0]
        return
    yield ANY_PAGE, RESULT, ARTICLE
    article = outcome.article
    kind = article.kind.value
    yield from ((kind, name, article.sources.get(name, MISSING)) for name in FIELDS)
    if sites.get_site(article.site).hosts and article.body:
        yield kind, AGREEMENT, describe_agreement(article)
    yield kind, LENGTH, str(classify_length(article))


def describe_agreement(article: Article) -> str:
    """Whether both readings of a body agree, or the first difference between them."""
    if article.sources.get("body") == "trafilatura":
        return UNCHECKED if UNCHECKED_FLAGS.intersection(article.flags) else AGREED
    return next((flag.removeprefix(DIFFERENCE) for flag in article.flags if flag.startswith(DIFFERENCE)), UNCHECKED)


def classify_length(article: Article) -> int:
    """The fewest words of the class that an article's body belongs to."""
    return LENGTHS[bisect_right(LENGTHS, article.word_count) - 1]
