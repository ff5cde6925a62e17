"""Suggests the names that a mistyped one may stand for."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

NEAREST = 3
"""The most names that are suggested."""

MIN_SIMILARITY = 0.6
"""Of a suggested name to what was typed, as `git` finds `status` for `statsu`; from 0 to 1."""


def find_nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that resemble this one, the nearest first; a name also resembles one of its words."""
    named: dict[str, list[str]] = {}
    for one in known:
        folded = one.casefold()
        for part in dict.fromkeys((folded, *folded.split())):
            named.setdefault(part, []).append(one)
    matches = get_close_matches(name.casefold(), named, n=NEAREST, cutoff=MIN_SIMILARITY)
    return list(dict.fromkeys(one for match in matches for one in named[match]))[:NEAREST]


def suggest(name: str, known: Iterable[str], synonyms: Mapping[str, str] | None = None) -> str:
    """Return ` Did you mean …?` with the nearest known name; an empty text if none resembles it."""
    meant = (synonyms or {}).get(name.casefold()) or next(iter(find_nearest(name, known)), None)
    return f" Did you mean {meant}?" if meant else ""
