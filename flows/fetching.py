"""A crawl under way: it is given a job, and what it writes is loaded while it writes."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from flows.archive import Archive
from flows.crawl import Crawler, CrawlFailed, make_job, read_log
from flows.load import UNASKED, BatchLoader, SourceFinding, find_unloaded, load_file, load_log, note_cut
from flows.progress import tell_progress
from flows.run import Run
from schemas.crawl import CrawlJob, FetchResult
from storage.ledger import DueAddress
from storage.position import find_position

NOT_MODIFIED = 304

READY_BYTES = 1024 * 1024
"""Unread bytes of a file that are worth a batch while the crawl still writes: some 110 pages of the replica."""

POLL_SECONDS = 0.1
"""How often a crawl under way is looked at: a look costs a millisecond, a second without one is lost to the loading."""


def crawl_and_load(
    archive: Archive, run: Run, crawler: Crawler, job: CrawlJob, load: BatchLoader, *, is_last: bool = False
) -> dict[str, SourceFinding]:
    """Have a job crawled, and load what the crawl writes while it writes; answers what became of the sources in it.

    A crawl that dies is a problem of the run; what it wrote is loaded all the same.
    """
    mark = f"-{run.id[-6:]}-"  # as `WarcWriter` names its files
    sources: dict[str, SourceFinding] = {}
    pages_before = run.counts["page"]
    _tell(run, job, pages_before)
    crawler.begin(job)
    while not crawler.has_ended(POLL_SECONDS):
        run.keep_lease()
        for name in find_unloaded(archive, mark):
            if is_ready(archive, name):
                sources |= load_file(archive, run, name, load)
                _tell(run, job, pages_before)
    if is_last:
        crawler.release()
    unloaded = find_unloaded(archive, mark)
    for name in unloaded:
        sources |= load_file(archive, run, name, load)
    _tell(run, job, pages_before)
    try:
        crawler.check()
    except CrawlFailed as error:
        run.problems.append(str(error))
        for name in unloaded:
            note_cut(archive, run, name)
    run.problems += [f"{url}: {one.reason}" for url, one in sources.items() if one.reason]
    return sources


def _tell(run: Run, job: CrawlJob, pages_before: int) -> None:
    month = f"{run.span.since:%Y-%m} " if run.span.since else ""
    if job.urls:
        tell_progress(f"{month}fetch", min(run.counts["page"] - pages_before, len(job.urls)), len(job.urls))
    else:
        tell_progress(f"{month}discover", run.counts["sighted-new"], None)


def is_ready(archive: Archive, name: str) -> bool:
    """Whether a growing file has enough for a batch."""
    with archive.database.read() as session:
        position = find_position(session, name)
    return (archive.settings.warc_dir / name).stat().st_size - position >= READY_BYTES


def fetch_sources(
    archive: Archive, run: Run, crawler: Crawler, job: CrawlJob, load: BatchLoader
) -> dict[str, SourceFinding]:
    """Fetch a job's sources. One without an answer is a problem of the run: the ledger keeps no account of it."""
    found = crawl_and_load(archive, run, crawler, job, load)
    run.problems += _find_silent(job)
    return found


def _find_silent(job: CrawlJob) -> Iterator[str]:
    lines = {line.url: line for line in read_log(job.log_path)}
    for line in lines.values():
        if line.result not in {FetchResult.CAPTURED, FetchResult.SPENT}:
            yield f"{line.url}: {line.result.value}, {line.error}"
        elif line.status == NOT_MODIFIED and line.url not in job.validators:
            yield f"{line.url}: answers 'not modified' to a request without conditions"
    spent = [line.url for line in lines.values() if line.result is FetchResult.SPENT]
    unasked = spent + [source.url for source in job.sources if source.url not in lines]
    if unasked:
        yield f"{len(unasked)} sources were not asked, the first of them {unasked[0]}: the run made all its requests"


def fetch_pages(archive: Archive, run: Run, crawler: Crawler, addresses: list[DueAddress], load: BatchLoader) -> None:
    """Fetch addresses that are due, in this order."""
    validators = {address.url: address.validators for address in addresses if address.validators}
    urls = tuple(address.url for address in addresses)
    job = make_job(archive.settings, run, urls=urls, validators=validators)
    crawl_and_load(archive, run, crawler, job, load, is_last=True)
    lines = {line.url: line for line in read_log(job.log_path)}
    run.asked_count += sum(1 for url in set(urls) & lines.keys() if lines[url].result not in UNASKED)
    load_log(archive, run, job.log_path)
    silent = (line for line in lines.values() if line.result is FetchResult.ROBOTS_UNREACHABLE)
    unreachable = sorted({urlsplit(line.url).netloc for line in silent})
    run.problems += [f"{host}: robots.txt could not be read, so no page of it was asked for" for host in unreachable]
    if left_count := len(set(urls) - lines.keys()):
        run.notes.append(f"{left_count} addresses wait for the next run: this one ended before their turn")
