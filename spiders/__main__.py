"""`python -m spiders JOB.json`: one crawl.

Exit status: 0 the crawl ended by itself; 1 it was closed early; 2 the job is unusable; 3 another crawl holds the lock.
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic import ValidationError

from schemas.crawl import CrawlJob

EXIT_ENDED = 0
EXIT_CLOSED = 1
EXIT_UNUSABLE = 2
EXIT_LOCKED = 3


class JobUnusable(ValueError):  # noqa: N818 - it states a fact
    """The job cannot be read, or its files cannot be written."""


class LockHeld(RuntimeError):  # noqa: N818 - as above
    """Another crawl writes into the same data folder."""


def main(arguments: list[str]) -> int:
    """The exit status."""
    try:
        job = read_job(arguments)
        with hold_lock(job.lock_path):
            return run_crawl(job)
    except LockHeld as error:
        return _complain(error, EXIT_LOCKED)
    except (JobUnusable, OSError) as error:
        return _complain(error, EXIT_UNUSABLE)


def read_job(arguments: list[str]) -> CrawlJob:
    """The job of the file that is named.

    Raises:
        JobUnusable: there is no such file, or it is no job.
    """
    if len(arguments) != 1:
        raise JobUnusable("usage: python -m spiders JOB.json")
    path = Path(arguments[0])
    try:
        job = CrawlJob.model_validate_json(path.read_bytes())
    except OSError as error:
        raise JobUnusable(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise JobUnusable(f"{path}: {'.'.join(map(str, first['loc'])) or 'job'}: {first['msg']}") from None
    _require_site(job.site)
    return job


def _require_site(name: str) -> None:
    from sites import UnknownSite, get_site

    try:
        get_site(name)
    except UnknownSite:
        raise JobUnusable(f"site: there is no profile {name!r}") from None


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the data folder for as long as the crawl lives; the lock falls with the process, however it ends.

    Raises:
        LockHeld: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise LockHeld(f"{path} is held by another crawl") from None
    finally:
        os.close(descriptor)


def run_crawl(job: CrawlJob) -> int:
    """Crawl until the job is done or the end is requested; EXIT_ENDED or EXIT_CLOSED."""
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.settings import Settings

    from spiders.publisher import PublisherSpider
    from spiders.session import CrawlLog, CrawlSession
    from spiders.settings import derive_settings
    from spiders.warc import WarcWriter

    settings = Settings()
    settings.setmodule("spiders.settings", priority="project")
    settings.setdict(derive_settings(job), priority="cmdline")
    archive = WarcWriter(job.warc_dir, site=job.site, run_id=job.run_id, user_agent=job.user_agent, contact=job.contact)
    with archive, closing(CrawlLog(job.log_path)) as log:
        session = CrawlSession(job=job, archive=archive, log=log)
        process = AsyncCrawlerProcess(settings)
        crawl = process.crawl(PublisherSpider, session=session)
        # The lifeline has signal handlers of its own: Scrapy's would wait for every queued request.
        process.start(install_signal_handlers=False)
    if session.closing.reason:
        print(f"closed early: {session.closing.reason}", file=sys.stderr)  # noqa: T201 - the parent reads it
    has_failed = crawl.cancelled() or crawl.exception() is not None
    return EXIT_CLOSED if session.closing.reason or has_failed else EXIT_ENDED


def _complain(error: Exception, status: int) -> int:
    print(f"spiders: {error}".replace("\n", " "), file=sys.stderr)  # noqa: T201 - one line for the parent
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
