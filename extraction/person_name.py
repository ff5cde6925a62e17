"""Parts what names several people into its names, and leaves whole what only has a comma or an "and" in it."""

import re

from extraction.agency import AGENCIES, OWN_DESKS

MAX_WORD_COUNT = 5
"""Of a person's name, particles included: `María de la Cruz Pérez`."""

# `RFE/RL` is one name.
_JOINT = re.compile(
    r"(?:(?<!\s)\s++)?+(?:[,;]|/(?!\s*(?:RL|Radio Liberty)\b)|(?<=\s)&\s|\b(?:and|AND|und|et|y|и)\b)\s*"
)
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|Ph\.?\s?D|M\.?D|Esq|MBE|OBE|CBE)\.?$")
# A word of a name: `O’Neill`, `al-Assad`, `J.`, `Jean-Luc`, `McDonald`; it has a capital somewhere near its beginning.
_WORD = re.compile(r"(?:[a-z]{1,3}['’-])?[^\W\d_a-zа-яё](?:[\w'’-]*\.?|(?:\.-?[^\W\d_])*\.)$")
_ADDITION = re.compile(r"(?<!\s)\s++(?:for|in|with)\s+(?=[A-ZА-ЯЁ])|(?:(?<!\s)\s++)?+/")
_PARTICLE = re.compile(r"(?:al|bin|d[aeio]|del|den|der|dos|du|el|ibn|la|le|te[rn]|van|von|y|zu)$")
_ACRONYM = re.compile(r"[A-ZА-ЯЁ]{2,6}$")
# What organisations are called, and people are not.
_ORGANISATION = re.compile(
    r"\b(?:academy|administration|affairs|agency|army|association|bank|bureau|cabinet|cent(?:er|re)|club|college"
    r"|commission|committee|company|corporation|council|court|defen[sc]e|department|duma|economy|education|embassy"
    r"|faculty|federation|foundation|fund|government|group|industry|inc|institut(?:e|ion)|international|kremlin|llc|ltd"
    r"|magazine|ministry|movement|museum|network|news|office|organi[sz]ation|party|policy|post|press|radio|research"
    r"|review|school|science|security|service|society|staff|studies|team|television|theat(?:er|re)|times|trade|trust"
    r"|union|university|министерство|институт|агентство|редакция|служба|комитет|совет|фонд|центр)\b",
    re.IGNORECASE,
)


def part_names(line: str) -> list[str]:
    """The names in a line, in order. A joint parts two names only where what stands on either side is a name."""
    tokens, joints = _JOINT.split(line), _JOINT.findall(line)
    found = [tokens[0]]
    for joint, token in zip(joints, tokens[1:], strict=True):
        if not found[-1].strip() or not token.strip():
            found[-1] += token  # a joint at the beginning or the end, or two of them: `A, and B`
        elif not _SUFFIX.match(token) and is_name(found[-1]) and is_name(token):
            found.append(token)
        else:
            found[-1] += joint + token
    return [name for part in found if (name := part.strip(" ,;&"))]


def is_name(text: str) -> bool:
    """Whether a text is certainly one name: a person's (two words or more), an agency's, the publisher's, an acronym.

    `Jane Doe for AFP` and `Jane Doe in Kyiv` are names too.
    """
    whole = text.strip()
    if whole.casefold() in AGENCIES or whole.casefold() in OWN_DESKS or _ACRONYM.match(whole):
        return True
    return is_person(_ADDITION.split(whole, maxsplit=1)[0])


def is_person(text: str) -> bool:
    """Whether a text has the form of a person's full name."""
    plain = _SUFFIX.sub("", text.strip()).strip(" ,")
    words = plain.split()
    if not 1 < len(words) <= MAX_WORD_COUNT or _ORGANISATION.search(plain):
        return False
    return all(_WORD.match(word) or _PARTICLE.match(word) for word in words) and not _PARTICLE.match(words[-1])
