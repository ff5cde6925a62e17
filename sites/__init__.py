"""Profiles of publishers: the identity of their URLs, where to discover articles, page structure, boilerplate.

Nothing here fetches or stores anything. If a publisher's site changes, only its folder needs to change, and a new
folder is a new publisher.
"""

from collections.abc import Iterable

from schemas.settings import find_sites_dir
from sites.profile import Site
from sites.publishers import Publishers, SiteUnnamed, UnknownSite

__all__ = [
    "PUBLISHERS",
    "Publishers",
    "SiteUnnamed",
    "UnknownSite",
    "find_site",
    "find_time_zone",
    "find_title",
    "get_site",
    "identify",
]


def _load() -> Iterable[Site]:
    from sites.installed import load_profiles  # it imports this package's folders

    return load_profiles(find_sites_dir()).values()


PUBLISHERS = Publishers(_load)
"""All profiles. Code that reads pages takes them as an argument, so it can be run with other rules."""

get_site = PUBLISHERS.get
find_site = PUBLISHERS.find
find_time_zone = PUBLISHERS.find_time_zone
find_title = PUBLISHERS.find_title
identify = PUBLISHERS.identify
