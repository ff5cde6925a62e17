"""The crawl's child process: started with a job, watched while it works, stopped when it must."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from flows.archive import CRAWL_LOCK
from flows.run import Run
from schemas.address import Source
from schemas.crawl import CrawlJob, CrawlLine
from schemas.settings import Settings

logger = logging.getLogger(__name__)

STOP_SECONDS = 30
"""A closing crawl finishes the requests under way; this is longer than a fetch that still gets somewhere."""

SOURCE_LOG = "sources.jsonl"
PAGE_LOG = "pages.jsonl"
"""What the crawl's logs are called in the run's folder of the spool."""


class CrawlFailed(RuntimeError):  # noqa: N818 - it states a fact
    """The crawl's process died, or could not start. What it wrote is kept."""


class Crawl:
    """A crawl under way."""

    def __init__(self, job: CrawlJob, process: subprocess.Popen[bytes]) -> None:
        self.job = job
        self._process = process

    def has_ended(self, wait_seconds: float) -> bool:
        """Whether it has ended by itself; waits for that as long as told."""
        try:
            self._process.wait(wait_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def check(self) -> None:
        """Raise `CrawlFailed` unless it did its whole job."""
        if self._process.returncode:
            raise CrawlFailed(f"the crawl ended with exit status {self._process.returncode}; its log is above")


def make_job(
    settings: Settings,
    run: Run,
    site: str,
    *,
    sources: tuple[Source, ...] = (),
    urls: tuple[str, ...] = (),
    since: date | None = None,
    until: date | None = None,
) -> CrawlJob:
    """What the crawl has to do, from the settings of this archive."""
    return CrawlJob(
        run_id=run.id,
        site=site,
        sources=sources,
        urls=urls,
        since=since,
        until=until,
        warc_dir=settings.warc_dir.absolute(),
        log_path=settings.spool_dir.absolute() / run.id / (SOURCE_LOG if sources else PAGE_LOG),
        lock_path=settings.spool_dir.absolute() / CRAWL_LOCK,
        user_agent=settings.user_agent,
        contact=settings.contact,
        delay_seconds=settings.delay_seconds,
        concurrency=settings.concurrency,
        origins=settings.origins,
        max_page_bytes=settings.max_page_bytes,
    )


@contextmanager
def start_crawl(job: CrawlJob) -> Iterator[Crawl]:
    """A crawl in a process of its own; it is stopped, gracefully if it can be, when the block is left."""
    path = job.log_path.with_suffix(".job.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(job.model_dump_json())
    # Its standard input is its life line: when this process dies, it ends too.
    process = subprocess.Popen([sys.executable, "-m", "spiders", str(path)], stdin=subprocess.PIPE)  # noqa: S603
    try:
        yield Crawl(job, process)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin  # noqa: S101 - for mypy: it was asked for
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def read_log(path: Path) -> Iterator[CrawlLine]:
    """The crawl's log, line by line; a line that a kill or a full disk cut short is passed over.

    Nothing is lost with it: the address stays as it is in the ledger, and is due again.
    """
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield CrawlLine.model_validate_json(line)
            except ValidationError:
                logger.warning("%s: a damaged line is passed over", path)
