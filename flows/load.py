"""From WARC files to the database, in batches: what a crawl leaves is loaded while it works, and after it died.

A batch is a stretch of one file. Its outcomes and the file's new position are stored in one transaction, so
loading goes on exactly where it stopped, whatever stopped it.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import sites
from flows.archive import Archive
from flows.crawl import PAGE_LOG, CrawlFailed, read_log, start_crawl
from flows.reading import fetch_failed, read_outcome
from flows.run import Run, now
from schemas.capture import Capture
from schemas.crawl import CrawlJob, CrawlLine, FetchResult
from schemas.model import Record
from schemas.outcome import FetchForbidden, Outcome, SourceBroken
from storage.outcome import store_outcomes
from storage.position import find_position, list_positions, store_position
from storage.warc import NotAWarc, WarcCaptures, iterate_captures

BATCH_CAPTURES = 256
"""Captures in a batch: large enough that a transaction costs little beside them, small enough to be read in seconds."""

BATCH_BYTES = 32 * 1024 * 1024
"""Bodies in a batch: what keeps memory flat when pages are large."""

READY_BYTES = 1024 * 1024
"""Unread bytes of a file that are worth a batch while the crawl still writes: some 150 compressed pages."""

POLL_SECONDS = 0.5
"""How often a crawl under way is looked at."""

WARC_SUFFIXES = (".warc.gz", ".warc")


class Batch(Record):
    """What loading one stretch of a file did."""

    name: str
    counts: dict[str, int]
    is_last: bool
    """Nothing whole is left in the file now."""
    notes: tuple[str, ...] = ()
    broken_sources: tuple[str, ...] = ()
    """A sentence for each feed, sitemap or listing that could not be read."""


BatchLoader = Callable[[Archive, str, str], Batch]
"""`load_batch`, or a Prefect task around it."""


def load_batch(archive: Archive, run_id: str, name: str) -> Batch:
    """Read the next stretch of a WARC file and store what it means, in one transaction."""
    path = archive.settings.warc_dir / name
    with archive.database.read() as session:
        start = find_position(session, name)
    captures = iterate_captures(path, name, start, archive.settings.max_page_bytes)
    taken = list(_take_batch(captures))
    outcomes = [read_outcome(capture) for capture in taken]
    is_last = len(taken) < BATCH_CAPTURES and sum(len(one.body) for one in taken) < BATCH_BYTES
    _flush(path)
    with archive.database.begin() as session:
        counts = store_outcomes(session, outcomes, run_id=run_id, now=now())
        store_position(session, name, captures.position)
    notes = tuple(f"damaged, passed over: {damage}" for damage in captures.corrupt)
    broken = tuple(f"{one.seen.url}: {one.reason}" for one in outcomes if isinstance(one, SourceBroken))
    counts += _count(taken)
    return Batch(name=name, counts=dict(counts), is_last=is_last, notes=notes, broken_sources=broken)


def _take_batch(captures: WarcCaptures) -> Iterator[Capture]:
    taken_bytes = 0
    for count, (capture, _) in enumerate(captures, 1):
        yield capture
        taken_bytes += len(capture.body)
        if count >= BATCH_CAPTURES or taken_bytes >= BATCH_BYTES:
            return


def _count(captures: list[Capture]) -> Counter[str]:
    pages = sum(1 for capture in captures if capture.url and _is_page(capture.url))
    return Counter({"request": len(captures), "page": pages})


def _is_page(url: str) -> bool:
    site = sites.find_site(url)
    return site.recognize_source(url) is None and site.identify(url).rule is None


def _flush(path: Path) -> None:
    """To the disk itself, before the database says that it is there: a power cut must not leave a record without it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def load_left(archive: Archive, run: Run, load: BatchLoader = load_batch) -> None:
    """Load what no run has loaded yet. Nobody is writing: a record that is cut now stays cut."""
    for name in find_unloaded(archive):
        try:
            run.notes += load_file(archive, run, name, load)
            note_cut(archive, run, name)
        except NotAWarc as error:  # somebody put it there: it must not stop every run from now on
            run.problems.append(f"{name} lies among the WARC files and is none: {error}")
    for folder in archive.settings.spool_dir.iterdir():
        if folder.is_dir() and folder.name != run.id:
            load_log(archive, run, folder / PAGE_LOG)
            shutil.rmtree(folder)


def load_file(archive: Archive, run: Run, name: str, load: BatchLoader) -> list[str]:
    """Load a file up to its last whole record. Returns a sentence for each source in it that is broken."""
    broken: list[str] = []
    is_last = False
    while not is_last:
        batch = load(archive, run.id, name)
        run.counts.update(batch.counts)
        run.notes += batch.notes
        broken += batch.broken_sources
        is_last = batch.is_last
    return broken


def find_unloaded(archive: Archive, mark: str = "") -> list[str]:
    """The WARC files (with this mark in their names) with bytes that the database does not know, by name."""
    with archive.database.read() as session:
        positions = list_positions(session)
    paths = archive.settings.warc_dir.iterdir()
    found = [path for path in paths if path.name.endswith(WARC_SUFFIXES) and mark in path.name]
    sizes = {path.name: path.stat().st_size for path in found}
    return sorted(name for name, size in sizes.items() if size > positions.get(name, 0))


def note_cut(archive: Archive, run: Run, name: str) -> None:
    """Report the record that the end of a finished file cuts, once."""
    path = archive.settings.warc_dir / name
    with archive.database.begin() as session:
        start = find_position(session, name)
        captures = iterate_captures(path, name, start, archive.settings.max_page_bytes)
        if any(True for _ in captures) or captures.cut_at is None:
            return
        store_position(session, name, path.stat().st_size, cut_at=captures.cut_at)
    run.notes.append(f"{name} is cut at byte {captures.cut_at}: the whole records before it were taken")
    run.counts["cut"] += 1


def crawl_and_load(archive: Archive, run: Run, job: CrawlJob, load: BatchLoader) -> None:
    """Crawl in a child process, and load what it writes while it writes.

    A crawl that dies is a problem of the run; what it wrote is loaded all the same.
    """
    mark = f"-{run.id[-6:]}-"  # as `WarcWriter` names its files
    with start_crawl(job) as crawl:
        while not crawl.has_ended(POLL_SECONDS):
            for name in find_unloaded(archive, mark):
                if is_ready(archive, name):
                    run.problems += load_file(archive, run, name, load)
        try:
            crawl.check()
        except CrawlFailed as error:
            run.problems.append(str(error))
    for name in find_unloaded(archive, mark):
        run.problems += load_file(archive, run, name, load)
        note_cut(archive, run, name)
    audit_sources(run, job) if job.sources else load_log(archive, run, job.log_path)


def is_ready(archive: Archive, name: str) -> bool:
    """Whether a growing file has enough for a batch."""
    with archive.database.read() as session:
        position = find_position(session, name)
    return (archive.settings.warc_dir / name).stat().st_size - position >= READY_BYTES


def audit_sources(run: Run, job: CrawlJob) -> None:
    """A source without an answer is nothing that the ledger keeps account of; a run without it is below its promise."""
    silent = [line for line in read_log(job.log_path) if line.result is not FetchResult.CAPTURED]
    run.problems += [f"{line.url}: {line.result.value}, {line.error}" for line in silent]


def load_log(archive: Archive, run: Run, path: Path) -> None:
    """Note the fetches of pages that brought no answer: only the crawl's log knows of them."""
    outcomes = [outcome for line in read_log(path) if (outcome := read_line(line))]
    with archive.database.begin() as session:
        run.counts.update(store_outcomes(session, outcomes, run_id=run.id, now=now()))


def read_line(line: CrawlLine) -> Outcome | None:
    """The outcome that a log line stands for; None where the WARC file says it all."""
    match line.result:
        case FetchResult.CAPTURED:
            return None
        case FetchResult.FORBIDDEN:
            return FetchForbidden(identity=sites.identify(line.url), forbidden_at=line.at, reason="robots")
        case FetchResult.REFUSED if line.final_url not in {None, line.url}:
            return None  # the redirect that led there is a capture, and is judged by it
        case _:
            return fetch_failed(line.url, line.error or line.result.value, line.at)
