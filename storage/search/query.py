"""Parse search queries. Any input is valid; whatever is not an operator is plain words."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from schemas.failure import UsageFailure
from schemas.search import SearchPart, SearchQuery, Term
from storage.search.word import list_words

MAX_QUERY_LETTERS = 1_000
"""Maximum characters parsed: far more than anyone types, few enough for any database."""

MIN_PREFIX_LETTERS = 3
"""Minimum letters before a `*`: half of all words begin with one of a few pairs of letters."""

QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))

PART_NAMES = {
    **{part.value: part for part in SearchPart},
    "title": SearchPart.HEADLINE,
    "authors": SearchPart.AUTHOR,
    "tags": SearchPart.TAG,
}

NAME_PARTS = frozenset({SearchPart.AUTHOR, SearchPart.SECTION})
"""Parts that are names, which are matched exactly."""

PIECE = re.compile(
    rf"""
    (?P<dashes>(?<!\S)-+)?
    (?:(?P<part>{"|".join(PART_NAMES)}):)?
    (?:"(?P<phrase>[^"]*)"(?P<star>\*)?|"?(?P<word>[^\s"]+))
    """,
    re.VERBOSE | re.IGNORECASE,
)

OPEN_END = re.compile(r"\*\W*\Z")
"""A star after a word, possibly followed by punctuation."""

POSSESSIVE = re.compile(r"['’ʼ]s\W*\Z", re.IGNORECASE)


UNKNOWN_FIELD = re.compile(r"(?<!\S)-?([^\W\d]{3,20}):(?=[\w\"])")
"""A name before a colon, as a field would be given; a URL (`https://`) and a time (`12:30`) are not."""


class QueryEmpty(UsageFailure):
    """The query has nothing to search for; the message is one line."""


class _Piece(NamedTuple):
    term: Term
    is_excluded: bool
    is_alternative: bool
    """Whether it is an alternative to the preceding term."""


def read_query(
    text: str, *, author: str | None = None, section: str | None = None, tag: str | None = None
) -> SearchQuery:
    """Parse a query, with an author, a section and a tag given separately.

    Raises:
        QueryEmpty: it has no words, or only excluded ones.
    """
    groups: list[list[Term]] = []
    excluded = []
    for piece in _read_pieces(text[:MAX_QUERY_LETTERS]):
        if piece.is_excluded:
            excluded.append(piece.term)
        elif piece.is_alternative and groups:
            groups[-1].append(piece.term)
        else:
            groups.append([piece.term])
    for part, name in ((SearchPart.AUTHOR, author), (SearchPart.SECTION, section), (SearchPart.TAG, tag)):
        if name is not None:
            groups.append([_read_name(part, name)])
    if not groups:
        raise QueryEmpty("the query only says what is not wanted" if excluded else "the query has no word to look for")
    return SearchQuery(wanted=tuple(map(tuple, groups)), excluded=tuple(excluded))


def find_unknown_fields(text: str) -> list[str]:
    """Return the names before a colon that are no field: their words are searched like any others."""
    names = UNKNOWN_FIELD.findall(text[:MAX_QUERY_LETTERS])
    return sorted({name for name in names if name.lower() not in PART_NAMES})


def _read_name(part: SearchPart, name: str) -> Term:
    words = list_words(name[:MAX_QUERY_LETTERS])
    if not words:
        raise QueryEmpty(f"the {part} has no word to look for")
    return Term(words=tuple(words), part=part, is_exact=True)


def _read_pieces(text: str) -> Iterator[_Piece]:
    is_alternative = is_excluded = False
    for match in PIECE.finditer(text.translate(QUOTES)):
        operator = match[0]
        if operator in {"OR", "AND", "NOT"}:
            is_alternative, is_excluded = operator == "OR", operator == "NOT"
        elif term := _read_term(match):
            yield _Piece(term, is_excluded or bool(match["dashes"]), is_alternative)
            is_alternative = is_excluded = False


def _read_term(match: re.Match[str]) -> Term | None:
    name = match["part"]
    part = PART_NAMES[name.lower()] if name else None
    is_phrase = match["phrase"] is not None
    text = match["phrase"] if is_phrase else match["word"]
    words = list_words(text if is_phrase else POSSESSIVE.sub("", text) or text)
    if not words:
        return None
    is_open = bool(match["star"]) or bool(OPEN_END.search(text))
    is_prefix = is_open and len(words[-1]) >= MIN_PREFIX_LETTERS
    is_exact = is_phrase or is_prefix or len(words) > 1 or part in NAME_PARTS
    return Term(words=tuple(words), part=part, is_prefix=is_prefix, is_exact=is_exact)
