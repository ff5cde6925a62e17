"""Finds the publishers' profiles: the packages beside this module, other installed packages, and the user's own folder.

A profile's package has it under the name `PUBLISHER`. No list names the packages: adding a folder adds a publisher.
"""

import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Iterator
from datetime import tzinfo
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from schemas.failure import UsageFailure
from sites.profile import Site

ENTRY_POINTS = "broadsheet.sites"
"""Group of the entry points of other installed packages: each names a package with a profile."""

USER_PACKAGE = "broadsheet_user_sites"
"""The package that the user's folder is imported as, so that its modules hide no others."""

PROFILE_NAME = "PUBLISHER"

SITE_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
LANGUAGE = re.compile(r"[a-z]{2}")


class SiteUnusable(UsageFailure):
    """A publisher's folder cannot be used. The message says why, in one line."""


def load_profiles(folder: Path | None) -> dict[str, Site]:
    """Return name -> profile: the user's own folder is last, and replaces a profile of the same name.

    Raises:
        SiteUnusable: a profile's package cannot be imported, has no profile, or claims another's host.
    """
    found = {profile.name: profile for profile in _list_profiles(folder)}
    owners: dict[str, str] = {}
    for profile in found.values():
        for host in profile.own_hosts:
            if owners.setdefault(host, profile.name) != profile.name:
                raise SiteUnusable(f"the sites {owners[host]} and {profile.name} both claim the host {host}")
    return found


def _list_profiles(folder: Path | None) -> Iterator[Site]:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.ispkg:
            yield _read_profile(f"{__package__}.{module.name}", f"the site {module.name}")
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda one: one.name):
        yield _read_profile(entry.value, f"the site {entry.name} of the installed package {entry.value}")
    if folder:
        yield from _list_user_profiles(folder)


def _list_user_profiles(folder: Path) -> Iterator[Site]:
    if not folder.is_dir():
        raise SiteUnusable(f"BROADSHEET_SITES_DIR: {folder} is not a folder")
    _add_user_package(folder)
    for module in pkgutil.iter_modules([str(folder.absolute())]):
        if module.ispkg:
            yield _read_profile(f"{USER_PACKAGE}.{module.name}", f"the site in {folder / module.name}")


def _add_user_package(folder: Path) -> None:
    """Make the folder importable. What was imported from another folder is forgotten."""
    for name in [name for name in sys.modules if name.partition(".")[0] == USER_PACKAGE]:
        del sys.modules[name]
    importlib.invalidate_caches()
    package = ModuleType(USER_PACKAGE)
    package.__path__ = [str(folder.absolute())]
    sys.modules[USER_PACKAGE] = package


def _read_profile(name: str, what: str) -> Site:
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - any error of a profile's own code
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise SiteUnusable(f"{what} cannot be used: {reason}") from None
    profile = getattr(module, PROFILE_NAME, None)
    if not isinstance(profile, Site):
        raise SiteUnusable(f"{what} cannot be used: it has no profile named {PROFILE_NAME}")
    if problem := _find_problem(profile):
        raise SiteUnusable(f"{what} cannot be used: {problem}")
    return profile


def _find_problem(profile: Site) -> str | None:
    """Return what is wrong with any profile's data; None if nothing is."""
    zone: object = profile.time_zone  # Python checks no types
    if profile.hosts and profile.name == Site.name:
        return f"the name {Site.name} is that of any other publisher"
    if not SITE_NAME.fullmatch(profile.name):
        return f"{profile.name!r} is no name for a site: use small letters, digits and hyphens (kyiv-post)"
    if not isinstance(zone, tzinfo):
        return f'the time zone {zone!r} is a text: write ZoneInfo("Europe/Riga")'
    for one in profile.editions.values():
        if not LANGUAGE.fullmatch(one.language):
            return f"the language {one.language!r} is no code of two letters, such as en"
    return None
