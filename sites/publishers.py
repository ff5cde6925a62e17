"""A set of profiles, and whose page a URL is among them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from schemas.failure import UsageFailure
from schemas.url import Identity
from sites.generic import GENERIC
from sites.profile import Site


class UnknownSite(UsageFailure):
    """There is no profile of this name; the message names those that there are."""


class Publishers:
    """Profiles by their names. Never changed; pickled when reading goes to other processes."""

    def __init__(self, profiles: Iterable[Site]) -> None:
        self.profiles: Mapping[str, Site] = MappingProxyType({one.name: one for one in profiles})
        """Name -> profile."""

    def __reduce__(self) -> tuple[type["Publishers"], tuple[tuple[Site, ...]]]:
        return Publishers, (tuple(self.profiles.values()),)

    def get(self, name: str) -> Site:
        """Return the profile of a name.

        Raises:
            UnknownSite: there is none.
        """
        try:
            return self.profiles[name]
        except KeyError:
            raise UnknownSite(f"no site {name!r}; known are {', '.join(sorted(self.profiles))}") from None

    def find(self, url: str) -> Site:
        """Return the profile that knows the URL's host; the generic one where none does."""
        return next((one for one in self.profiles.values() if one.knows(url)), GENERIC)

    def identify(self, url: str) -> Identity:
        """Return whose page a URL is, from its spelling alone."""
        return self.find(url).identify(url)

    def replacing(self, profile: Site) -> "Publishers":
        """Return the same set with this profile in place of the one of its name."""
        return Publishers({**self.profiles, profile.name: profile}.values())
