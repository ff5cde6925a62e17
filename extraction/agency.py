"""The news agencies, by their names."""

AGENCIES = {
    name.casefold(): name
    for name in (
        "AFP",
        "AP",
        "Bloomberg",
        "BNS",
        "DPA",
        "EFE",
        "Interfax",
        "Itar-Tass",
        "Kyodo",
        "PA",
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
    "ria": "RIA Novosti",
}
"""Name in lower case -> the name that records have."""

OWN_DESKS = frozenset({"mt", "mt staff", "moscow times", "the moscow times"})
"""The publisher itself, where it stands among agencies."""
