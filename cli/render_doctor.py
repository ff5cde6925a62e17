"""Print what `doctor` found: what is broken, what is advised, what is fine."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from cli.render import console, print_lines, wrap

if TYPE_CHECKING:
    from pipeline.integrity.doctor import Check
    from pipeline.integrity.live_site import LiveCheck

NAME_CHARS = 28
"""Room for the longest setting's name."""

STYLES = {"broken": "bold red", "advised": "bold yellow", "fine": "bold green"}


def render_checks(checks: "Iterable[Check]") -> None:
    """Print the checks, what is broken first; then how many there are of each."""
    found: dict[str, list[Check]] = {name: [] for name in STYLES}
    for check in checks:
        found[_classify(check)].append(check)
    for name, group in found.items():
        if group:
            console.print(Text(name, STYLES[name]))
            for check in group:
                _print_check(check)
    console.print(Text(", ".join(f"{len(group)} {name}" for name, group in found.items())))


def _classify(check: "Check") -> str:
    if not check.ok:
        return "broken"
    return "advised" if check.is_advised else "fine"


def _print_check(check: "Check") -> None:
    """Print a check beside its name, without breaking a URL."""
    first, *others = wrap(check.detail, max(console.width - NAME_CHARS - 4, NAME_CHARS))
    for name, line in ((check.name, first), *(("", other) for other in others)):
        console.print(Text(f"  {name:<{NAME_CHARS}}  {line}".rstrip()), soft_wrap=True)


def render_live(checks: "Sequence[LiveCheck]") -> None:
    """Print each expected structure of each live site, and where it was seen; what is missing comes first."""
    for site in dict.fromkeys(one.site for one in checks):
        rows = [
            (one.result if one.ok else one.result.upper(), one.name, one.where, one.detail)
            for one in sorted(checks, key=lambda one: one.ok)
            if one.site == site
        ]
        console.print(Text(f"\nthe live site {site}", "bold"))
        print_lines(("", "expected", "where", "seen on"), rows)
