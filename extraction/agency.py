"""Names of news agencies."""

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

OWN_DESKS = frozenset({"mt", "mt staff", "moscow times", "the moscow times"})
"""Names of the publisher itself, which may be listed among agencies."""
