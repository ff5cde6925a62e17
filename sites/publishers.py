"""A set of profiles, and the lookup of the profile for a URL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cached_property
from types import MappingProxyType

from schemas.failure import UsageFailure
from schemas.suggestion import suggest
from schemas.url import Identity
from sites.profile import Site

GENERIC_NAME = "generic"
"""The name of the profile of any publisher without one."""


class UnknownSite(UsageFailure):
    """There is no profile with this name. The message lists the known names."""


class SiteUnnamed(UsageFailure):
    """Several sites could be meant, and none was named."""


class Publishers:
    """Profiles by name. Immutable; pickled for the reading processes."""

    def __init__(self, profiles: Iterable[Site] | Callable[[], Iterable[Site]]) -> None:
        self._given = profiles

    @cached_property
    def profiles(self) -> Mapping[str, Site]:
        """Name -> profile. They are imported when they are first needed, since a user's own may be unusable."""
        given = self._given() if callable(self._given) else self._given
        return MappingProxyType({one.name: one for one in given})

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
        return next((one for one in self.profiles.values() if one.has_host(url)), self.profiles[GENERIC_NAME])

    def identify(self, url: str) -> Identity:
        """Return the identity of a URL, from its spelling alone."""
        return self.find(url).identify(url)

    def find_time_zone(self, name: str, offset: str | None = None) -> tzinfo:
        """Return the time zone of a site's days.

        Without a profile (as of a site that was removed), it is the UTC offset that the page gives, else UTC.
        """
        profile = self.profiles.get(name)
        if profile and profile.name != GENERIC_NAME:
            return profile.time_zone
        return _read_offset(offset) if offset else UTC

    def find_title(self, name: str) -> str | None:
        """Return a publication's name as its readers know it; None if it is not known."""
        profile = self.profiles.get(name)
        return profile.title if profile else None

    def list_own(self) -> list[Site]:
        """Return the profiles of publishers, without the generic one."""
        return [one for one in self.profiles.values() if one.name != GENERIC_NAME]

    def choose(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the sites of the setting `sites`; without one, the site that is there by default.

        Raises:
            UnknownSite: one has no profile.
            SiteUnnamed: none is named, and none is the default.
        """
        if names:
            return tuple(self.get(name).name for name in dict.fromkeys(names))
        found = [one.name for one in self.list_own() if one.is_default] or [one.name for one in self.list_own()]
        if len(found) != 1:
            raise SiteUnnamed(f"name a site with --site, or in BROADSHEET_SITES: {', '.join(sorted(found))}")
        return (found[0],)

    def replacing(self, profile: Site) -> "Publishers":
        """Return a copy of the set in which this profile replaces the one with its name."""
        return Publishers({**self.profiles, profile.name: profile}.values())


def _read_offset(offset: str) -> timezone:
    """Return the time zone of an offset as in records: `+09:00`."""
    hours, minutes = offset[1:].split(":")
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-distance if offset.startswith("-") else distance)
