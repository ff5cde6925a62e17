"""A set of profiles, and the lookup of the profile for a URL."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from schemas.failure import UsageFailure
from schemas.suggestion import suggest
from schemas.url import Identity
from sites.generic import GENERIC
from sites.profile import Site


class UnknownSite(UsageFailure):
    """There is no profile with this name. The message lists the known names."""


class Publishers:
    """Profiles by name. Immutable; pickled for the reading processes."""

    def __init__(self, profiles: Iterable[Site]) -> None:
        self.profiles: Mapping[str, Site] = MappingProxyType({one.name: one for one in profiles})
        """Name -> profile."""

    def __reduce__(self) -> tuple[type["Publishers"], tuple[tuple[Site, ...]]]:
        return Publishers, (tuple(self.profiles.values()),)

    def get(self, name: str) -> Site:
        """Return the profile with a name.

        Raises:
            UnknownSite: there is none.
        """
        try:
            return self.profiles[name]
        except KeyError:
            known = sorted(self.profiles)
            raise UnknownSite(f"no site {name!r}; known sites: {', '.join(known)}.{suggest(name, known)}") from None

    def find(self, url: str) -> Site:
        """Return the profile that has the URL's host; the generic one if none has."""
        return next((one for one in self.profiles.values() if one.has_host(url)), GENERIC)

    def identify(self, url: str) -> Identity:
        """Return the identity of a URL, from its spelling alone."""
        return self.find(url).identify(url)

    def replacing(self, profile: Site) -> "Publishers":
        """Return a copy of the set in which this profile replaces the one with its name."""
        return Publishers({**self.profiles, profile.name: profile}.values())
