"""Options and arguments shared by several commands."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

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


def day_of(at: datetime | None) -> date | None:
    """Return the date of an option's value; None if the option was not given."""
    return at.date() if at else None


def with_archive(read: "Callable[[Archive], Result]") -> Result:
    """Open the archive of the settings read-only, and return what `read` returns."""
    from pipeline.archive import open_archive
    from schemas.settings import load_settings

    with open_archive(load_settings(), writable=False) as archive:
        return read(archive)
