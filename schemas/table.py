"""Tables of texts with their metadata: which column is which field of an article. The one list of column names."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas.article import ArticleRecord

ROW_MEDIA_TYPE = "application/vnd.broadsheet.row+json"
"""Media type of a WARC record that holds one row of an imported table, as a JSON object."""

TABLE_SOURCE = "table"
"""The source of a value that comes from a column."""

TIME_UNKNOWN = "fetched-at-missing"
"""Flag of a text whose row does not say when it was fetched: `fetched_at` is the time of the import."""

COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "body": ("body", "text", "article_text", "full_text", "article_body", "articlebody", "maintext", "content"),
    "url": ("url", "canonical_url", "article_url", "source_url", "permalink", "link", "uri"),
    "headline": ("headline", "title", "article_title"),
    "subtitle": ("subtitle", "subheadline", "standfirst", "dek"),
    "authors": ("authors", "author", "byline", "creator"),
    "published_at": (
        "published_at",
        "publication_date",
        "published",
        "publish_date",
        "published_date",
        "date_published",
        "datepublished",
        "date_publish",
        "pub_date",
        "pubdate",
        "date",
    ),
    "modified_at": ("modified_at", "date_modified", "datemodified", "last_modified", "updated_at"),
    "fetched_at": ("fetched_at", "crawled_at", "scraped_at", "retrieved_at", "date_download"),
    "section": ("section", "category", "rubric"),
    "tags": ("tags", "keywords"),
    "language": ("language", "lang"),
    "kind": ("kind",),
}
"""Field -> names of its column, in lower case with underscores. The first of several that is filled counts."""

EMPTY_VALUES = frozenset({"", "nan", "nat", "none", "null", "n/a", "<na>", "\\n"})
"""What programs write for a missing value, in lower case."""

EXPORT_COLUMNS = frozenset({"id", "site", "body", "content_sha256", "fetched_at", "extractor", "sources", "flags"})
"""Columns that together show that a row is a record of our own export."""

SHOWN_COLUMNS = 30
"""Columns that a message names: as many as our own exports have."""


class Row(NamedTuple):
    """One row of a table, or why it could not be read."""

    number: int
    """As an editor or a spreadsheet counts: lines of JSON Lines, rows of CSV with the header as row 1; else items."""
    values: Mapping[str, object] | None = None
    """Column -> value, as the file has it."""
    problem: str | None = None


def normalize_column(name: str) -> str:
    """Return a column's name in lower case, with underscores: `publication_date` for `Publication Date`."""
    return "_".join(name.strip("\ufeff \t\"'").casefold().replace("-", " ").split())


def is_export(columns: Iterable[str]) -> bool:
    """Whether these are the columns of our own export."""
    return set(columns) >= EXPORT_COLUMNS


def is_header(cells: Sequence[str]) -> bool:
    """Whether a line is certainly the header of a table of texts: two columns or more, and it knows each."""
    known = {*ArticleRecord.model_fields, *(name for names in COLUMN_NAMES.values() for name in names)}
    return len(cells) > 1 and known.issuperset(map(normalize_column, cells)) and bool(list_columns("body", cells))


def is_empty(value: object) -> bool:
    """Whether a cell has no value."""
    return value is None or str(value).strip().lower() in EMPTY_VALUES


def list_columns(field: str, columns: Iterable[str]) -> list[str]:
    """Return the columns that hold a field, in the order in which they count."""
    named: dict[str, list[str]] = {}
    for column in columns:
        named.setdefault(normalize_column(column), []).append(column)
    return [column for name in COLUMN_NAMES[field] for column in named.get(name, ())]


def find_duplicate(columns: Iterable[str]) -> str | None:
    """Return a name that two columns share, if it is one that we read."""
    known = {name for names in COLUMN_NAMES.values() for name in names}
    seen: set[str] = set()
    for column in map(normalize_column, columns):
        if column in seen and column in known:
            return column
        seen.add(column)
    return None


def explain_columns(columns: Iterable[str]) -> str:
    """Return the message about a table without a text."""
    found = [repr(column[:50]) for column in columns]
    shown = ", ".join(found[:SHOWN_COLUMNS]) + (
        f" and {len(found) - SHOWN_COLUMNS} more" * (len(found) > SHOWN_COLUMNS)
    )
    return f"no column has the texts; found: {shown or 'none'}; needed: {', '.join(COLUMN_NAMES['body'])}"
