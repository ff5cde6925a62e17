"""Chooses what a story is about: topic, places, persons, and what they are called in its sentences."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from replica import vocabulary
from replica.grammar import Topic, Voice, load_topic
from replica.model import MOSCOW

NEWS_TOPICS = ("court", "city", "business", "diplomacy", "climate", "diaspora", "meanwhile", "arts")
CIVIC_TOPICS = frozenset({"court", "city", "business", "diplomacy", "climate", "diaspora"})
"""What a town's offices have to do with."""
ARCHIVE_TOPICS = ("court", "city", "meanwhile", "arts")
"""Nothing in them is of our days alone."""
RUSSIAN_TOPIC = "russian"
LIVE_TOPICS = ("diplomacy", "city", "climate")
_CACHED_COUNT = 256
"""Casts kept: an article's headline, text and page are asked for one after the other."""


@dataclass(frozen=True)
class Cast:
    """One story's topic and parts."""

    topic: Topic
    section: str
    at: datetime
    angle: int | None = None
    """Which of the topic's leads it begins with; None for any of them."""
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def headlines(self) -> tuple[str, ...]:
        """The templates for its headline."""
        headlines = self.topic["headlines"]
        if self.angle is None:
            return headlines
        return tuple(text for text, angle in zip(headlines, self.topic.angles, strict=True) if angle == self.angle)

    def speak(self, rng: random.Random) -> Voice:
        """A voice for a text of this story, which has named nobody yet."""
        return Voice(rng, _Namer(self, rng).find)


class _Namer:
    """Gives each person's whole name first, the surname from then on."""

    def __init__(self, cast: Cast, rng: random.Random) -> None:
        self._cast = cast
        self._rng = rng
        self._named: set[str] = set()

    def find(self, name: str) -> str:
        """What stands for a part."""
        parts = self._cast.parts
        if name.endswith("_last"):
            person = name.removesuffix("_last")
            if person in self._named:
                return parts[person].rsplit(" ", 1)[-1]
            name = person
        if name in {"official", "expert", "local"}:
            self._named.add(name)
        if name == "outlet":
            return self._rng.choice(vocabulary.OUTLETS).replace("{city}", parts["city"])
        return vocabulary.draw_word(self._rng, name, self._cast.at) or parts[name]


@lru_cache(maxsize=_CACHED_COUNT)
def choose_cast(key: str, topics: tuple[str, ...], at: datetime) -> Cast:
    """The same key, topics and time make the same cast."""
    rng = random.Random(key)
    topic = load_topic(rng.choice(topics))
    cast = Cast(topic, rng.choice(topic.sections), at, rng.choice(topic.angles) if topic.angles else None)
    cast.parts.update(_choose_russian(rng) if topic.name == RUSSIAN_TOPIC else _choose_parts(rng, at))
    namer = _Namer(cast, rng)
    for role in ("official", "expert"):
        if roles := topic[f"{role}_roles"]:
            text = Voice(rng, namer.find).say(rng.choice(roles))
            cast.parts[f"{role}_role"] = text[:1].lower() + text[1:]
    return cast


def _choose_parts(rng: random.Random, at: datetime) -> dict[str, str]:
    (city, region), (city2, _) = rng.sample(vocabulary.CITIES, 2)
    (country, capital), (country2, _) = rng.sample(vocabulary.COUNTRIES, 2)
    day = at.astimezone(MOSCOW).weekday()
    persons: list[str] = []
    while len(persons) < 3:  # noqa: PLR2004 - official, expert, local
        person = vocabulary.make_person(rng)
        if all(person.split()[1] != other.split()[1] for other in persons):
            persons.append(person)
    profession, goods = rng.choice(vocabulary.PROFESSIONS), rng.choice(vocabulary.GOODS)
    return {
        "city": city,
        "region": region,
        "region_title": region.removeprefix("the ").replace(" region", " Region"),
        "city2": city2,
        "population": f"{rng.randint(40, 900)},000",
        "village": rng.choice(vocabulary.VILLAGES),
        "country": country,
        "capital": capital,
        "country2": country2,
        "official": persons[0],
        "expert": persons[1],
        "local": persons[2],
        "company": vocabulary.make_company(rng),
        "goods": goods,
        "goods_title": goods.title(),
        "profession": profession,
        "profession_lower": profession.lower(),
        "a_profession": f"{'an' if profession[0] in 'AE' else 'a'} {profession.lower()}",
        "weekday": vocabulary.WEEKDAYS[day],
        "earlier_day": vocabulary.WEEKDAYS[day - rng.randint(1, 4)],
        "next_year": str(at.year + 1),
    }


def _choose_russian(rng: random.Random) -> dict[str, str]:
    city, city2 = rng.sample(vocabulary.RUSSIAN_CITIES, 2)
    return {"city": city, "city2": city2, "local": rng.choice(vocabulary.RUSSIAN_PERSONS)}
