"""The jobs given to the crawl's child process, and the log lines that it writes."""

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import ConfigDict

from schemas.capture import Validators
from schemas.model import Count, NonEmpty, Record
from schemas.url import Source


class CrawlEvent(StrEnum):
    """An event that a crawl reports to its parent process: a line on standard output with this word and a name."""

    GROWN = "grown"
    """The named WARC file has grown enough to be worth loading. Only a hint: files grow without this line, too."""
    REQUESTED = "requested"
    """A source is being requested; its URL takes the place of the name. Only a hint, for people."""
    FINISHED = "finished"
    """How many of the job's URLs or sources are finished; the count takes the place of the name. Only a hint."""
    DONE = "done"
    """The job with this log path is done."""
    CLOSED_EARLY = "closed-early"
    """The crawl ended early; the reason takes the place of the name."""


class CrawlJob(Record):
    """Everything that a crawl needs, as a JSON file for `python -m spiders`: it reads neither settings nor database."""

    model_config = ConfigDict(frozen=True, strict=False, extra="forbid")  # JSON has no Path

    run_id: NonEmpty
    site: NonEmpty
    sources: tuple[Source, ...] = ()
    """Feeds, sitemaps and listings to fetch, with their child sitemaps and next pages."""
    since: date | None = None
    until: date | None = None
    """Publication days, both inclusive: only sitemaps of months in this range are followed from the index."""
    urls: tuple[str, ...] = ()
    """Articles to fetch, in this order."""
    validators: dict[str, Validators] = {}
    """URL of a source, of its children or of an article -> the validators of its last capture."""
    max_requests: Count | None = None
    """Limit for the whole run, as set by the first job. robots.txt and retries count too, and so do the requests of
    other processes: the count is in a file beside the log. Sources may use half of it. Pages left over get no line and
    wait for the next run."""
    warc_dir: Path
    log_path: Path
    """The log: one `CrawlLine` is appended, as a line of JSON, for each source and each URL."""
    lock_path: Path
    """Locked (flock) while the crawl runs, so that no two crawls write into one data folder."""
    user_agent: NonEmpty
    contact: str = ""
    delay_seconds: float
    concurrency: int
    origins: dict[str, str] = {}
    max_page_bytes: Count
    max_warc_bytes: Count = 1 << 30
    timeout_seconds: float = 60
    retry_count: Count = 2
    """Retries of transient errors (timeouts, resets, 5xx) within this crawl."""


class FetchResult(StrEnum):
    """How a fetch ended."""

    CAPTURED = "captured"
    """A response, of any status, is in the WARC file."""
    FORBIDDEN = "forbidden"
    """robots.txt forbids it."""
    REFUSED = "refused"
    """It leads (perhaps through a redirect) to a private network or to another publisher."""
    ROBOTS_UNREACHABLE = "robots-unreachable"
    """It was not requested: its host's robots.txt could not be read."""
    RESTING = "resting"
    """A source that was not requested because its host is in backoff. A page gets no line in this case."""
    SPENT = "spent"
    """A source that was not requested because the sources' share of the requests is used up."""
    FAILED = "failed"


class CrawlLine(Record):
    """The result for one source or URL of the job: one line of JSON in the crawl's log."""

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
    """From the last request to the last byte of its response; None if there was no response."""
