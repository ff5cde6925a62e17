"""Search queries, filters and hits."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.article import Kind
from schemas.model import Confidence, Count, NonEmpty, Record


class SearchPart(StrEnum):
    """Parts of an article that a query can name."""

    HEADLINE = "headline"
    SUBTITLE = "subtitle"
    AUTHOR = "author"
    """Includes agencies."""
    SECTION = "section"
    TAG = "tag"


class Term(Record):
    """Consecutive words, case-folded."""

    words: Annotated[tuple[NonEmpty, ...], Field(min_length=1)]
    part: SearchPart | None = None
    """The part in which it must occur; None for any part except the section."""
    is_prefix: bool = False
    """Whether the last word is a prefix."""
    is_exact: bool = False
    """Whether other forms of the word (`sanction`, `sanctions`) do not match."""


class SearchQuery(Record):
    """A parsed query."""

    wanted: Annotated[tuple[tuple[Term, ...], ...], Field(min_length=1)]
    """At least one term of each group must occur."""
    excluded: tuple[Term, ...] = ()
    """None of these may occur."""


class SearchOrder(StrEnum):
    """The order of hits. In each, articles without a date come last."""

    RELEVANCE = "relevance"
    """Hits in headlines first, then in subtitles, then anywhere; newest first within each."""
    NEWEST = "newest"
    OLDEST = "oldest"


class SearchFilter(Record):
    """Which articles to search, in which order, and which of the hits to return."""

    since: date | None = None
    """Published on this day (the publisher's) or later. With a day given, articles without a date are excluded."""
    until: date | None = None
    """Published on this day (the publisher's) or earlier."""
    site: NonEmpty | None = None
    kind: Kind | None = None
    language: NonEmpty | None = None
    """ISO 639-1."""
    include_duplicates: bool = False
    rights: NonEmpty | None = None
    respect_tdm: bool = False
    """Both as in `schemas.export.ArticleFilter`, and so is the next."""
    min_confidence: Confidence | None = None
    order: SearchOrder = SearchOrder.RELEVANCE
    offset: Count = 0
    """Hits to skip."""
    limit: Annotated[int, Field(ge=1)]
    """Hits to return at most."""


class SearchCount(Record):
    """How many articles match a query."""

    total_count: Count
    """Within the filter, whatever its offset and limit."""
    undated_count: Count
    """Left out because they have no date, where the filter has a day."""


Mark = tuple[int, int]
"""Start and end (exclusive) of a match in a text, in code points."""


class SearchHit(Record):
    """An article that matches a query."""

    id: NonEmpty
    url: str | None
    kind: Kind
    headline: str | None
    headline_marks: tuple[Mark, ...]
    subtitle: str | None
    subtitle_marks: tuple[Mark, ...]
    authors: tuple[str, ...]
    section: str | None
    published_at: datetime | None
    published_on: date | None
    """The day in the publisher's time zone."""
    duplicate_of: str | None
    found_in: SearchPart | None
    """`headline` if all terms occur there, `subtitle` if headline and subtitle have them together; else None."""
    snippet: str
    """About 30 words of the body around the matches; the beginning of the body if they are elsewhere."""
    snippet_marks: tuple[Mark, ...]


class ReaderFilter(Record):
    """Which articles a reader wants to see. Values are those of the articles, letter for letter."""

    since: date | None = None
    """Published on this day (the publisher's) or later. With a day given, articles without a date are excluded."""
    until: date | None = None
    site: str | None = None
    section: str | None = None
    author: str | None = None
    """An author or an agency."""
    tag: str | None = None
    kind: Kind | None = None
    language: str | None = None
    include_duplicates: bool = False
    min_confidence: Confidence | None = None
    """Articles of which no confidence is known are excluded by any."""
    order: SearchOrder = SearchOrder.RELEVANCE


FACETS = ("site", "section", "author", "tag", "kind", "language")
"""The fields by whose values hits are counted."""


class FacetValue(Record):
    """A value of a field, and how many of the hits have it."""

    value: str
    count: Count


class HitCount(Record):
    """What a reader's query finds, in numbers."""

    total_count: Count
    undated_count: Count
    """Those of them without a date."""
    facets: dict[str, tuple[FacetValue, ...]]
    """Field of `FACETS` -> its most frequent values, the most frequent first."""
    days: dict[date, Count]
    """Publication day -> hits, in order; days without any are left out."""


class Duplicate(Record):
    """An article that is listed under its primary."""

    id: NonEmpty
    headline: str | None
    published_on: date | None
    """The day in the publisher's time zone."""


class HitPage(Record):
    """A page of the articles that a reader's query finds."""

    hits: tuple[SearchHit, ...]
    duplicates: dict[str, tuple[Duplicate, ...]]
    """Id of a hit -> its duplicates, which are not among the hits unless they are asked for."""
    next_cursor: str | None
    """Where the next page begins; None on the last."""
    count: HitCount
