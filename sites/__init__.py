"""What is known of publishers, and nothing else: identity of addresses, where to discover, page structure, furniture.

Nothing here fetches, stores or decides: a change of a publisher's site is mended in its folder alone.
"""

from schemas.address import Identity
from sites.generic import GENERIC
from sites.moscow_times import MOSCOW_TIMES
from sites.profile import Site

SITES: dict[str, Site] = {site.name: site for site in (MOSCOW_TIMES, GENERIC)}


class UnknownSite(LookupError):  # noqa: N818 - it states a fact
    """There is no profile of this name; the message names those that there are."""


def get_site(name: str) -> Site:
    """The profile of a name.

    Raises:
        UnknownSite: there is none.
    """
    try:
        return SITES[name]
    except KeyError:
        raise UnknownSite(f"no site {name!r}; known are {', '.join(sorted(SITES))}") from None


def find_site(url: str) -> Site:
    """The profile that knows the address's host; the generic one where none does."""
    return next((site for site in SITES.values() if site.knows(url)), GENERIC)


def identify(url: str) -> Identity:
    """Whose page an address is, from its spelling alone."""
    return find_site(url).identify(url)
