"""The parameters of a search in a URL: the same for the page, the feed, the export and the API."""

from datetime import date
from typing import Annotated, Any, Self
from urllib.parse import quote_plus

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schemas.article import Kind
from schemas.search import FACETS, ReaderFilter, SearchOrder, SearchQuery
from storage.search.query import MAX_QUERY_LETTERS, read_query


def read_empty(value: object) -> object:
    """Read an empty field of the form as none."""
    return None if value == "" else value


MAX_VALUE_LETTERS = 500
"""More than any section, author or tag has."""

Value = Annotated[str | None, Field(max_length=MAX_VALUE_LETTERS), BeforeValidator(read_empty)]
Day = Annotated[date | None, BeforeValidator(read_empty)]


class SearchParameters(BaseModel):
    """What a reader looks for. Values of fields are matched letter for letter; the query is that of `search`."""

    model_config = ConfigDict(populate_by_name=True, frozen=True)

    q: str = Field(default="", max_length=MAX_QUERY_LETTERS, description="a query in the syntax of `broadsheet search`")
    site: Value = Field(default=None, description="a publisher's name")
    section: Value = None
    author: Value = Field(default=None, description="an author or an agency")
    tag: Value = None
    kind: Annotated[Kind | None, BeforeValidator(read_empty)] = None
    language: Value = Field(default=None, description="ISO 639-1")
    since: Day = Field(default=None, alias="from", description="first publication day, in the publisher's time zone")
    until: Day = Field(default=None, alias="to", description="last publication day, in the publisher's time zone")
    sort: SearchOrder = SearchOrder.RELEVANCE
    duplicates: bool = Field(default=False, description="list duplicates too")
    min_confidence: Annotated[float | None, Field(ge=0, le=1), BeforeValidator(read_empty)] = Field(
        default=None, description="least confidence in a record, 0 to 1"
    )
    cursor: Value = Field(default=None, description="where the page begins: `next_cursor` of the page before")

    @property
    def query(self) -> SearchQuery | None:
        """The parsed query; None if there is none.

        Raises:
            QueryEmpty: it has no word to look for.
        """
        return read_query(self.q) if self.q.strip() else None

    @property
    def filter(self) -> ReaderFilter:
        """The filter."""
        chosen: dict[str, Any] = {name: getattr(self, name) for name in FACETS}
        return ReaderFilter(
            **chosen,
            since=self.since,
            until=self.until,
            include_duplicates=self.duplicates,
            min_confidence=self.min_confidence,
            order=self.sort,
        )

    def link(self, path: str, **changes: object) -> str:
        """Return the URL of the same search with these changes, from its first page unless they name a cursor."""
        return SearchLinks(self).make(path, **changes)

    @property
    def newest(self) -> Self:
        """The same search, the newest first, as a feed has it."""
        return self.model_copy(update={"sort": SearchOrder.NEWEST, "cursor": None})

    def describe(self) -> str:
        """Return the search in words."""
        given = self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"q", "sort", "cursor"})
        conditions = [f"{name}: {value}" for name, value in given.items()]
        return ", ".join(filter(None, (self.q.strip(), *conditions))) or "all articles"


class SearchLinks:
    """Makes the URLs of a search with changes: a page has a hundred, and the parameters are rendered once."""

    def __init__(self, asked: SearchParameters) -> None:
        rendered = {name: _render_parameter(name, getattr(asked, name)) for name in SearchParameters.model_fields}
        self._rendered = rendered | {"cursor": ""}

    def make(self, path: str, **changes: object) -> str:
        """Return the URL with these changes, from the first page unless they name a cursor."""
        changed = self._rendered | {name: _render_parameter(name, value) for name, value in changes.items()}
        query = "&".join(filter(None, changed.values()))
        return f"{path}?{query}" if query else path


def _render_parameter(name: str, value: object) -> str:
    """Return a parameter as it is in a URL; an empty text if it has its default."""
    field = SearchParameters.model_fields[name]
    if value is None or value == field.default:
        return ""
    return f"{field.alias or name}={quote_plus('1' if value is True else str(value))}"
