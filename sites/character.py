"""Decides by Unicode category what a text may hold: every field of a record goes through here."""

import re
from unicodedata import category

_CONTROLS = {code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0)}
"""C1 controls in a page are Windows-1252 that somebody took for Latin-1. Those that it has not mean nothing."""

_JOINED = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ua840-\uabff\ufb50-\ufdff\ufe70-\ufefc"
"""Scripts in which a joiner or a non-joiner between two letters makes another word."""

_MEANT = re.compile(
    rf"(?<=[{_JOINED}])[\u200c\u200d](?=[{_JOINED}])"
    r"|(?<=[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
)
_NUMBER_SIGNS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Format characters that are seen: they stand around numbers."""

_DROPPED = frozenset({"Cc", "Cf", "Cs"})


def clean_characters(text: str) -> str:
    """A text without control and format characters, lone surrogates and noncharacters, but for line feed and tab.

    Joiners stay where they mean something: between letters of scripts that have them, and in emoji.
    """
    if text.isprintable():
        return text
    meant = {found.start() for found in _MEANT.finditer(text)}
    kept = "".join(char for place, char in enumerate(text) if place in meant or _is_kept(char))
    return kept.translate(_CONTROLS)


def _is_kept(char: str) -> bool:
    if char in "\n\t " or "\x80" <= char <= "\x9f" or char in _NUMBER_SIGNS:
        return True
    return category(char) not in _DROPPED and not is_noncharacter(char)


def is_noncharacter(char: str) -> bool:
    """Whether Unicode will never give this code a character."""
    code = ord(char)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004 - as Unicode has them
