"""Edits by which copies of a text come to differ from it; deterministic for a random state."""

import random
from collections.abc import Callable
from itertools import accumulate

from benchmarks.story import draw_words, list_paragraphs
from replica.furniture import DONATIONS

Edit = Callable[[str, random.Random], str]


def change_words(share: float) -> Edit:
    """Return an edit of a share of the words: most are replaced, some removed, some get another word beside them."""

    def change(body: str, rng: random.Random) -> str:
        paragraphs = [paragraph.split() for paragraph in body.split("\n\n")]
        places = [(paragraph, place) for paragraph in paragraphs for place in range(len(paragraph))]
        chosen = rng.sample(places, round(share * len(places)))
        for (paragraph, place), word in zip(chosen, draw_words(rng, len(chosen)), strict=True):
            paragraph[place] = rng.choice((word, word, word, word, "", f"{paragraph[place]} {word}"))
        return "\n\n".join(" ".join(filter(None, paragraph)) for paragraph in paragraphs)

    return change


def keep(body: str, _: random.Random) -> str:
    """Return the text unchanged."""
    return body


def replace_intro(body: str, rng: random.Random) -> str:
    """Replace the first paragraph."""
    return "\n\n".join([rng.choice(list_paragraphs()), *body.split("\n\n")[1:]])


def replace_start(share: float) -> Edit:
    """Return an edit that replaces the first paragraphs, which hold this share of its words or a little more."""

    def replace(body: str, rng: random.Random) -> str:
        paragraphs = body.split("\n\n")
        ends = accumulate(len(paragraph.split()) for paragraph in paragraphs)
        count = 1 + sum(end < share * len(body.split()) for end in ends)
        return "\n\n".join([*rng.sample(list_paragraphs(), count), *paragraphs[count:]])

    return replace


def quote(share: float) -> Edit:
    """Return an edit that puts the text between other paragraphs, so that it is at most this share of the whole."""

    def surround(body: str, rng: random.Random) -> str:
        most = len(body.split()) * (1 - share) / share
        before, after = ("\n\n".join(_take_paragraphs(most / 2, rng)) for _ in range(2))
        return f"{before}\n\n{body}\n\n{after}"

    return surround


def _take_paragraphs(word_count: float, rng: random.Random) -> list[str]:
    """Return paragraphs with at least this many words."""
    paragraphs: list[str] = []
    while sum(len(paragraph.split()) for paragraph in paragraphs) < word_count:
        paragraphs.append(rng.choice(list_paragraphs()))
    return paragraphs


def add_in_front(body: str, rng: random.Random) -> str:
    """Add a paragraph at the start."""
    return f"{rng.choice(list_paragraphs())}\n\n{body}"


def add_paragraph(body: str, rng: random.Random) -> str:
    """Add a paragraph at the end."""
    return f"{body}\n\n{rng.choice(list_paragraphs())}"


def add_line(body: str, rng: random.Random) -> str:
    """Add a line of furniture at the end."""
    return "\n\n".join(
        [body, rng.choice(("Sign up for our free weekly newsletter", "Read more about: Syria, Kremlin"))]
    )


def add_donation(body: str, rng: random.Random) -> str:
    """Add a whole donation message at the end."""
    return "\n\n".join([body, *DONATIONS[rng.choice((5, 6))]])


def keep_first_half(body: str, _: random.Random) -> str:
    """Keep only the first paragraphs."""
    return "\n\n".join(_halve(body)[0])


def keep_second_half(body: str, _: random.Random) -> str:
    """Keep only the last paragraphs."""
    return "\n\n".join(_halve(body)[1])


def _halve(body: str) -> tuple[list[str], list[str]]:
    """Split the text between paragraphs, into halves of lengths as equal as possible."""
    paragraphs = body.split("\n\n")
    ends = range(1, len(paragraphs)) or (1,)
    end = min(ends, key=lambda end: abs(sum(map(len, paragraphs[:end])) - sum(map(len, paragraphs[end:]))))
    return paragraphs[:end], paragraphs[end:] or paragraphs


def cut(share: float) -> Edit:
    """Return an edit that keeps this share of the characters, up to the end of a word."""
    return lambda body, _: body[: int(share * len(body))].rsplit(" ", 1)[0]


def combine(*edits: Edit) -> Edit:
    """Return an edit that applies these one after the other."""

    def edit(body: str, rng: random.Random) -> str:
        for one in edits:
            body = one(body, rng)
        return body

    return edit
