"""Scrapy's settings: every value that differs from the default, with the reason; then those that a job determines."""

from typing import Any
from urllib.parse import urlsplit

from schemas.crawl import CrawlJob

BOT_NAME = "broadsheet"
SPIDER_MODULES = ["spiders.publisher"]

# No remote control: both would listen on a port, and both are on by default.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# Politeness. One slot per host is Scrapy's default; the delay is exactly the promised one, without jitter.
ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY_JITTER = 0
# Scrapy's own downloader sends everything queued for a host at once if there is no delay.
DOWNLOADER = "spiders.downloader.StrictDownloader"
# AutoThrottle would lower the delay of a fast host below what was promised.
AUTOTHROTTLE_ENABLED = False

# The same anonymous request each time, so that a capture does not depend on earlier ones.
COOKIES_ENABLED = False
REFERRER_POLICY = "no-referrer"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    # The same for all editions: each has its own host, and none is chosen by this header.
    "Accept-Language": "en",
    # The one encoding that every WARC reader can decode.
    "Accept-Encoding": "gzip",
}

# The archiving handler replaces Scrapy's; other schemes are disabled (file: would read the disk).
DOWNLOAD_HANDLERS = {
    "http": "spiders.handler.ArchivingHandler",
    "https": "spiders.handler.ArchivingHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# Refuses names that resolve into a private network.
TWISTED_DNS_RESOLVER = "spiders.network.GuardedResolver"
# A proxy would resolve names itself and bypass that.
HTTPPROXY_ENABLED = False
# Scrapy's default accepts any certificate. An archive is only as trustworthy as its transport.
DOWNLOAD_VERIFY_CERTIFICATES = True
# A cut body is a failure, never a page, unless it proves itself complete (`spiders.framing`).
DOWNLOAD_FAIL_ON_DATALOSS = True

DOWNLOADER_MIDDLEWARES = {
    "spiders.admission.AdmissionMiddleware": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "spiders.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "spiders.retry.BackoffRetry": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "spiders.framing.DecodingMiddleware": 590,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "spiders.redirect.PublisherRedirect": 600,
    # The spider fetches only what its job names, and redirects have their own rule.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
}
EXTENSIONS = {"spiders.shutdown.Shutdown": 0, "spiders.politeness.Politeness": 0}

# Transient failures only: no refusals, no pages too large, and no OSError, which Scrapy retries by default.
RETRY_EXCEPTIONS = [
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
    "twisted.internet.error.ConnectionDone",
    "twisted.internet.error.ConnectError",
    "twisted.internet.error.ConnectionLost",
]
# A retry has had its backoff already, so it goes before the requests still queued.
RETRY_PRIORITY_ADJUST = 1
# Giving up is not a program error, and the crawl's log has a line for it.
RETRY_GIVE_UP_LOG_LEVEL = "INFO"

# RFC 9309 requires five for robots.txt; the publisher's oldest URLs need two.
REDIRECT_MAX_TIMES = 5
# Archive a page with a meta refresh; do not follow it.
METAREFRESH_ENABLED = False

# Log every response, whatever its status, its URL's length, and whether the URL was requested before.
HTTPERROR_ALLOW_ALL = True
URLLENGTH_LIMIT = 0
# Scrapy's default filter stores a fingerprint of every URL; a job names each only once.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"

# Scrapy starts this many tasks for each response, 100 by default: measured, half the time of a crawl without delays.
CONCURRENT_ITEMS = 1

# Scrapy would parse the callback's source for each response, as its bound methods are new: measured, 10% of a crawl.
WARN_ON_GENERATOR_RETURN_VALUE = False

# To standard error, and only what needs attention: the crawl's log records the result of each URL.
LOG_LEVEL = "WARNING"
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_COLOR = False

WAITING_REQUESTS = 16
"""Requests that may wait for robots.txt or a retry without blocking others, in addition to those on the wire."""

WARN_SHARE = 2
"""Warn about a page above half of the allowed size, before the first one is too large."""


def derive_settings(job: CrawlJob) -> dict[str, Any]:
    """Return the settings that the job determines."""
    return {
        "USER_AGENT": job.user_agent,
        # robots.txt matches only the product token (RFC 9309, 2.2.1).
        "ROBOTSTXT_USER_AGENT": job.user_agent.partition("/")[0].strip(),
        "DOWNLOAD_DELAY": job.delay_seconds,
        "CONCURRENT_REQUESTS_PER_DOMAIN": job.concurrency,
        "CONCURRENT_REQUESTS": job.concurrency + WAITING_REQUESTS,
        "DOWNLOAD_TIMEOUT": job.timeout_seconds,
        # Scrapy's default is a gigabyte.
        "DOWNLOAD_MAXSIZE": job.max_page_bytes,
        "DOWNLOAD_WARNSIZE": job.max_page_bytes // WARN_SHARE,
        "RETRY_TIMES": job.retry_count,
        "TRUSTED_HOSTS": sorted({urlsplit(target).hostname or "" for target in job.origins.values()}),
    }
