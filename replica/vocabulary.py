"""The words that make one generated article differ from the next. Names of persons are invented."""

import random
import re
from collections.abc import Mapping
from functools import cache

from replica.seed import read_sentences

COUNTRIES = (
    ("Armenia", "Armenian"),
    ("Bulgaria", "Bulgarian"),
    ("Croatia", "Croatian"),
    ("Estonia", "Estonian"),
    ("Georgia", "Georgian"),
    ("Hungary", "Hungarian"),
    ("Latvia", "Latvian"),
    ("Moldova", "Moldovan"),
    ("Mongolia", "Mongolian"),
    ("Romania", "Romanian"),
    ("Serbia", "Serbian"),
    ("Slovenia", "Slovenian"),
)
CITIES = ("Batumi", "Burgas", "Debrecen", "Gyumri", "Iasi", "Kotor", "Narva", "Osh", "Pskov", "Split", "Tartu", "Varna")
SURNAMES = (
    "Abramyan",
    "Belousova",
    "Chernykh",
    "Dorokhin",
    "Fainberg",
    "Gromova",
    "Ilyasov",
    "Karelin",
    "Lagutina",
    "Mirzoyan",
    "Novitsky",
    "Ozerova",
    "Pereverzev",
    "Rudakova",
    "Stasov",
    "Tveritin",
    "Uvarova",
    "Vilkov",
    "Yasinskaya",
    "Zimin",
)
FIRST_NAMES = (
    "Alina",
    "Boris",
    "Daria",
    "Emil",
    "Galina",
    "Igor",
    "Kira",
    "Leonid",
    "Maria",
    "Nikita",
    "Olga",
    "Pyotr",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
AGENCIES = ("AFP", "AP", "Reuters", "Bloomberg")

TAGS = (
    "Syria",
    "Diplomacy",
    "United Nations",
    "Kremlin",
    "Sanctions",
    "Energy",
    "Culture",
    "Climate",
    "Courts",
    "Trade",
)

_SUBJECTS = ("Moscow", "Kremlin", "Russia", "Foreign Ministry", "State Duma", "Moscow’s Envoy", "Parliament")
_VERBS = ("Answers", "Backs", "Disputes", "Seeks", "Weighs", "Rejects", "Reopens", "Postpones")
_OBJECTS = (
    "Border Talks",
    "a Trade Accord",
    "Ceasefire Terms",
    "Aid Convoys",
    "a New Pipeline",
    "Flight Permits",
    "a Draft Resolution",
    "Grain Deal",
    "Visa Rules",
    "an Election Mission",
)

_PLACES = ("Homs", "Aleppo", "Damascus", "Amman", "Rome", "Paris", "Washington")
_PERSONS = ("Assad", "Obama", "Ushakov", "Lukashevich", "Lavrov", "Churkin", "Clinton", "Barrazi", "Ayrault", "Kerry")
Words = Mapping[str, str]
"""A word of the seeds -> the word of one article that stands for it throughout."""


def choose_words(rng: random.Random) -> Words:
    """One article's own places, persons and days."""
    country, adjective = rng.choice(COUNTRIES)
    words = {"Syria": country, "Syrian": adjective, "Syrians": f"{adjective}s"}
    words |= dict(zip(_PLACES, rng.sample(CITIES, len(_PLACES)), strict=True))
    words |= dict(zip(_PERSONS, rng.sample(SURNAMES, len(_PERSONS)), strict=True))
    return words | dict(zip(WEEKDAYS, rng.sample(WEEKDAYS, len(WEEKDAYS)), strict=True))


_SLOT = re.compile(
    rf"\b({'|'.join(('Syrians', 'Syrian', 'Syria', *_PLACES, *_PERSONS, *WEEKDAYS))}|\d[\d,]*\d|\d|[a-z]{{4,}})\b"
)
"""What differs from article to article: names, numbers, and all words but the short ones, which hold a sentence
together. Without the last, any two articles would be made of the same fifty sentences: near-duplicates."""

_ENDINGS = ("ing", "ed", "ly", "ion", "s")
"""Words of one ending stand for each other, so that a sentence keeps its sound."""


@cache
def _split(text: str) -> list[str]:
    """Fixed text and slots in turn: every second part is a slot."""
    return _SLOT.split(text)


def reword(text: str, words: Words, rng: random.Random) -> str:
    """The text with the article's own words, and with other numbers."""
    parts = _split(text).copy()
    parts[1::2] = [words.get(slot) or _replace(slot, rng) for slot in parts[1::2]]
    return "".join(parts)


def _replace(slot: str, rng: random.Random) -> str:
    """Another number for a number, another word for a word."""
    return f"{rng.randint(2, 9_999):,}" if slot[0].isdigit() else rng.choice(_list_words()[_find_ending(slot)])


@cache
def _find_ending(word: str) -> str:
    return next((ending for ending in _ENDINGS if word.endswith(ending)), "")


@cache
def _list_words() -> Mapping[str, list[str]]:
    """Ending -> the seeds' words with it, each once."""
    found: dict[str, list[str]] = {}
    for slot in dict.fromkeys(slot for text in read_sentences() for slot in _split(text)[1::2] if slot.islower()):
        found.setdefault(_find_ending(slot), []).append(slot)
    return found


def make_headline(rng: random.Random, words: Words) -> str:
    """Five hundred and sixty beginnings times the countries and cities."""
    start = f"{rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)}"
    ends = (f"With {words['Syria']}", f"in {words['Homs']}", f"After {words['Syrian']} Vote")
    return f"{start} {rng.choice(ends)}"


def make_person(rng: random.Random) -> str:
    """A first name and a surname."""
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(SURNAMES)}"
