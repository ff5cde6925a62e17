"""Run a crawl as a flow does, as a child process with a job file and a pipe on standard input; read its files."""

import base64
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecord

from schemas.crawl import CrawlJob, CrawlLine
from tests.spiders.server import DEADLINE_SECONDS


@dataclass(frozen=True)
class Record:
    """A WARC record, read by fastwarc with both digests checked."""

    kind: str
    url: str | None
    headers: dict[str, str]
    block: bytes
    """The HTTP head and the payload."""
    body: bytes
    status: int | None


@dataclass(frozen=True)
class Crawl:
    """One job in its own folder."""

    job: CrawlJob
    job_path: Path

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "spiders", str(self.job_path)]

    @contextmanager
    def start(self) -> Iterator[subprocess.Popen[str]]:
        """Start the child process; kill it at the end of the block."""
        pipe = subprocess.PIPE
        with subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
            try:
                yield child
            finally:
                child.kill()

    def run(self) -> subprocess.CompletedProcess[str]:
        """Run the child process until it exits by itself."""
        with self.start() as child:
            child.wait(DEADLINE_SECONDS)
            output = child.stdout.read() if child.stdout else ""
            errors = child.stderr.read() if child.stderr else ""
            return subprocess.CompletedProcess(self.command, child.returncode, output, errors)

    def read_log(self) -> list[CrawlLine]:
        return [CrawlLine.model_validate_json(line) for line in self.job.log_path.read_text().splitlines()]

    def read_lines(self) -> dict[str, CrawlLine]:
        """Map each URL to its only line."""
        lines = self.read_log()
        assert len({line.url for line in lines}) == len(lines), "a URL has two lines"
        return {line.url: line for line in lines}

    def read_records(self) -> list[Record]:
        """Return every record of every file, in order."""
        return [record for path in sorted(self.job.warc_dir.iterdir()) for record in read_records(path)]

    def read_responses(self, url: str) -> list[Record]:
        return [record for record in self.read_records() if record.kind == "response" and record.url == url]


def make_crawl(folder: Path, **fields: Any) -> Crawl:
    """Return a crawl with all its files in a folder; the job's other fields get defaults for tests."""
    defaults: dict[str, Any] = {
        "run_id": "11112222-3333",
        "site": "moscow-times",
        "warc_dir": folder / "warc",
        "log_path": folder / "spool" / "crawl.jsonl",
        "lock_path": folder / "lock",
        "user_agent": "broadsheet/0.1.0 (+ops@example.org)",
        "contact": "ops@example.org",
        "delay_seconds": 0,
        "concurrency": 8,
        "max_page_bytes": 100_000,
        "timeout_seconds": 2,
    }
    job = CrawlJob(**defaults | fields)
    folder.mkdir(parents=True, exist_ok=True)
    job_path = folder / "job.json"
    job_path.write_text(job.model_dump_json())
    return Crawl(job, job_path)


def read_records(path: Path) -> list[Record]:
    """Return the complete records of a file. A wrong digest fails the test."""
    with path.open("rb") as file:
        return [_read_record(record) for record in ArchiveIterator(file, parse_http=False)]


def _read_record(record: WarcRecord) -> Record:
    assert record.verify_block_digest(consume=False)
    block, headers = record.reader.read(), record.headers.asdict()
    kind = headers["WARC-Type"]
    head, body = (b"", block)
    if record.is_http:
        # fastwarc's own check does not accept a head above 32 kB.
        head, _, body = block.partition(b"\r\n\r\n")
        digest = base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()
        assert headers["WARC-Payload-Digest"] == f"sha1:{digest}"
    status = int(head.split()[1]) if kind == "response" else None
    return Record(kind, headers.get("WARC-Target-URI"), headers, block, body, status)
