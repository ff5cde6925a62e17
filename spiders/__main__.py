"""Run one crawl: `python -m spiders JOB.json`, or `python -m spiders -` to read jobs from standard input.

With a parent's process id as the last argument (`python -m spiders - 4711`), the crawl dies with that parent.
Exit status: 0 the crawl finished; 1 it was closed early; 2 the job is unusable; 3 another crawl holds the lock.
"""

import fcntl
import os
import select
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from schemas.crawl import CrawlJob
from schemas.printing import print_line
from schemas.process import prepare_process
from spiders.inbox import Inbox, JobUnusable, is_pipe, read_job
from spiders.watchdog import end_with_parent

EXIT_ENDED = 0
EXIT_CLOSED = 1
EXIT_UNUSABLE = 2
EXIT_LOCKED = 3

ARGUMENTS_WITH_PARENT = 2

PARENT_GONE = "the parent is gone"
"""Reason for closing when standard input ends."""

SIGNALS = frozenset({"SIGINT", "SIGTERM"})
"""Reasons for closing when a signal asks for it."""


class LockHeld(RuntimeError):  # noqa: N818 - it states a fact
    """Another crawl writes into the same data folder."""


def main(arguments: list[str]) -> int:
    """Run the crawl and return the exit status."""
    prepare_process()
    try:
        inbox = open_inbox(bind_to_parent(arguments))
        job = inbox.wait_first()
        if job is None:
            return EXIT_ENDED
        with exclusive_lock(job.lock_path):
            return run_crawl(job, inbox)
    except LockHeld as error:
        return _report_error(error, EXIT_LOCKED)
    except (JobUnusable, OSError) as error:
        return _report_error(error, EXIT_UNUSABLE)


def bind_to_parent(arguments: list[str]) -> list[str]:
    """Tie this process to the parent, if its process id is the last argument; return the other arguments."""
    if len(arguments) == ARGUMENTS_WITH_PARENT and arguments[-1].isdecimal():
        end_with_parent(int(arguments.pop()))
    return arguments


def open_inbox(arguments: list[str]) -> Inbox:
    """Return the inbox of the jobs that the arguments name.

    Raises:
        JobUnusable: the arguments name no job, or its file cannot be read.
    """
    if len(arguments) != 1:
        raise JobUnusable("usage: python -m spiders JOB.json, or - for the paths of jobs on standard input")
    inbox = Inbox()
    if arguments == ["-"]:
        # These imports take a second: do them before the first job arrives.
        import spiders.handler
        import spiders.publisher  # noqa: F401

        inbox.is_fed = True
    else:
        inbox.put(read_job(Path(arguments[0])))
        inbox.complete()
    return inbox


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Lock the data folder within the block; the kernel releases the lock when the process ends, however it ends.

    Raises:
        LockHeld: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise LockHeld(f"{path} is held by another crawl") from None
    finally:
        os.close(descriptor)


def run_crawl(job: CrawlJob, inbox: Inbox) -> int:
    """Crawl until all jobs are done or closing is requested; return EXIT_ENDED or EXIT_CLOSED.

    The first job's site, pace and WARC folder hold for all of them.
    """
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.settings import Settings

    from spiders.publisher import PublisherSpider
    from spiders.session import CrawlSession
    from spiders.settings import derive_settings
    from spiders.warc import WarcWriter

    settings = Settings()
    settings.setmodule("spiders.settings", priority="project")
    settings.setdict(derive_settings(job), priority="cmdline")
    archive = WarcWriter(
        job.warc_dir,
        site=job.site,
        run_id=job.run_id,
        user_agent=job.user_agent,
        contact=job.contact,
        delay_seconds=job.delay_seconds,
        concurrency=job.concurrency,
        max_file_bytes=job.max_warc_bytes,
    )
    with archive, closing(CrawlSession(job, archive, inbox)) as session:
        process = AsyncCrawlerProcess(settings)
        crawl = process.crawl(PublisherSpider, session=session)
        # `spiders.shutdown` installs its own signal handlers: Scrapy's would wait for every queued request.
        process.start(install_signal_handlers=False)
    reason = session.closing.reason
    is_expected = reason is None or reason == PARENT_GONE or (reason in SIGNALS and _has_parent_closed_stdin())
    if reason and not is_expected and not inbox.report_early_end(reason):
        print_line(f"closed early: {reason}")
    has_failed = crawl.cancelled() or crawl.exception() is not None
    return EXIT_CLOSED if reason or has_failed else EXIT_ENDED


def _report_error(error: Exception, status: int) -> int:
    print_line(f"spiders: {error}")
    return status


def _has_parent_closed_stdin() -> bool:
    """Return whether the parent has closed standard input: then it is ending too, as when systemd signals them all."""
    return is_pipe(sys.stdin) and bool(select.select([sys.stdin], [], [], 0)[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
