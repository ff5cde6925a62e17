"""What is known of publishers, and nothing else: identity of URLs, where to discover, page structure, furniture.

Nothing here fetches, stores or decides: a change of a publisher's site is mended in its folder alone.
"""

from sites.generic import GENERIC
from sites.moscow_times import MOSCOW_TIMES
from sites.publishers import Publishers, UnknownSite

__all__ = ["PUBLISHERS", "SITES", "Publishers", "UnknownSite", "find_site", "get_site", "identify"]

PUBLISHERS = Publishers((MOSCOW_TIMES, GENERIC))
"""Every profile there is. Whatever reads pages takes it as an argument: other rules are other data."""

SITES = PUBLISHERS.profiles
get_site = PUBLISHERS.get
find_site = PUBLISHERS.find
identify = PUBLISHERS.identify
