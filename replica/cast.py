"""Chooses what a story is about: topic, places, persons, and their names in its sentences."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from replica import vocabulary
from replica.grammar import Topic, Voice, load_topic
from replica.model import MOSCOW

NEWS_TOPICS = ("court", "city", "business", "diplomacy", "climate", "diaspora", "meanwhile", "arts")
CIVIC_TOPICS = frozenset({"court", "city", "business", "diplomacy", "climate", "diaspora"})
"""Topics that involve a town's authorities."""
ARCHIVE_TOPICS = ("court", "city", "meanwhile", "arts")
"""Topics without anything that dates them to recent years."""
RUSSIAN_TOPIC = "russian"
LIVE_TOPICS = ("diplomacy", "city", "climate")
_CACHED_COUNT = 256
"""Cached casts: an article's headline, text and page are requested one after the other."""


@dataclass(frozen=True)
class Cast:
    """The topic and parts of one story."""

    topic: Topic
    section: str
    at: datetime
    angle: int | None = None
    """Index of the topic's lead that it begins with; None for any."""
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def headlines(self) -> tuple[str, ...]:
        """Templates for its headline."""
        headlines = self.topic["headlines"]
        if self.angle is None:
            return headlines
        return tuple(text for text, angle in zip(headlines, self.topic.angles, strict=True) if angle == self.angle)

    def speak(self, rng: random.Random) -> Voice:
        """Return a voice for a text of this story in which no person has been named yet."""
        return Voice(rng, _Namer(self, rng).find)


class _Namer:
    """Gives a person's full name at the first mention, then the surname."""

    def __init__(self, cast: Cast, rng: random.Random) -> None:
        self._cast = cast
        self._rng = rng
        self._named: set[str] = set()

    def find(self, name: str) -> str:
        """Return the text for a part."""
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
    """Return the cast for a key, topics and time; deterministic."""
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
