"""How near a reading comes to what is expected, as numbers."""

from collections import Counter
from statistics import fmean
from typing import Any

import sites
from tests.golden.folder import FOLDERS, read_golden, read_json


def token_f1(read: str, expected: str) -> float:
    """The harmonic mean of precision and recall over words; 1.0 where both are empty."""
    found, wanted = Counter(read.split()), Counter(expected.split())
    if not found and not wanted:
        return 1.0
    shared = (found & wanted).total()
    return 2 * shared / (found.total() + wanted.total())


def measure_site(site: str) -> dict[str, float]:
    """The figures of `floors.toml` for the test pages of one site."""
    names = [name for name in FOLDERS if name.startswith(f"{site}/") and "unreadable" not in _expected(name)]
    scores = [token_f1(read_golden(name).get("body", ""), _expected(name)["body"]) for name in names]
    times = ("published_at", "modified_at")
    return {
        "body_f1_mean": fmean(scores),
        "body_f1_min": min(scores),
        "headline_exact": _share(names, ("headline",)),
        "authors_exact": _share(names, ("authors",)),
        "times_exact": _share(names, times),
        "wrong_pages_told": _share([name for name in FOLDERS if name.startswith(f"{site}/")], ("unreadable",)),
        "leaked_lines": float(sum(_count_leaks(name) for name in names)),
    }


def _share(names: list[str], fields: tuple[str, ...]) -> float:
    """Of the pages, how many have exactly what is expected; a field that is not expected is not asked."""
    return fmean(all(read_golden(name).get(one) == _expected(name).get(one) for one in fields) for name in names)


def _count_leaks(name: str) -> int:
    """Lines of any known publisher's furniture in the body."""
    body = read_golden(name).get("body", "")
    return sum(len(site.boilerplate.find_leaks(body)) for site in sites.PUBLISHERS.profiles.values())


def _expected(name: str) -> dict[str, Any]:
    return read_json(name, "expected.json")
