"""Chooses the site or sites that a command or flow means if none is named."""

import sites
from schemas.settings import Settings


def choose_site(settings: Settings, name: str | None = None) -> str:
    """Return the name of the site that is meant: the named one, else the first of the settings, else the default.

    Raises:
        UnknownSite: it has no profile.
        SiteUnnamed: none is named, and several could be meant.
    """
    return choose_sites(settings, name)[0]


def choose_sites(settings: Settings, name: str | None = None) -> tuple[str, ...]:
    """Return the names of the sites that are meant: the named one, else all of the settings, else the default.

    Raises:
        UnknownSite, SiteUnnamed: as `choose_site`.
    """
    return sites.PUBLISHERS.choose((name,) if name else settings.sites)


def list_chosen(settings: Settings) -> tuple[str, ...]:
    """Return the sites that the schedule crawls, the one that commands mean first; none if none is chosen."""
    try:
        return sites.PUBLISHERS.choose(settings.sites)
    except sites.SiteUnnamed:
        return ()
