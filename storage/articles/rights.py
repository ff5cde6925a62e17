"""Conditions on the rights of an article's capture, and the articles that they leave out."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, select

from schemas.rights import TDM_RESERVED
from storage.schema.tables import Article, RightsRow

SEPARATOR = " "
"""Before and after each term in the column: no term contains it."""


def join_terms(terms: tuple[str, ...]) -> str:
    """Return the column's value for these terms."""
    return f"{SEPARATOR}{SEPARATOR.join(terms)}{SEPARATOR}" if terms else ""


def split_terms(value: str) -> list[str]:
    """Return the terms of the column's value."""
    return value.split()


def list_rights_conditions(term: str | None, *, respect_tdm: bool) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions: that the capture's rights have a term; that they are known, and mining is not reserved."""
    if term is not None:
        yield _has(term)
    if respect_tdm:
        yield is_known()
        yield ~_has(TDM_RESERVED)


def is_known() -> ColumnElement[bool]:
    """Return whether the rights of an article's capture have been read."""
    return Article.capture_id.in_(select(RightsRow.capture_id))


def _has(term: str) -> ColumnElement[bool]:
    wanted = RightsRow.terms.contains(f"{SEPARATOR}{term.strip().lower()}{SEPARATOR}", autoescape=True)
    return Article.capture_id.in_(select(RightsRow.capture_id).where(wanted))
