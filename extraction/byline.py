"""Tells persons from agencies, in bylines and in the credit at the end of a text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from extraction.linked_data import clean_markup
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
_JOINT = re.compile(r"\s*(?:,|;|\s&\s|\b(?:and|und|et|y|и)\b)\s*")
_CONTACT = re.compile(r"\(?\S+@\S+\.\w+\)?|(?<!\w)@\w+|https?://\S+")
_REST = re.compile(
    r"(?:\s+[|•·]|\s+[-–—]|;?\s*(?:Edit(?:ed|ing)|Photo(?:graph)?s?|Additional reporting) by)\s.*$", re.IGNORECASE
)
_ASIDE = re.compile(r"\s*\(([^()]{1,60})\)")
_PLACE = re.compile(r"\s+in\s+[A-Z][\w .'’-]+$")
_ROLE = re.compile(
    r"\b(?:correspondent|editor|editor-in-chief|reporter|writer|columnist|contributor|analyst|producer|journalist"
    r"|bureau|chief|staff|professor|director|fellow|author|photographer|freelancer?|special to|updated|published)\b",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"(?:the |our |news |web |online |guest |senior )*(?:staff(?: (?:writers?|reporters?|correspondents?|report))?"
    r"|admin(?:istrator)?|webmaster|editors?|editorial (?:staff|team)|news(?:room| desk)|reporters?|writers?|author"
    r"|contributors?|correspondents?|unknown|anonymous|redaktion|redacción|rédaction)",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s+(?:for|/|of)\s+(?P<agency>[\w .-]+)$", re.IGNORECASE)
_BY = re.compile(
    r"^(?:(?:Text|Story|Words|Written|Posted|Reported|Analysis)\s+)?(?:By|Von|Par|Автор:|Авторы:)[:\s]\s*",
    re.IGNORECASE,
)


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


def clean_names(texts: Iterable[str]) -> Iterator[str]:
    """The names in what unknown publishers write for authors: `By A and B | CNN`, `C, Senior Editor`, `d@e.org`."""
    for text in texts:
        line = _REST.sub("", _CONTACT.sub(" ", clean_markup(text)))
        line = _BY.sub("", _ASIDE.sub(lambda found: f", {found[1]}", line).strip(" ,;|"))
        for index, part in enumerate(_JOINT.split(line)):
            name = _PLACE.sub("", tidy(part)).strip(" ,;:|-–—")
            is_extra = index and (
                _ROLE.search(name) or (name.isupper() and " " not in name and name.casefold() not in AGENCIES)
            )
            if name and not is_extra and any(char.isalpha() for char in name):
                yield name


def is_nobody(name: str) -> bool:
    """Whether a name stands for whoever it was: `Staff Writer`, `admin`."""
    return bool(_NOBODY.fullmatch(name))


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
