"""Split lists of names, but not single names that contain a comma or an "and"."""

import re

from extraction.agency import AGENCIES, list_own_desks

MAX_WORD_COUNT = 5
"""Maximum words of a person's name, particles included: `María de la Cruz Pérez`."""

# `RFE/RL` is one name.
_JOINT = re.compile(
    r"(?:(?<!\s)\s++)?+(?:[,;]|/(?!\s*(?:RL|Radio Liberty)\b)|(?<=\s)&\s|\b(?:and|AND|und|et|y|e|og|och|ve|и)\b)\s*"
)
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|Ph\.?\s?D|M\.?D|Esq|MBE|OBE|CBE)\.?$")
# A word of a name: `O’Neill`, `al-Assad`, `J.`, `Jean-Luc`, `McDonald`; it has a capital at or near its start.
_WORD = re.compile(r"(?:[a-z]{1,3}['’-])?[^\W\d_a-zа-яё](?:[\w'’-]*\.?|(?:\.-?[^\W\d_])*\.)$")
_ADDITION = re.compile(r"(?<!\s)\s++(?:for|in|with|avec|mit|con)\s+(?=[A-ZА-ЯЁ])|(?:(?<!\s)\s++)?+/")
_PARTICLE = re.compile(r"(?:al|bin|d[aeio]|del|den|der|dos|du|el|ibn|la|le|te[rn]|van|von|y|zu)$")
_ACRONYM = re.compile(r"[A-ZА-ЯЁ]{2,6}$")
# Words in names of organisations, but not of people.
_ORGANISATION = re.compile(
    r"\b(?:academy|administration|affairs|agency|army|association|bank|bureau|cabinet|cent(?:er|re)|club|college"
    r"|commission|committee|company|corporation|council|court|defen[sc]e|department|duma|economy|education|embassy"
    r"|faculty|federation|foundation|fund|government|group|industry|inc|institut(?:e|ion)|international|kremlin|llc|ltd"
    r"|magazine|ministry|movement|museum|network|news|office|organi[sz]ation|party|policy|post|press|radio|research"
    r"|review|school|science|security|service|society|staff|studies|team|television|theat(?:er|re)|times|trade|trust"
    r"|union|university|министерство|институт|агентство|редакция|служба|комитет|совет|фонд|центр)\b",
    re.IGNORECASE,
)


def split_joint_names(line: str) -> list[str]:
    """Return the names in a line, in order. A joint only separates names if there is a name on either side."""
    tokens, joints = _JOINT.split(line), _JOINT.findall(line)
    found = [tokens[0]]
    for joint, token in zip(joints, tokens[1:], strict=True):
        if not found[-1].strip() or not token.strip():
            found[-1] += token  # a joint at the start or end, or two in a row: `A, and B`
        elif not _SUFFIX.match(token) and is_name(found[-1]) and is_name(token):
            found.append(token)
        else:
            found[-1] += joint + token
    return [name for part in found if (name := part.strip(" ,;&"))]


def is_name(text: str) -> bool:
    """Whether a text is certainly one name: a person (two or more words), an agency, the publisher or an acronym.

    `Jane Doe for AFP` and `Jane Doe in Kyiv` are names too.
    """
    name = text.strip()
    if name.casefold() in AGENCIES or name.casefold() in list_own_desks() or _ACRONYM.match(name):
        return True
    return is_person(_ADDITION.split(name, maxsplit=1)[0])


def is_suffix(text: str) -> bool:
    """Whether a text belongs to the name before it: `Jr.`, `PhD`."""
    return bool(_SUFFIX.match(text))


def is_person(text: str) -> bool:
    """Whether a text looks like a person's full name."""
    plain = _SUFFIX.sub("", text.strip()).strip(" ,")
    words = plain.split()
    if not 1 < len(words) <= MAX_WORD_COUNT or _ORGANISATION.search(plain):
        return False
    return all(_WORD.match(word) or _PARTICLE.match(word) for word in words) and not _PARTICLE.match(words[-1])
