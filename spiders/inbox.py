"""The jobs of one crawl, in the order in which they come.

One file that the command line names, or any number of them: their paths come on standard input, one a line, and an
empty line after the last. A crawl that gets several keeps for all of them what it learned with the first: robots.txt,
the pace that a host asked for, its connections, its WARC file.
"""

import asyncio
import os
import stat
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from schemas.crawl import CrawlJob, CrawlNews

CHUNK_BYTES = 4096
"""A path fits many times; what is larger comes in pieces."""


class JobUnusable(ValueError):  # noqa: N818 - it states a fact
    """The job cannot be read, or its files cannot be written."""


class Inbox:
    """The jobs that have come and are still to be done."""

    def __init__(self) -> None:
        self.is_fed = False
        """Whether jobs come on standard input."""
        self.is_complete = False
        """Whether no further job will come."""
        self._jobs: deque[CrawlJob] = deque()
        self._rest = b""
        self._changed = asyncio.Event()

    def put(self, job: CrawlJob) -> None:
        """One more job."""
        self._jobs.append(job)
        self._changed.set()

    def complete(self) -> None:
        """No further job will come."""
        self.is_complete = True
        self._changed.set()

    def feed(self, chunk: bytes) -> None:
        """Take what came on standard input.

        Raises:
            JobUnusable: a line names no job.
        """
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if line:
                self.put(read_job(Path(os.fsdecode(line))))
            else:
                self.complete()

    def wait_first(self) -> CrawlJob | None:
        """The first job, left where it is; None where standard input ends without any. Blocks: nothing runs yet.

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
        """The next job, as soon as there is one; None after the last."""
        while not self._jobs and not self.is_complete:
            self._changed.clear()
            await self._changed.wait()
        return self._jobs.popleft() if self._jobs else None

    def acknowledge(self, job: CrawlJob) -> None:
        """Tell whoever sends the jobs that one is done."""
        self._tell(CrawlNews.DONE, str(job.log_path))

    def report_growth(self, name: str) -> None:
        """Tell whoever sends the jobs that a WARC file has grown by what is worth loading."""
        self._tell(CrawlNews.GROWN, name)

    def _tell(self, news: CrawlNews, name: str) -> None:
        """A line on standard output. A parent that is gone needs none, and takes this process along."""
        if self.is_fed:
            with suppress(BrokenPipeError):
                os.write(sys.stdout.fileno(), os.fsencode(f"{news} {name}\n"))

    def report_early_end(self, reason: str) -> bool:
        """Tell whoever sends the jobs why none is done any more; answers whether anybody does."""
        self._tell(CrawlNews.CLOSED_EARLY, " ".join(reason.split()))
        return self.is_fed


def read_job(path: Path) -> CrawlJob:
    """The job of a file.

    Raises:
        JobUnusable: there is no such file, or it is no job.
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
    """Whether a parent may close it. A terminal or /dev/null is no parent's."""
    if file is None:
        return False
    mode = os.fstat(file.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
