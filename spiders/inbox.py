"""The jobs of one crawl, in order of arrival.

Either one file named on the command line, or any number whose paths arrive on standard input, one per line, with an
empty line after the last. A crawl with several jobs keeps its state across them: robots.txt, the pace that a host
asked for, connections and the WARC file.
"""

import asyncio
import os
import select
import stat
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from schemas.crawl import CrawlEvent, CrawlJob

SHOWN_CHARS = 1000
"""How much of a URL the parent is told: a line that fits a pipe which has room is written without waiting."""

CHUNK_BYTES = 4096
"""Read size of standard input: many paths at once; longer input arrives in pieces."""


class JobUnusable(ValueError):  # noqa: N818 - it states a fact
    """The job cannot be read, or its files cannot be written."""


class Inbox:
    """The queue of jobs still to be done."""

    def __init__(self) -> None:
        self.is_fed = False
        """Whether jobs arrive on standard input."""
        self.is_complete = False
        """Whether no further job will arrive."""
        self._jobs: deque[CrawlJob] = deque()
        self._partial_line = b""
        self._changed = asyncio.Event()

    def put(self, job: CrawlJob) -> None:
        """Add a job."""
        self._jobs.append(job)
        self._changed.set()

    def complete(self) -> None:
        """Declare that no further job will arrive."""
        self.is_complete = True
        self._changed.set()

    def feed(self, chunk: bytes) -> None:
        """Add the jobs named in a chunk of standard input.

        Raises:
            JobUnusable: a line names no job.
        """
        *lines, self._partial_line = (self._partial_line + chunk).split(b"\n")
        for line in lines:
            if line:
                self.put(read_job(Path(os.fsdecode(line))))
            else:
                self.complete()

    def wait_first(self) -> CrawlJob | None:
        """Return the first job without removing it; None if standard input ends without one.

        Blocks, which is safe because the event loop does not run yet.

        Raises:
            JobUnusable: it cannot be read.
        """
        while self.is_fed and not self._jobs and not self.is_complete:
            chunk = os.read(sys.stdin.fileno(), CHUNK_BYTES)
            if not chunk:
                break
            self.feed(chunk)
        return self._jobs[0] if self._jobs else None

    async def next(self) -> CrawlJob | None:
        """Wait for the next job and return it; None after the last."""
        while not self._jobs and not self.is_complete:
            self._changed.clear()
            await self._changed.wait()
        return self._jobs.popleft() if self._jobs else None

    def acknowledge(self, job: CrawlJob) -> None:
        """Report to the parent that a job is done."""
        self._report(CrawlEvent.DONE, str(job.log_path))

    def report_growth(self, name: str) -> None:
        """Report to the parent that a WARC file has grown enough to be worth loading."""
        self._report(CrawlEvent.GROWN, name)

    def report_request(self, url: str) -> None:
        """Tell the parent which source is being requested."""
        self._hint(CrawlEvent.REQUESTED, "".join(url.split())[:SHOWN_CHARS])

    def report_finished(self, count: int) -> None:
        """Tell the parent how many URLs of the job are finished."""
        self._hint(CrawlEvent.FINISHED, str(count))

    def _hint(self, event: CrawlEvent, name: str) -> None:
        """Write a line that may be lost: omit it if the parent is too busy to empty the pipe, instead of waiting."""
        if self.is_fed and select.select([], [sys.stdout], [], 0)[1]:
            self._report(event, name)

    def _report(self, event: CrawlEvent, name: str) -> None:
        """Write a line to standard output, if jobs arrive on standard input. Ignore a parent that is gone."""
        if self.is_fed:
            with suppress(BrokenPipeError):
                os.write(sys.stdout.fileno(), os.fsencode(f"{event} {name}\n"))

    def report_early_end(self, reason: str) -> bool:
        """Report to the parent why the crawl closes early. Return whether there is such a parent."""
        self._report(CrawlEvent.CLOSED_EARLY, " ".join(reason.split()))
        return self.is_fed


def read_job(path: Path) -> CrawlJob:
    """Read a job from a file.

    Raises:
        JobUnusable: there is no such file, or it is not a valid job.
    """
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


def is_pipe(file: TextIO | None) -> bool:
    """Return whether this is a pipe or socket, which a parent may close; a terminal or /dev/null is not."""
    if file is None:
        return False
    mode = os.fstat(file.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
