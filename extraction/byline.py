"""Tells persons from agencies, in bylines and in the credit at the end of a text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from extraction.prose import tidy

AGENCIES = {
    name.casefold(): name
    for name in (
        "AFP",
        "AP",
        "Bloomberg",
        "BNS",
        "DPA",
        "EFE",
        "Interfax",
        "Itar-Tass",
        "Kyodo",
        "PA",
        "RIA Novosti",
        "Reuters",
        "TASS",
        "UPI",
        "Xinhua",
    )
} | {
    "agence france-presse": "AFP",
    "associated press": "AP",
    "the associated press": "AP",
    "thomson reuters": "Reuters",
    "bloomberg news": "Bloomberg",
    "ria": "RIA Novosti",
}
"""Name in lower case -> the name that records have."""

OWN_DESKS = frozenset({"mt", "the moscow times"})
"""The publisher itself, where it stands among agencies in a closing credit."""

_CREDIT = re.compile(r"\(([\w .,/&-]{2,80})\)\.?$")
_LIST = re.compile(r"\s*(?:,|/|&|;|\band\b)\s*")
_JOINT = re.compile(r"\s*(?:,|;|\s&\s|\band\b|\bи\b)\s*")
_FROM = re.compile(r"\s+(?:for|/|of)\s+(?P<agency>[\w .-]+)$", re.IGNORECASE)
_BY = re.compile(r"^(?:By|Text by|Автор:|Авторы:)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Byline:
    """Who wrote a text, in the byline's order."""

    authors: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()


def read_names(names: Iterable[str]) -> Byline:
    """Persons and agencies of single names: `AFP`, `NAME for AFP`, `NAME`."""
    authors: list[str] = []
    agencies: list[str] = []
    for raw in names:
        name = _BY.sub("", tidy(raw)).strip(" ,;|")
        source = _FROM.search(name)
        if source and (agency := AGENCIES.get(source["agency"].casefold())):
            agencies.append(agency)
            name = name[: source.start()].strip()
        if agency := AGENCIES.get(name.casefold()):
            agencies.append(agency)
        elif name:
            authors.append(name)
    return Byline(tuple(dict.fromkeys(authors)), tuple(dict.fromkeys(agencies)))


def split_names(byline: str) -> list[str]:
    """The single names of a whole byline: `By A, B and C`."""
    return [name for name in _JOINT.split(_BY.sub("", tidy(byline))) if name]


def cut_credit(paragraphs: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paragraphs without the credit that ends them (`(AP, Reuters)`), and its agencies."""
    if not paragraphs or not (match := _CREDIT.search(paragraphs[-1])):
        return paragraphs, ()
    names = [name.casefold() for name in _LIST.split(match[1]) if name]
    agencies = tuple(dict.fromkeys(AGENCIES[name] for name in names if name in AGENCIES))
    if not agencies or any(name not in AGENCIES and name not in OWN_DESKS for name in names):
        return paragraphs, ()
    rest = paragraphs[-1][: match.start()].rstrip()
    return paragraphs[:-1] + ((rest,) if rest else ()), agencies
