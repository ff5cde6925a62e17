"""Names of news agencies, and of the publishers themselves."""

from functools import cache

from sites import PUBLISHERS

AGENCIES = {
    name.casefold(): name
    for name in (
        "AFP",
        "AP",
        "Bloomberg",
        "BNS",
        "DPA",
        "EFE",
        "EPA",
        "Interfax",
        "Itar-Tass",
        "Kyodo",
        "Moskva News Agency",
        "PA",
        "RFE/RL",
        "RIA Novosti",
        "Reuters",
        "TASS",
        "UPI",
        "Xinhua",
    )
} | {
    "agence france-presse": "AFP",
    "associated press": "AP",
    "the associated press": "AP",
    "thomson reuters": "Reuters",
    "bloomberg news": "Bloomberg",
    "radio free europe": "RFE/RL",
    "radio free europe/radio liberty": "RFE/RL",
    "radio liberty": "RFE/RL",
    "ria": "RIA Novosti",
    "агентство москва": "Moskva News Agency",
    "агентство «москва»": "Moskva News Agency",
    "интерфакс": "Interfax",
    "итар-тасс": "Itar-Tass",
    "риа": "RIA Novosti",
    "риа новости": "RIA Novosti",
    "рейтер": "Reuters",
    "тасс": "TASS",
}
"""Case-folded name -> the name used in records."""


@cache
def list_own_desks() -> frozenset[str]:
    """Return the case-folded names of all known publishers and their desks, which may be listed among agencies.

    All of them, whosever page it is: publishers print each other's articles. A name that is an agency's is one.
    """
    names = (name for site in PUBLISHERS.profiles.values() for name in (site.title, *site.own_names))
    return frozenset(name.casefold() for name in names if name) - AGENCIES.keys()
