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

MAX_COUNT = 2**63 - 1
"""The largest integer that both databases take."""


def read_day(text: str | datetime) -> datetime:
    """Return the day that an option names."""
    try:
        return text if isinstance(text, datetime) else datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day such as 2024-02-29") from None


def between(lowest: float, highest: int = MAX_COUNT) -> Callable[[float | None], float | None]:
    """Return a callback that refuses smaller and larger numbers. Unlike Typer's own, it does not lengthen the help."""

    def check(count: float | None) -> float | None:
        if count is not None and not lowest <= count <= highest:
            limit = f"at least {lowest}" if count < lowest else f"at most {highest:,}"
            raise typer.BadParameter(f"{count} is not {limit}")
        return count

    return check


AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
FromDay = Annotated[
    datetime | None, typer.Option("--from", metavar="DAY", parser=read_day, help="First publication day.")
]
ToDay = Annotated[datetime | None, typer.Option("--to", metavar="DAY", parser=read_day, help="Last publication day.")]
RowLimit = Annotated[
    int | None, typer.Option("--limit", metavar="COUNT", callback=between(0), help="List at most this many.")
]
PageLimit = Annotated[
    int | None, typer.Option("--limit", metavar="COUNT", callback=between(0), help="Fetch at most this many pages.")
]
RecordId = Annotated[str, typer.Argument(metavar="ID", help="A record id, or any URL of the article.")]


def refuse_empty(value: str | None) -> str | None:
    """Refuse an empty name, which would select nothing or everything."""
    if value is not None and not value.strip():
        raise typer.BadParameter("it is empty")
    return value


Section = Annotated[
    str | None, typer.Option(metavar="NAME", callback=refuse_empty, help="Words of the section's name.")
]
Author = Annotated[
    str | None,
    typer.Option(metavar="NAME", callback=refuse_empty, help="Consecutive words of an author's or agency's name."),
]
Tag = Annotated[str | None, typer.Option(metavar="NAME", callback=refuse_empty, help="Words of a tag.")]
Language = Annotated[str | None, typer.Option(metavar="CODE", callback=refuse_empty, help="ISO 639-1 code: en, ru.")]
SiteName = Annotated[
    str | None, typer.Option("--site", metavar="NAME", callback=refuse_empty, help="The publisher's name.")
]
CrawledSite = Annotated[
    str | None,
    typer.Option(
        "--site", metavar="NAME", callback=refuse_empty, help="The site's name; by default, the first of the settings."
    ),
]
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


OfKind = Annotated[
    ArticleKind | None, typer.Option("--kind", metavar="KIND", help=f"Only this kind: {', '.join(ArticleKind)}.")
]


def join_query(words: Sequence[str] | None) -> str:
    """Return the words of a query as one text; report names before a colon that are no field."""
    from storage.search.query import PART_NAMES, find_unknown_fields

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


def report_unknown_values(**filters: str | None) -> None:
    """Report each filter whose value no article of the archive has: why nothing was found, and what was meant."""
    if not any(filters.values()):
        return
    from pipeline.unknown_value import describe_unknown_values

    for sentence in with_archive(lambda archive: describe_unknown_values(archive, filters)):
        print_line(f"broadsheet: {sentence}")
