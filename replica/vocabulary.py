"""Places, persons and things in generated stories. Persons, companies and newspapers are invented."""

import random
from calendar import month_name
from datetime import datetime

CITIES = (
    ("Pskov", "the Pskov region"),
    ("Kazan", "Tatarstan"),
    ("Perm", "the Perm region"),
    ("Tomsk", "the Tomsk region"),
    ("Murmansk", "the Murmansk region"),
    ("Yakutsk", "Yakutia"),
    ("Saratov", "the Saratov region"),
    ("Vologda", "the Vologda region"),
    ("Chita", "the Zabaikalye region"),
    ("Ulan-Ude", "Buryatia"),
    ("Astrakhan", "the Astrakhan region"),
    ("Kaluga", "the Kaluga region"),
    ("Omsk", "the Omsk region"),
    ("Petrozavodsk", "Karelia"),
    ("Syktyvkar", "Komi"),
    ("Irkutsk", "the Irkutsk region"),
    ("Samara", "the Samara region"),
    ("Tula", "the Tula region"),
    ("Voronezh", "the Voronezh region"),
    ("Arkhangelsk", "the Arkhangelsk region"),
    ("Ufa", "Bashkortostan"),
    ("Kirov", "the Kirov region"),
    ("Magadan", "the Magadan region"),
    ("Barnaul", "the Altai region"),
    ("Penza", "the Penza region"),
    ("Yaroslavl", "the Yaroslavl region"),
    ("Khabarovsk", "the Khabarovsk region"),
    ("Tyumen", "the Tyumen region"),
    ("Elista", "Kalmykia"),
    ("Rostov-on-Don", "the Rostov region"),
    ("Smolensk", "the Smolensk region"),
    ("Tambov", "the Tambov region"),
)
"""City and its region."""
RUSSIAN_CITIES = ("Псков", "Казань", "Пермь", "Томск", "Мурманск", "Якутск", "Саратов", "Вологда", "Чита", "Калуга")
VILLAGES = ("Sosnovka", "Staraya Sloboda", "Verkhny Log", "Ust-Kamenka", "Beryozovo", "Krasny Yar", "Zaozyorye")
COUNTRIES = (
    ("Armenia", "Yerevan"),
    ("Bulgaria", "Sofia"),
    ("Georgia", "Tbilisi"),
    ("Hungary", "Budapest"),
    ("India", "New Delhi"),
    ("Kazakhstan", "Astana"),
    ("Latvia", "Riga"),
    ("Mongolia", "Ulaanbaatar"),
    ("Qatar", "Doha"),
    ("Serbia", "Belgrade"),
    ("Turkey", "Ankara"),
    ("Uzbekistan", "Tashkent"),
    ("Egypt", "Cairo"),
    ("Finland", "Helsinki"),
    ("Poland", "Warsaw"),
    ("Vietnam", "Hanoi"),
)
"""Country and its capital."""
MALE_NAMES = (
    "Arseny",
    "Boris",
    "Daniil",
    "Emil",
    "Fyodor",
    "Gleb",
    "Igor",
    "Leonid",
    "Mark",
    "Nikita",
    "Pyotr",
    "Timur",
)
FEMALE_NAMES = ("Alina", "Bella", "Daria", "Elina", "Galina", "Kira", "Lidia", "Maria", "Nina", "Olga", "Vera", "Zoya")
SURNAMES = (
    "Abrosimov",
    "Belousov",
    "Chernetsky",
    "Dorokhin",
    "Fetisov",
    "Gromykin",
    "Ilyasov",
    "Karelin",
    "Lagutin",
    "Mirzoyev",
    "Novitsky",
    "Ozerov",
    "Perevezev",
    "Rudakov",
    "Stasov",
    "Tveritin",
    "Uvarov",
    "Vilkov",
    "Yasinsky",
    "Zimin",
    "Arsentyev",
    "Bakulin",
    "Dubravin",
    "Gorelov",
    "Kaluzhsky",
    "Lesnoyev",
    "Malyutin",
    "Nesterov",
    "Osokin",
    "Polyakov",
    "Rechkin",
    "Skvortsov",
    "Tarkhov",
    "Ulyanin",
    "Vorobsky",
    "Yelagin",
    "Zaitsev",
    "Zubrilin",
    "Bragin",
    "Veresov",
    "Golubin",
    "Demyanov",
    "Yefremin",
    "Zhilin",
    "Ivolgin",
    "Kashirin",
    "Lobachev",
    "Mokhov",
    "Naryshev",
    "Pestov",
    "Ryabinin",
    "Safonin",
    "Trubetskin",
    "Ushanov",
    "Filatov",
    "Khlebnin",
    "Tsvetov",
    "Shubin",
    "Yurlov",
)
"""In the masculine form."""
RUSSIAN_PERSONS = (
    "Лидия Оганова",
    "Пётр Снегирёв",
    "Вера Скворцова",
    "Глеб Нестеров",
    "Нина Зубрилина",
    "Марк Лагутин",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = tuple(month_name[1:])
SEASONS = ("spring", "summer", "autumn", "winter")
ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "ninth")
AGENCIES = ("AFP", "AP", "Reuters", "Bloomberg")
OUTLETS = (
    "Volga Courier",
    "the Northern Post",
    "Ural Today",
    "the news site Vesti-7",
    "Radio Amber",
    "the weekly Siberian Line",
    "Evening {city}",
    "the {city} Bulletin",
    "a business daily",
)
_COMPANY_STARTS = (
    "Sever",
    "Volga",
    "Ural",
    "Amber",
    "Baikal",
    "Kama",
    "Polar",
    "Don",
    "Altai",
    "Neva",
    "Yenisei",
    "Onega",
)
_COMPANY_ENDS = ("les", "agro", "stal", "trans", "prom", "mash", "ryba", "tsement", "energo", "port")
GOODS = (
    "plywood",
    "barley",
    "steel pipe",
    "frozen pollock",
    "cement",
    "sunflower oil",
    "fertilizer",
    "newsprint",
    "tractors",
)
PROFESSIONS = ("Librarian", "Surgeon", "Engineer", "Deputy Mayor", "Historian", "Architect", "Forester", "Accountant")
SPONSORS = ("Amber Bank", "Neva Insurance & Partners", "Baikal Water", "Polar Airlines", "The Kama Business School")


def make_person(rng: random.Random) -> str:
    """Return a first name and a surname of the same gender."""
    surname = rng.choice(SURNAMES)
    if rng.choice((True, False)):
        return f"{rng.choice(MALE_NAMES)} {surname}"
    return f"{rng.choice(FEMALE_NAMES)} {surname.removesuffix('y')}{'aya' if surname.endswith('sky') else 'a'}"


def make_company(rng: random.Random) -> str:
    """Return a company name such as `Kamales` or `Uralprom`."""
    return rng.choice(_COMPANY_STARTS) + rng.choice(_COMPANY_ENDS)


def draw_word(rng: random.Random, name: str, at: datetime) -> str | None:
    """Draw a part that changes from sentence to sentence; None for one that is fixed for the story."""
    match name:
        case "month":
            return rng.choice(MONTHS)
        case "season":
            return rng.choice(SEASONS)
        case "ordinal":
            return rng.choice(ORDINALS)
        case "past_year":
            return str(at.year - rng.randint(1, 9))
        case "old_year":
            return str(rng.randint(1891, 1984))
        case _:
            return None
