"""The filters that `search`, `export` and `release` share."""

import functools
import inspect
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli.option import (
    ArticleKind,
    Author,
    FromDay,
    Language,
    OfKind,
    Section,
    SiteName,
    Tag,
    ToDay,
    between,
    day_of,
    refuse_empty,
    report_unknown_values,
)

if TYPE_CHECKING:
    from schemas.export import ArticleFilter

IncludeDuplicates = Annotated[bool, typer.Option("--include-duplicates", help="Include duplicates.")]

Rights = Annotated[
    str | None,
    typer.Option(
        metavar="TERM",
        callback=refuse_empty,
        help="Only pages that say this: tdm-reserved, tdm-free, noarchive, noai, licence, …",
    ),
]
RespectTdm = Annotated[
    bool, typer.Option("--respect-tdm", help="Leave out what is reserved from text and data mining, or unknown.")
]

MinConfidence = Annotated[
    float | None,
    typer.Option(metavar="NUMBER", callback=between(0, 1), help="Leave out records of lower or unknown confidence."),
]

OPTIONS: Mapping[str, tuple[Any, object]] = {
    "from_day": (FromDay, None),
    "to_day": (ToDay, None),
    "section": (Section, None),
    "author": (Author, None),
    "tag": (Tag, None),
    "kind": (OfKind, None),
    "language": (Language, None),
    "site": (SiteName, None),
    "include_duplicates": (IncludeDuplicates, False),
    "rights": (Rights, None),
    "respect_tdm": (RespectTdm, False),
    "min_confidence": (MinConfidence, None),
}
"""Parameter -> its annotation and its default."""


class Filters(NamedTuple):
    """The values of the filters."""

    from_day: datetime | None
    to_day: datetime | None
    section: str | None
    author: str | None
    tag: str | None
    kind: ArticleKind | None
    language: str | None
    site: str | None
    include_duplicates: bool
    rights: str | None
    respect_tdm: bool
    min_confidence: float | None

    @property
    def query_parts(self) -> dict[str, Any]:
        """Return the filters that are words of a query."""
        return {"section": self.section, "author": self.author, "tag": self.tag}

    @property
    def conditions(self) -> dict[str, Any]:
        """Return the others, by their names in `SearchFilter` and `ArticleFilter`."""
        from schemas.article import Kind

        return {
            "since": day_of(self.from_day),
            "until": day_of(self.to_day),
            "site": self.site,
            "kind": Kind(self.kind) if self.kind else None,
            "language": self.language,
            "include_duplicates": self.include_duplicates,
            "rights": self.rights,
            "respect_tdm": self.respect_tdm,
            "min_confidence": self.min_confidence,
        }

    def select(self, query: str) -> "ArticleFilter":
        """Return the filter for articles that match the query too."""
        from schemas.export import ArticleFilter

        return ArticleFilter(query=query.strip() or None, **self.query_parts, **self.conditions)

    def report_unknown(self) -> None:
        """Report each value that no article of the archive has."""
        exact = {"kind": self.kind, "language": self.language, "site": self.site, "rights": self.rights}
        report_unknown_values(**exact, **self.query_parts)


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of the filters, in place of its parameter `filters`.

    Raises, when it is called:
        BadParameter: the first day is after the last.
    """
    parameters: list[inspect.Parameter] = []
    for one in inspect.signature(command).parameters.values():
        parameters += _list_options() if one.name == "filters" else [one]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        filters = Filters(**{name: given.pop(name) for name in OPTIONS})
        if filters.from_day and filters.to_day and filters.from_day > filters.to_day:
            raise typer.BadParameter(f"--from {filters.from_day:%Y-%m-%d} is after --to {filters.to_day:%Y-%m-%d}")
        command(**given, filters=filters)

    vars(run)["__signature__"] = inspect.Signature(parameters)
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _list_options() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in OPTIONS.items()
    ]
