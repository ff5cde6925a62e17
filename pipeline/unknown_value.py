"""Finds the filters that no article of the archive can pass, and what was probably meant."""

from collections.abc import Mapping

from pipeline.archive import Archive
from schemas.suggestion import find_nearest
from storage.articles.value import list_values
from storage.search.word import list_words

EXAMPLES = 6
"""The most frequent values, named if none is near: a line of a terminal."""

EXACT = frozenset({"site", "kind", "language", "rights"})
"""Filters that match a whole value; the others match consecutive words of it."""


def describe_unknown_values(archive: Archive, filters: Mapping[str, str | None]) -> list[str]:
    """Return a sentence for each filter whose value no article has, with the nearest ones that articles have."""
    with archive.database.read() as session:
        return [
            _describe(name, value, known)
            for name, value in filters.items()
            if value is not None and not _is_known(name, value, known := list_values(session, name))
        ]


def _is_known(name: str, value: str, known: list[str]) -> bool:
    if name in EXACT:
        return value in known
    wanted = " ".join(list_words(value))
    return any(f" {wanted} " in f" {' '.join(list_words(one))} " for one in known)


def _describe(name: str, value: str, known: list[str]) -> str:
    said = f"no article has the {name} '{value}'"
    if nearest := find_nearest(value, known):
        return f"{said}; did you mean {' or '.join(nearest)}?"
    listed = ", ".join(known[:EXAMPLES])
    return f"{said}; there is {listed}{', …' if len(known) > EXAMPLES else ''}" if known else said
