"""Runs the crawl in a child process: sends it jobs, watches it, stops it."""

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

from pipeline.archive import name_crawl_lock
from schemas.capture import Validators
from schemas.crawl import CrawlEvent, CrawlJob, CrawlLine
from schemas.failure import RunFailure
from schemas.settings import Settings
from schemas.span import EVER, Span
from schemas.url import Source

logger = logging.getLogger(__name__)

STOP_SECONDS = 30
"""Seconds for a closing crawl to finish its requests: longer than a fetch that still makes progress."""

PIPE_BYTES = 65_536
"""The capacity of a pipe: a read never returns more."""

SOURCE_LOG = "sources"
PAGE_LOG = "pages"
"""Prefixes of the crawl's log files, one per job, in the run's folder of the spool."""


class CrawlFailed(RunFailure):
    """The crawl process died or could not start. What it wrote is kept."""


class JobOwner(Protocol):
    """The owner of a crawl's jobs: a run, or a check of the live site."""

    @property
    def id(self) -> str:
        """Its id, part of the names of its WARC files."""

    @property
    def site(self) -> str | None:
        """The publisher's name."""

    def number_job(self) -> int:
        """Return the number of the next job."""


class Crawler:
    """The crawl process of one run; it does one job after the other.

    It starts at once, so it is ready when the run knows its first URLs. If it died, the next job starts another one.
    """

    def __init__(self) -> None:
        self._process = start_process()
        self._is_busy = False
        self._has_failed = False
        self._reason = ""
        self._is_released = False
        self._has_ended = False
        self._is_halted = False
        self._unread = b""
        self._grown: dict[str, None] = {}
        self.finished_count = 0
        """URLs (or sources) of the job that are finished: a hint, for people."""
        self.current_source = ""
        """The source that was requested last."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def begin(self, job: CrawlJob) -> None:
        """Start a job; the previous one must have ended."""
        path = job.log_path.with_suffix(".job.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(job.model_dump_json())
        if self._has_failed or self._is_released:
            self._stop()
            self._process = start_process()
        self._is_busy, self._has_failed, self._is_released, self._is_halted = True, False, False, False
        self._unread, self._grown, self._reason = b"", {}, ""
        self.finished_count, self.current_source = 0, ""
        self._send(os.fsencode(path.absolute()))

    def has_ended(self, wait_seconds: float) -> bool:
        """Return whether its job has ended (or it died); wait for that, or for any other news."""
        if not self._is_busy:
            return True
        assert self._process.stdout  # noqa: S101 - for mypy: it is a pipe
        ready, _, _ = select.select([self._process.stdout], [], [], wait_seconds)
        if ready:
            self._receive(os.read(self._process.stdout.fileno(), PIPE_BYTES))
        return not self._is_busy

    def pop_grown_files(self) -> list[str]:
        """Return the WARC files that grew enough to be worth loading since the last call."""
        names, self._grown = list(self._grown), {}
        return names

    def _receive(self, chunk: bytes) -> None:
        if not chunk:  # end of file: the process has ended
            self._has_failed, self._is_busy = True, False
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        for line in lines:
            news, _, name = os.fsdecode(line).partition(" ")
            if news == CrawlEvent.DONE:
                self._is_busy = False
            elif news == CrawlEvent.GROWN:
                self._grown[name] = None
            elif news == CrawlEvent.REQUESTED:
                self.current_source = name
            elif news == CrawlEvent.FINISHED:
                self.finished_count = int(name)
            elif news == CrawlEvent.CLOSED_EARLY:
                self._has_failed, self._is_busy, self._reason = True, False, name

    def check(self) -> None:
        """Raise `CrawlFailed` unless it completed its job."""
        if self._has_failed and not self._is_halted:
            status = self._process.wait(STOP_SECONDS)
            if status == -signal.SIGVTALRM:
                raise CrawlFailed("the crawl exceeded its processor time and was killed; what it wrote is kept")
            if self._reason:
                raise CrawlFailed(f"the crawl ended early: {self._reason}")
            raise CrawlFailed(f"the crawl ended with exit status {status}; its log is above")

    def halt(self) -> None:
        """Stop the job early: responses in transit may still arrive, other URLs keep their state."""
        if not self._is_halted:
            self._is_halted = self._is_released = True
            self._close_stdin()

    def release(self) -> None:
        """Let the idle process end while its run goes on: there are no further jobs."""
        if not self._is_busy and not self._is_released:
            self._send(b"")
            self._is_released = True

    def end(self) -> None:
        """End the process gracefully: if idle, it exits by itself; if busy, it finishes requests in transit."""
        if not self._has_ended:
            self._stop()
            self._has_ended = True

    def _send(self, line: bytes) -> None:
        assert self._process.stdin  # noqa: S101 - for mypy: it is a pipe
        # If the process is gone, waiting for it reports that.
        with suppress(BrokenPipeError):
            os.write(self._process.stdin.fileno(), line + b"\n")

    def _stop(self) -> None:
        self.release()
        process = self._process
        with process:
            self._close_stdin()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def _close_stdin(self) -> None:
        assert self._process.stdin  # noqa: S101 - for mypy: it is a pipe
        self._process.stdin.close()


def start_process() -> subprocess.Popen[bytes]:
    """Start a crawl process. It ends when its standard input closes; the kernel kills it if this process dies."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "spiders", "-", str(os.getpid())]
    # A separate session: Ctrl-C reaches only its parent, which ends it.
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
    """Return a crawl job with the settings of this archive."""
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
        lock_path=settings.spool_dir.absolute() / name_crawl_lock(run.site or ""),
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
    """Yield the lines of the crawl's log; skip a line cut short by a kill or a full disk.

    Nothing is lost with it: the URL keeps its state in the ledger, and is due again.
    """
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield CrawlLine.model_validate_json(line)
            except ValidationError:
                logger.warning("%s: a damaged line is skipped", path)
