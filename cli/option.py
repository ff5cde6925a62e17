"""Options and arguments shared by several commands."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from schemas.printing import print_line

if TYPE_CHECKING:
    from pipeline.archive import Archive

Result = TypeVar("Result")

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
FromDay = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First publication day (Moscow).")
]
ToDay = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last publication day (Moscow).")]
MAX_LIMIT = 2**63 - 1
"""The largest integer that both databases take."""

RowLimit = Annotated[int | None, typer.Option("--limit", min=0, max=MAX_LIMIT, help="List at most this many.")]
PageLimit = Annotated[int | None, typer.Option("--limit", min=0, max=MAX_LIMIT, help="Fetch at most this many pages.")]
RecordId = Annotated[str, typer.Argument(metavar="ID", help="A record id, or any URL of the article.")]


def _refuse_empty(value: str | None) -> str | None:
    """Refuse an empty name, which would select nothing or everything."""
    if value is not None and not value.strip():
        raise typer.BadParameter("it is empty")
    return value


Section = Annotated[str | None, typer.Option(callback=_refuse_empty, help="Words of the section's name.")]
Author = Annotated[
    str | None, typer.Option(callback=_refuse_empty, help="Consecutive words of an author's or agency's name.")
]
Tag = Annotated[str | None, typer.Option(callback=_refuse_empty, help="Words of a tag.")]
Language = Annotated[str | None, typer.Option(callback=_refuse_empty, help="ISO 639-1 code: en, ru.")]
SiteName = Annotated[str | None, typer.Option("--site", callback=_refuse_empty, help="The publisher's name.")]
NO_SHORT_OPTIONS: dict[str, Any] = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
"""Of a command that takes a query: `-word` is part of it, so the command has no short options."""


class ArticleKind(StrEnum):
    """The kinds of article: `schemas.article.Kind`, repeated here so that `--help` need not load it."""

    ARTICLE = "article"
    OPINION = "opinion"
    GALLERY = "gallery"
    VIDEO = "video"
    PODCAST = "podcast"
    LIVE = "live"


OfKind = Annotated[ArticleKind | None, typer.Option("--kind", help="Only articles of this kind.")]


def check_days(from_day: datetime | None, to_day: datetime | None) -> None:
    """Raise `BadParameter` if the first day is after the last."""
    if from_day and to_day and from_day > to_day:
        raise typer.BadParameter(f"--from {from_day:%Y-%m-%d} is after --to {to_day:%Y-%m-%d}")


def join_query(words: Sequence[str] | None) -> str:
    """Return the words of a query as one text; report names before a colon that are no field.

    Raises:
        BadParameter: a word looks like an option.
    """
    from storage.search.query import PART_NAMES, find_unknown_fields

    for word in words or ():
        if word.startswith("--"):
            raise typer.BadParameter(f"No such option: {word}")
    text = " ".join(words or ())
    for name in find_unknown_fields(text):
        print_line(
            f"broadsheet: {name}: is not a field of a query, and is searched as a word; fields: {', '.join(PART_NAMES)}"
        )
    return text


def day_of(at: datetime | None) -> date | None:
    """Return the date of an option's value; None if the option was not given."""
    return at.date() if at else None


def with_archive(read: "Callable[[Archive], Result]") -> Result:
    """Open the archive of the settings read-only, and return what `read` returns."""
    from pipeline.archive import open_archive
    from schemas.settings import load_settings

    with open_archive(load_settings(), writable=False) as archive:
        return read(archive)
