"""Scrapy's settings: every value that differs from its default, with the reason; then what a job decides."""

from typing import Any
from urllib.parse import urlsplit

from schemas.crawl import CrawlJob

BOT_NAME = "broadsheet"
SPIDER_MODULES = ["spiders.publisher"]

# Nobody steers a crawl from outside: both would listen on a port, and both are on by default.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# Politeness. One slot per host is Scrapy's own rule; the delay is the promised one, without jitter.
ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY_JITTER = 0
# Scrapy's own sends all that is queued for a host at once where there is no delay.
DOWNLOADER = "spiders.downloader.StrictDownloader"
# AutoThrottle would lower the delay of a fast host below what was promised.
AUTOTHROTTLE_ENABLED = False

# An honest guest: the same anonymous request each time, so that a capture does not depend on the ones before.
COOKIES_ENABLED = False
REFERRER_POLICY = "no-referrer"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    # The same for all: editions have hosts of their own, and are not chosen by this header.
    "Accept-Language": "en",
    # The one encoding that every reader of WARC files undoes.
    "Accept-Encoding": "gzip",
}

# The archive's handler in place of Scrapy's; no other scheme has business in a crawl (file: would read the disk).
DOWNLOAD_HANDLERS = {
    "http": "spiders.handler.ArchivingHandler",
    "https": "spiders.handler.ArchivingHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# Names that lead into a private network are refused where they are resolved.
TWISTED_DNS_RESOLVER = "spiders.network.GuardedResolver"
# A proxy would resolve names itself, past that refusal.
HTTPPROXY_ENABLED = False
# Scrapy's default takes any certificate. An archive is worth what its transport is worth.
DOWNLOAD_VERIFY_CERTIFICATES = True
# A cut body is a failure, never a page; what proves itself whole is none (`spiders.framing`).
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
    # The spider follows what its job names, and redirects have their own rule.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
}
EXTENSIONS = {"spiders.shutdown.Shutdown": 0, "spiders.politeness.Politeness": 0}

# What may pass by itself. Not among them: refusals, pages too large, and OSError, which Scrapy retries.
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
# A try has had its wait already: it does not stand behind all that is still to come.
RETRY_PRIORITY_ADJUST = 1
# The log has its line: giving up is no error of the program.
RETRY_GIVE_UP_LOG_LEVEL = "INFO"

# RFC 9309 asks for five at robots.txt; the publisher's oldest URLs need two.
REDIRECT_MAX_TIMES = 5
# A page that refreshes itself is kept as it is.
METAREFRESH_ENABLED = False

# Every answer has its line, whatever its status, its URL's length, and whether the URL was asked before.
HTTPERROR_ALLOW_ALL = True
URLLENGTH_LIMIT = 0
# Scrapy's own filter keeps a fingerprint of every URL; a job names each once.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"

# Scrapy starts as many tasks for each response, 100 by default: measured, half the time of a crawl without delays.
CONCURRENT_ITEMS = 1

# Scrapy would parse a callback's source for each response, for its methods are made anew: measured, a tenth of a crawl.
WARN_ON_GENERATOR_RETURN_VALUE = False

# To standard error, and only what someone should look at: the crawl's log says what became of each URL.
LOG_LEVEL = "WARNING"
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_COLOR = False

WAITING_REQUESTS = 16
"""Requests that wait for robots.txt or their next try, besides those on the wire: they must not hold up the rest."""

WARN_SHARE = 2
"""A page above half of what is allowed is worth a warning before the first one is too large."""


def derive_settings(job: CrawlJob) -> dict[str, Any]:
    """What the job decides."""
    return {
        "USER_AGENT": job.user_agent,
        # robots.txt speaks to the product token alone (RFC 9309, 2.2.1).
        "ROBOTSTXT_USER_AGENT": job.user_agent.partition("/")[0].strip(),
        "DOWNLOAD_DELAY": job.delay_seconds,
        "CONCURRENT_REQUESTS_PER_DOMAIN": job.concurrency,
        "CONCURRENT_REQUESTS": job.concurrency + WAITING_REQUESTS,
        "DOWNLOAD_TIMEOUT": job.timeout_seconds,
        # A gigabyte by default.
        "DOWNLOAD_MAXSIZE": job.max_page_bytes,
        "DOWNLOAD_WARNSIZE": job.max_page_bytes // WARN_SHARE,
        "RETRY_TIMES": job.retry_count,
        "TRUSTED_HOSTS": sorted({urlsplit(target).hostname or "" for target in job.origins.values()}),
    }
