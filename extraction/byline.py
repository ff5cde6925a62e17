"""Parse bylines and the credit at the end of a text into persons and agencies."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from boilerplate.correction import is_correction
from boilerplate.remover import Quotation
from extraction.agency import AGENCIES, list_own_desks
from extraction.linked_data import clean_markup
from extraction.normalization import tidy
from extraction.paragraph import Infobox
from extraction.person_name import is_name, is_person, is_suffix, split_joint_names

MAX_NOTE_COUNT = 3
"""Maximum corrections and notes that follow a credit; more than two were never seen."""

_CREDIT = re.compile(r"\(\s*+((?! )[\w .,;/&-]{2,80}?)(?:(?<!\s)\s++)?+\)\.?$")
_CLOSING_LINE = re.compile(r"[-–—]{1,2}\s*+([\w .,;/&-]{2,80}?)\.?$")
_LIST = re.compile(r"(?:(?<!\s)\s++)?+(?:,|/(?!\s*(?:RL|Radio Liberty)\b)|&|;|\b(?:and|и)\b)\s*")
_ACRONYM = re.compile(r"[A-ZА-ЯЁ]{2,6}$")
_NOTE = re.compile(
    r"(?:corrections?|clarifications?|editor['’]?s['’]? note|note to readers|updates?d?"
    r"|поправка|исправление|от редакции|примечание редакции)\s*[:.—–-]"
    r"|(?:an earlier|a previous|the original) version of this\b"
    r"|this (?:article|story|piece|report) (?:has been|was) (?:updated|corrected|amended)\b",
    re.IGNORECASE,
)
_BARE_BY = re.compile(r"(?:by|von|par|автор|авторы)\W*$", re.IGNORECASE)
_CONTACT = re.compile(r"(?<!\S)@?[^\s@]++@\S+\.\w+\)?|(?<!\w)@\w+|https?://\S+")
_TRAILER = re.compile(
    r"(?:(?<!\s)\s++[|•·–—-]"
    r"|;?+(?:(?<!\s)\s++)?+(?:Edit(?:ed|ing)|Photo(?:graph)?s?|Additional reporting) by"
    r"|[,;/]?+(?:(?<!\s)\s++)?+\b(?:photos?|fotos?|bild(?:er)?|pictures?|images?|фото):)\s(?s:.*)",
    re.IGNORECASE,
)
_PARENTHESIS = re.compile(r"(?:(?<!\s)\s++)?+\(([^()]{1,60})\)")
_LOCATION = re.compile(r"(?<!\s)\s++in\s++[A-Z][\w .'’-]{1,100}$")
_ROLE = re.compile(
    r"\b(?:correspondent|editor|editor-in-chief|reporter|writer|columnist|contributor|analyst|producer|journalist"
    r"|bureau|chief|staff|professor|director|fellow|author|photographer|freelancer?|special to|updated|published"
    r"|redakteur(?:in)?|reporterin|korrespondent(?:in)?|volontär(?:in)?|journalist(?:in|e)|rédact(?:eur|rice)"
    r"|periodista|redactora?|corresponsal|giornalista)\b",
    re.IGNORECASE,
)
_GENERIC_NAME = re.compile(
    r"(?:the |our |news |web |online |guest |senior )*(?:staff(?: (?:writers?|reporters?|correspondents?|report))?"
    r"|admin(?:istrator)?|webmaster|editors?|editorial (?:staff|team)|news(?:room| desk)|reporters?|writers?|author"
    r"|(?:from )?(?:combined|wire|agency) reports?|news agencies"
    r"|contributors?|correspondents?|unknown|anonymous|redaktion|redacción|rédaction)",
    re.IGNORECASE,
)
_ON_BEHALF_OF = re.compile(
    r"(?:^|(?<!\s)\s++)(?:for|with|/|of|avec|mit|con)\s++(?P<agency>[\w .-]{1,100})$", re.IGNORECASE
)
_BY = re.compile(
    r"^(?:(?:(?:Text|Story|Words|Written|Posted|Reported|Analysis)\s+)?(?:By|Von|Par|Автор:|Авторы:)[:\s]"
    r"|(?:Text|Story|Words|Текст):)\s*",
    re.IGNORECASE,
)
_LAST_ROLE = re.compile(
    r"(?<!\s)\s++(?:(?:staff|senior|chief|deputy|associate|assistant|managing|contributing|special|freelance|guest"
    r"|foreign|national|local|political|diplomatic|business|economics|sports?|health|science|environment|technology"
    r"|education|culture|arts|news|features|data|video)\s++){0,4}+"
    r"(?:editor(?:-in-chief)?|correspondent|reporter|writer|columnist|redakteur(?:in)?|korrespondent(?:in)?)$",
    re.IGNORECASE,
)
"""A post after a name, without a comma: `Jane Doe Political Editor`. It has four words before the last at most, so that
a thousand of them take no longer."""

_NAME_AFTER_BY = re.compile(r"(?:^|(?<!\s)\s++)(?:By|Von|Par)\s++(?=[^\W\d_a-z])")
"""`Capital Von Jane Doe`. The small word is part of a name: `Jane von Doe`."""

_ASIAN_ROLE = re.compile(r"(?<=\S)\s*+(?:기자|특파원|記者|记者)$")
_CREDITED = re.compile(r"(?:images?|photos?|fotos?|pictures?|bild(?:er)?|credits?)\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Byline:
    """The authors and agencies of a text, in the byline's order."""

    authors: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()


def read_names(names: Iterable[str]) -> Byline:
    """Sort single names into persons and agencies: `AFP`, `NAME for AFP`, `NAME`."""
    authors: list[str] = []
    agencies: list[str] = []
    for raw in names:
        name = _strip_by(raw)
        source = _ON_BEHALF_OF.search(name)
        if source and (agency := AGENCIES.get(source["agency"].casefold())):
            agencies.append(agency)
            name = name[: source.start()].strip()
        if agency := AGENCIES.get(name.casefold()):
            agencies.append(agency)
        elif name and not is_generic_name(name):
            authors.append(name)
    return Byline(tuple(dict.fromkeys(authors)), tuple(dict.fromkeys(agencies)))


def split_names(byline: str) -> list[str]:
    """Return the single names of a byline, `By A, B and C`, without roles as in `A, Editor`."""
    first, *others = split_joint_names(_strip_by(byline)) or [""]
    head, *extras = first.split(", ")
    return [name for name in (_drop_roles(extras, head), *(_drop_roles(part.split(", ")) for part in others)) if name]


def split_loose(text: str) -> list[str]:
    """Return the names in the text beside a byline's links, ignoring anything else, such as `June 29`."""
    names = [name for name in map(_strip_by, split_names(text)) if not _ROLE.search(name)]
    return [name for name in names if is_name(name) or read_names([name]).agencies]


def _drop_roles(pieces: Iterable[str], *names: str) -> str:
    """Return `Jane Doe` for `Jane Doe`, `Senior Editor`."""
    return ", ".join((*names, *(piece for piece in pieces if not _ROLE.search(piece))))


def _strip_by(text: str) -> str:
    """Return a byline without its leading `By` and surrounding punctuation."""
    name = _BY.sub("", tidy(text)).strip(" ,;|")
    return "" if _BARE_BY.match(name) else name


def clean_names(texts: Iterable[str]) -> Iterator[str]:
    """Yield the names in an unknown publisher's author texts: `By A and B | CNN`, `C, Senior Editor`, `d@e.org`."""
    for text in (part for written in texts for part in clean_markup(written).split(";")):
        line = _TRAILER.sub("", _CONTACT.sub(" ", text))
        if _CREDITED.match(line.strip()):
            continue
        line = _strip_by(_PARENTHESIS.sub(lambda found: f", {found[1]}", line))
        *_, line = _NAME_AFTER_BY.split(line)
        for index, part in enumerate(split_joint_names(line)):
            head, *extras = tidy(part).split(", ")
            if is_person(head):  # what follows is a place, a post or the author's abbreviation
                extras = [extra for extra in extras if is_suffix(extra) or is_name(extra)]
            plain = _drop_roles([head, *extras]) if index else _drop_roles(extras, head)
            name = _drop_last_role(_ASIAN_ROLE.sub("", _LOCATION.sub("", plain).strip(" ,;:|-–—")))
            is_extra = index and name.isupper() and " " not in name and name.casefold() not in AGENCIES
            if name and not is_extra and any(char.isalpha() for char in name):
                yield name


def _drop_last_role(name: str) -> str:
    person = _LAST_ROLE.sub("", name)
    return person if is_person(person) else name


def is_generic_name(name: str) -> bool:
    """Whether a name is a generic one: `Staff Writer`, `admin`."""
    return bool(_GENERIC_NAME.fullmatch(name))


def cut_credit(paragraphs: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paragraphs without the credit that ends the text (`(AP, Reuters)`), and the credit's agencies.

    Infoboxes, corrections and editor's notes below the credit are kept. A name below a quotation is its speaker, not
    a credit.
    """
    last = _find_last_paragraph(paragraphs)
    if last < 0 or isinstance(paragraphs[last], Quotation):
        return paragraphs, ()
    match = _CREDIT.search(paragraphs[last]) or _CLOSING_LINE.match(paragraphs[last])
    agencies = _read_credit(match[1]) if match else ()
    if match is None or not agencies:
        return paragraphs, ()
    remaining = paragraphs[last][: match.start()].rstrip()
    return (*paragraphs[:last], *((remaining,) if remaining else ()), *paragraphs[last + 1 :]), agencies


def _find_last_paragraph(paragraphs: tuple[str, ...]) -> int:
    """Return the index of the last paragraph of the text itself."""
    last, note_count = len(paragraphs) - 1, 0
    while last > 0:
        paragraph = paragraphs[last]
        if not isinstance(paragraph, Infobox):
            note_count += 1
            if note_count > MAX_NOTE_COUNT or not (_NOTE.match(paragraph) or is_correction(paragraph)):
                break
        last -= 1
    return last


def _read_credit(line: str) -> tuple[str, ...]:
    """Return the agencies of a credit, including acronyms; empty if it has no known agency or anything else."""
    own = list_own_desks()
    names = [name for name in _LIST.split(line) if name and name.casefold() not in own]
    known = [AGENCIES.get(name.casefold()) for name in names]
    if not any(known) or not all(agency or _ACRONYM.match(name) for name, agency in zip(names, known, strict=True)):
        return ()
    return tuple(dict.fromkeys(agency or name for name, agency in zip(names, known, strict=True)))
