"""What a search asks for, and what it finds."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.article import Kind
from schemas.model import NonEmpty, Record


class SearchPart(StrEnum):
    """Parts of an article that a query can name."""

    HEADLINE = "headline"
    SUBTITLE = "subtitle"
    AUTHOR = "author"
    """Agencies too."""
    SECTION = "section"
    TAG = "tag"


class Term(Record):
    """Words in a row, folded."""

    words: Annotated[tuple[NonEmpty, ...], Field(min_length=1)]
    part: SearchPart | None = None
    """Where; None for anywhere but in the section."""
    is_prefix: bool = False
    """The last word may go on."""
    is_exact: bool = False
    """Other forms of the word (`sanction`, `sanctions`) do not count."""


class SearchQuery(Record):
    """A query as it was understood."""

    wanted: Annotated[tuple[tuple[Term, ...], ...], Field(min_length=1)]
    """Of each group at least one term occurs."""
    excluded: tuple[Term, ...] = ()
    """None of these does."""


class SearchFilter(Record):
    """Among which articles, and how many hits at most."""

    since: date | None = None
    """Published on this day (in Moscow) or later. With a day given, articles without a date are left out."""
    until: date | None = None
    """Published on this day (in Moscow) or before."""
    include_duplicates: bool = False
    limit: Annotated[int, Field(ge=1)]


Mark = tuple[int, int]
"""Where a hit begins and ends in a text, in characters (code points), the end not included."""


class SearchHit(Record):
    """An article that was found."""

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
    duplicate_of: str | None
    found_in: SearchPart | None
    """`headline` where all that is wanted stands there, `subtitle` where headline and subtitle have it; else None."""
    snippet: str
    """Of the body, about 30 words around the hits; its beginning where the hits are elsewhere."""
    snippet_marks: tuple[Mark, ...]
