"""What the crawl's child process is told, and the log that it leaves behind."""

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import ConfigDict

from schemas.capture import Validators
from schemas.model import Count, NonEmpty, Record
from schemas.url import Source


class CrawlNews(StrEnum):
    """What a crawl says to whoever gives it jobs: a line on its standard output, this word and a name."""

    GROWN = "grown"
    """A WARC file, by its name, has grown by what is worth loading. A hint: what it is silent about lies there too."""
    DONE = "done"
    """A job, by the path of its log."""
    CLOSED_EARLY = "closed-early"
    """The crawl, before its end, with the reason in place of a name."""


class CrawlJob(Record):
    """Everything that a crawl needs, as a JSON file for `python -m spiders`: a crawl reads no settings, no database."""

    model_config = ConfigDict(frozen=True, strict=False, extra="forbid")  # JSON has no Path

    run_id: NonEmpty
    site: NonEmpty
    sources: tuple[Source, ...] = ()
    """Feeds, sitemaps and listings to fetch, with the pages that they lead on to."""
    since: date | None = None
    until: date | None = None
    """Publication days (both inclusive): a sitemap index is followed only to the months that they touch."""
    urls: tuple[str, ...] = ()
    """Articles to fetch, in this order."""
    validators: dict[str, Validators] = {}
    """URL of a source, of its children or of an article -> what its last capture can be asked about."""
    max_requests: Count | None = None
    """Requests of the whole run (the first job's word holds), robots.txt and further tries included, whatever process
    makes them: they are counted in a file beside the log. Sources may take half of them. Pages that are left then get
    no line, and wait for the next run."""
    warc_dir: Path
    log_path: Path
    """Where a `CrawlLine` is appended, as one line of JSON, for each source and each URL."""
    lock_path: Path
    """Held (flock) while the crawl lives: no two crawls write into one data folder."""
    user_agent: NonEmpty
    contact: str = ""
    delay_seconds: float
    concurrency: int
    origins: dict[str, str] = {}
    max_page_bytes: Count
    max_warc_bytes: Count = 1 << 30
    timeout_seconds: float = 60
    retry_count: Count = 2
    """Further tries of what may pass (timeouts, resets, 5xx) within this crawl."""


class FetchResult(StrEnum):
    """How a fetch ended."""

    CAPTURED = "captured"
    """An answer of whatever status lies in the WARC file."""
    FORBIDDEN = "forbidden"
    """robots.txt forbids it."""
    REFUSED = "refused"
    """It leads (perhaps by redirect) to a private network or to another publisher."""
    ROBOTS_UNREACHABLE = "robots-unreachable"
    """It was not asked for: its host's robots.txt could not be read."""
    RESTING = "resting"
    """A source that was not asked for: its host wants to be left alone for longer. A page then gets no line."""
    SPENT = "spent"
    """A source that was not asked for: the requests that sources may take are made."""
    FAILED = "failed"


class CrawlLine(Record):
    """What became of one source or URL of the job, one line of JSON in the crawl's log."""

    model_config = ConfigDict(frozen=True, strict=False, extra="forbid")  # JSON has no datetime

    url: NonEmpty
    """As the job named it."""
    result: FetchResult
    at: datetime
    final_url: str | None = None
    """After redirects."""
    status: int | None = None
    error: str | None = None
    """`ExceptionName: message`."""
    attempts: Count = 1
    seconds: float | None = None
    """From the last request for it to the last byte of the answer; None where there was none."""
