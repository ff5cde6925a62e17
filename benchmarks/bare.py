"""The baseline: the same crawl by a Scrapy spider that stores nothing.

`python -m benchmarks.bare ORIGINS CONCURRENCY`, with the origins as in `BROADSHEET_ORIGINS`.
"""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response, TextResponse
from scrapy.utils.sitemap import Sitemap

WWW = "https://www.themoscowtimes.com"
STATIC = "https://static.themoscowtimes.com"


class BareSpider(scrapy.Spider):
    """Fetches the sitemap index, monthly sitemaps and articles, and ignores their content."""

    name = "bare"

    def __init__(self, origins: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.origins = origins

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Request the sitemap index."""
        yield self._request(f"{STATIC}/sitemap/sitemap.xml", self.parse_sitemap)

    def parse_sitemap(self, response: Response) -> Iterator[scrapy.Request]:
        """Request the URLs that a sitemap names."""
        sitemap = Sitemap(response.body)
        for entry in sitemap:
            follow = self.parse_sitemap if sitemap.type == "sitemapindex" else self.parse_page
            yield self._request(entry["loc"], follow)

    def parse_page(self, response: TextResponse) -> None:
        """Discard an article."""

    def _request(self, url: str, callback: Any) -> scrapy.Request:
        for origin, target in self.origins.items():
            url = url.replace(origin, target)
        return scrapy.Request(url, callback)


def main() -> None:
    """Crawl once."""
    process = CrawlerProcess(
        {
            "LOG_LEVEL": "ERROR",
            "REDIRECT_ENABLED": False,  # redirects lead to the publisher's own site, which must get no requests
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
            "CONCURRENT_REQUESTS": int(sys.argv[2]),
            "CONCURRENT_REQUESTS_PER_DOMAIN": int(sys.argv[2]),
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": True,
        }
    )
    process.crawl(BareSpider, origins=json.loads(sys.argv[1]))
    process.start()


if __name__ == "__main__":
    main()
