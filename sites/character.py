"""Removes characters that text must not contain, by Unicode category. Every field of a record passes through here."""

import re
from unicodedata import category

_CONTROLS = {code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0)}
"""C1 controls in a page are Windows-1252 mislabelled as Latin-1. Codes that Windows-1252 lacks are dropped."""

_JOINING_SCRIPTS = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ua840-\uabff\ufb50-\ufdff\ufe70-\ufefc"
"""Scripts in which a joiner or non-joiner between two letters changes the word."""

_MEANINGFUL_JOINER = re.compile(
    rf"(?<=[{_JOINING_SCRIPTS}])[\u200c\u200d](?=[{_JOINING_SCRIPTS}])"
    r"|(?<=[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
)
_NUMBER_SIGNS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Visible format characters: they enclose numbers."""

_DROPPED = frozenset({"Cc", "Cf", "Cs"})


def clean_characters(text: str) -> str:
    """Remove control and format characters (except line feed and tab), lone surrogates and noncharacters.

    Joiners are kept where they have a meaning: between letters of scripts that use them, and in emoji.
    """
    if text.isprintable():
        return text
    joiners = {found.start() for found in _MEANINGFUL_JOINER.finditer(text)}
    kept = "".join(char for at, char in enumerate(text) if at in joiners or _is_kept(char))
    return kept.translate(_CONTROLS)


def _is_kept(char: str) -> bool:
    if char in "\n\t " or "\x80" <= char <= "\x9f" or char in _NUMBER_SIGNS:
        return True
    return category(char) not in _DROPPED and not is_noncharacter(char)


def is_noncharacter(char: str) -> bool:
    """Return whether Unicode reserves this code point as a noncharacter."""
    code = ord(char)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004 - Unicode's ranges
