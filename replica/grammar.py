"""Makes sentences from templates: `[one|another]` is a choice of wordings, `{name}` a part, `{n:2-9}` a number."""

import random
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TOPICS_DIR = Path(__file__).parent / "topics"
_PART = re.compile(r"\[([^\[\]]*)\]|\{([^{}]*)\}")
_NUMBER = "n:"
_DIGIT = re.compile(
    r"(?<![\d.,$-])\b([2-9])\b(?= [a-z])(?! (?:percent|[mb]illion|[ap]\.m|rubles|kilometers|degrees|euros|out of))"
)
_WORDS = dict(zip("23456789", ("two", "three", "four", "five", "six", "seven", "eight", "nine"), strict=True))
"""Small numbers are written as words, except in measurements."""
_BEFORE_EIGHT = re.compile(r"\ba (?=8\d?\b|1[18]\b)")
"""`an 84-year-old`."""

Template = tuple[tuple[str, tuple[str, ...]], ...]
"""Pairs of fixed text and the wordings that may follow; a single wording in braces is a part's name."""


@dataclass(frozen=True)
class Topic:
    """The templates for stories of one subject, by use."""

    name: str
    sections: tuple[str, ...]
    tags: tuple[str, ...]
    templates: Mapping[str, tuple[str, ...]]
    angles: tuple[int, ...] = ()
    """For each headline the index of its lead; empty if any lead goes with any headline."""

    def __getitem__(self, use: str) -> tuple[str, ...]:
        return self.templates.get(use, ())


@cache
def load_topic(name: str) -> Topic:
    """Load one file under `topics/`."""
    lists: dict[str, Any] = tomllib.loads((TOPICS_DIR / f"{name}.toml").read_text(encoding="utf-8"))
    sections, tags, angles = (tuple(lists.pop(key, ())) for key in ("sections", "tags", "angles"))
    return Topic(name, sections, tags, {use: tuple(texts) for use, texts in lists.items()}, angles)


@cache
def _parse(template: str) -> Template:
    found, start = [], 0
    for match in _PART.finditer(template):
        options = tuple(match[1].split("|")) if match[1] is not None else (match[0],)
        found.append((template[start : match.start()], options))
        start = match.end()
    return (*found, (template[start:], ("",)))


@cache
def _read_range(name: str) -> tuple[int, int]:
    first, last = name.removeprefix(_NUMBER).split("-")
    return int(first), int(last)


@dataclass
class Voice:
    """Expands templates for one text."""

    rng: random.Random
    find_part: Callable[[str], str]
    """Part's name -> its text."""
    extra: dict[str, str] = field(default_factory=dict)
    """Parts for a single template."""

    def say(self, template: str, **extra: str) -> str:
        """Expand the template, making every choice; the result begins with a capital letter."""
        self.extra = extra
        text = self._expand(template)
        if _NUMBER in template:
            text = _BEFORE_EIGHT.sub("an ", _DIGIT.sub(lambda match: _WORDS[match[1]], text))
        return text[:1].upper() + text[1:]

    def _expand(self, template: str) -> str:
        pieces = []
        for fixed, options in _parse(template):
            pieces.append(fixed)
            option = self.rng.choice(options) if len(options) > 1 else options[0]
            if option.startswith("{") and option.endswith("}") and option.count("{") == 1:
                pieces.append(self._fill(option[1:-1]))
            elif "{" in option:
                pieces.append(self._expand(option))
            else:
                pieces.append(option)
        return "".join(pieces)

    def _fill(self, name: str) -> str:
        if name in self.extra:
            return self.extra[name]
        if name.startswith(_NUMBER):
            return f"{self.rng.randint(*_read_range(name)):,}"
        return self.find_part(name)
