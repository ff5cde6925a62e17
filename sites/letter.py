"""Takes texts down to their letters and digits, by which furniture is known, and finds the way back to the text."""

import re
from collections.abc import Sequence
from unicodedata import normalize

PLACED_CHARS = 20_000
"""Of a paragraph whose letters change in number when they are folded: each is asked singly, at a microsecond."""

_NO_LETTER = re.compile(r"[\W_]+")
_COMMON_SIGNS = "“”‘’—–…"
_ASCII_SIGNS = {code: None for code in range(128) if not chr(code).isalnum()}
_ASCII_SIGNS_IN_LINES = {code: None for code in _ASCII_SIGNS if code != ord("\n")}


def squeeze(text: str) -> str:
    """The letters and digits of a text in one case; the text itself where it has none."""
    if not text.isascii():
        text = normalize("NFKC", text)
        for sign in _COMMON_SIGNS:
            text = text.replace(sign, "")
    folded = text.casefold()
    # Deleting from pure ASCII is ten times as quick as the expression, and most paragraphs are pure by now.
    letters = folded.translate(_ASCII_SIGNS) if folded.isascii() else _NO_LETTER.sub("", folded)
    return letters or text.strip()


def squeeze_all(texts: Sequence[str]) -> list[str]:
    """The same for each of several texts, at once where they are plain: a call for each takes three times as long."""
    joined = "\n".join(texts)
    for sign in _COMMON_SIGNS:
        joined = joined.replace(sign, "")
    if not joined.isascii():
        return [squeeze(text) for text in texts]
    keys = joined.casefold().translate(_ASCII_SIGNS_IN_LINES).split("\n")
    if len(keys) != len(texts):  # a text has line breaks of its own
        return [squeeze(text) for text in texts]
    return [key or text.strip() for key, text in zip(keys, texts, strict=True)]


def place_letters(text: str, key: str) -> list[int] | None:
    """For each character of a text's squeezed key, its place in the text; None where only all together fold so."""
    places = [at for at, char in enumerate(text) if char.isalnum()]
    if len(places) == len(key):
        return places
    if len(text) > PLACED_CHARS:
        return None
    places = [at for at, char in enumerate(text) for _ in _NO_LETTER.sub("", normalize("NFKC", char).casefold())]
    return places if len(places) == len(key) else None
