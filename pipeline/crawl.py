"""The crawl's child process: given its jobs, watched while it works, stopped when it must."""

import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from pydantic import ValidationError

from pipeline.archive import CRAWL_LOCK
from schemas.capture import Validators
from schemas.crawl import CrawlEvent, CrawlJob, CrawlLine
from schemas.failure import RunFailure
from schemas.settings import Settings
from schemas.span import EVER, Span
from schemas.url import Source

logger = logging.getLogger(__name__)

STOP_SECONDS = 30
"""A closing crawl finishes the requests under way; this is longer than a fetch that still gets somewhere."""

PIPE_BYTES = 65_536
"""What a pipe holds: more never comes at once."""

SOURCE_LOG = "sources"
PAGE_LOG = "pages"
"""How the names of the crawl's logs begin in the run's folder of the spool: a log a job."""


class CrawlFailed(RunFailure):
    """The crawl's process died, or could not start. What it wrote is kept."""


class JobOwner(Protocol):
    """Whose jobs a crawl does: a run, or a look at the live site."""

    @property
    def id(self) -> str:
        """In the names of its WARC files."""

    @property
    def site(self) -> str | None:
        """The publisher's name."""

    def number_job(self) -> int:
        """The number of a further job."""


class Crawler:
    """The crawl's process of one run: it is given its jobs one after the other.

    It starts at once, and is ready by when the run knows what to ask for. One that died is started again with the
    next job.
    """

    def __init__(self) -> None:
        self._process = start_process()
        self._is_at_work = False
        self._has_failed = False
        self._reason = ""
        self._is_released = False
        self._has_ended = False
        self._is_halted = False
        self._unread = b""
        self._grown: dict[str, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def begin(self, job: CrawlJob) -> None:
        """Give it a job; the one before must have ended."""
        path = job.log_path.with_suffix(".job.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(job.model_dump_json())
        if self._has_failed or self._is_released:
            self._stop()
            self._process = start_process()
        self._is_at_work, self._has_failed, self._is_released, self._is_halted = True, False, False, False
        self._unread, self._grown, self._reason = b"", {}, ""
        self._tell(os.fsencode(path.absolute()))

    def has_ended(self, wait_seconds: float) -> bool:
        """Whether its job has ended, or it died; waits as long as told for that, or for a WARC file that has grown."""
        if not self._is_at_work:
            return True
        assert self._process.stdout  # noqa: S101 - for mypy: it was asked for
        ready, _, _ = select.select([self._process.stdout], [], [], wait_seconds)
        if ready:
            self._hear(os.read(self._process.stdout.fileno(), PIPE_BYTES))
        return not self._is_at_work

    def take_grown(self) -> list[str]:
        """The WARC files that have grown by what is worth loading, since this was last asked."""
        names, self._grown = list(self._grown), {}
        return names

    def _hear(self, chunk: bytes) -> None:
        if not chunk:  # the end of the stream is the end of the process
            self._has_failed, self._is_at_work = True, False
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        for line in lines:
            news, _, name = os.fsdecode(line).partition(" ")
            if news == CrawlEvent.DONE:
                self._is_at_work = False
            elif news == CrawlEvent.GROWN:
                self._grown[name] = None
            elif news == CrawlEvent.CLOSED_EARLY:
                self._has_failed, self._is_at_work, self._reason = True, False, name

    def check(self) -> None:
        """Raise `CrawlFailed` unless it did its whole job."""
        if self._has_failed and not self._is_halted:
            status = self._process.wait(STOP_SECONDS)
            if status == -signal.SIGVTALRM:
                raise CrawlFailed("the crawl computed without an end, and was ended; what it wrote is kept")
            if self._reason:
                raise CrawlFailed(f"the crawl ended early: {self._reason}")
            raise CrawlFailed(f"the crawl ended with exit status {status}; its log is above")

    def halt(self) -> None:
        """End the job before its end: what is on the wire may still come, the rest waits as it is."""
        if not self._is_halted:
            self._is_halted = self._is_released = True
            self._close_lifeline()

    def release(self) -> None:
        """There is no further job: the idle process ends while its run goes on."""
        if not self._is_at_work and not self._is_released:
            self._tell(b"")
            self._is_released = True

    def end(self) -> None:
        """End it, gracefully if it can be: idle, it ends by itself; at work, it finishes what is on the wire."""
        if not self._has_ended:
            self._stop()
            self._has_ended = True

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin  # noqa: S101 - for mypy: it was asked for
        # One that is gone already is met by whoever waits for it.
        with suppress(BrokenPipeError):
            os.write(self._process.stdin.fileno(), line + b"\n")

    def _stop(self) -> None:
        self.release()
        process = self._process
        with process:
            self._close_lifeline()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def _close_lifeline(self) -> None:
        assert self._process.stdin  # noqa: S101 - for mypy: it was asked for
        self._process.stdin.close()


def start_process() -> subprocess.Popen[bytes]:
    """A crawl's process. When its standard input is closed, it ends; when this process dies, the kernel kills it."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "spiders", "-", str(os.getpid())]
    # A session of its own: Ctrl-C reaches its parent alone, which ends it.
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0, start_new_session=True)  # noqa: S603 - us


def make_job(
    settings: Settings,
    run: JobOwner,
    *,
    sources: tuple[Source, ...] = (),
    urls: tuple[str, ...] = (),
    span: Span = EVER,
    validators: dict[str, Validators] | None = None,
) -> CrawlJob:
    """What the crawl has to do, from the settings of this archive."""
    return CrawlJob(
        run_id=run.id,
        site=run.site or "",
        sources=sources,
        urls=urls,
        since=span.since,
        until=span.until,
        validators=validators or {},
        max_requests=settings.max_requests,
        warc_dir=settings.warc_dir.absolute(),
        log_path=settings.spool_dir.absolute()
        / run.id
        / f"{SOURCE_LOG if sources else PAGE_LOG}-{run.number_job()}.jsonl",
        lock_path=settings.spool_dir.absolute() / CRAWL_LOCK,
        user_agent=settings.user_agent,
        contact=settings.contact,
        delay_seconds=settings.delay_seconds,
        concurrency=settings.concurrency,
        origins=settings.origins,
        max_page_bytes=settings.max_page_bytes,
        max_warc_bytes=settings.max_warc_bytes,
        timeout_seconds=settings.timeout_seconds,
    )


def read_log(path: Path) -> Iterator[CrawlLine]:
    """The crawl's log, line by line; a line that a kill or a full disk cut short is passed over.

    Nothing is lost with it: the URL stays as it is in the ledger, and is due again.
    """
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield CrawlLine.model_validate_json(line)
            except ValidationError:
                logger.warning("%s: a damaged line is passed over", path)
