"""Profiles of publishers: the identity of their URLs, where to discover articles, page structure, boilerplate.

Nothing here fetches or stores anything. If a publisher's site changes, only its folder needs to change.
"""

from sites.generic import GENERIC
from sites.moscow_times import MOSCOW_TIMES
from sites.publishers import Publishers, UnknownSite

__all__ = ["PUBLISHERS", "SITES", "Publishers", "UnknownSite", "find_site", "get_site", "identify"]

PUBLISHERS = Publishers((MOSCOW_TIMES, GENERIC))
"""All profiles. Code that reads pages takes them as an argument, so it can be run with other rules."""

SITES = PUBLISHERS.profiles
get_site = PUBLISHERS.get
find_site = PUBLISHERS.find
identify = PUBLISHERS.identify
