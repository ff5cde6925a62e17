"""A crawl under way: it is given a job, and what it writes is loaded while it writes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

import sites
from pipeline.archive import Archive
from pipeline.crawl import Crawler, CrawlFailed, make_job, read_log
from pipeline.load import UNASKED, BatchLoader, SourceFinding, find_growing, load_file, load_log, record_truncation
from pipeline.progress import report_progress
from pipeline.run import Run
from schemas.crawl import CrawlJob, CrawlLine, FetchResult
from schemas.report import SlowPage
from spiders.host_backoff import HostBackoffs
from storage.ledger.frontier import DueUrl

NOT_MODIFIED = 304

SLOWEST_COUNT = 5
"""Pages that a report names as slow: a host that is slow shows in them already."""

Wanted = Callable[[], bool]
"""Whether another run waits for the crawl that this one has."""

WAIT_SECONDS = 5.0
"""How long a crawl that says nothing is waited for before the run's own affairs are seen to: its lease is renewed each
minute, and whoever waits for the site is asked for each quarter of one."""


def never_wanted() -> bool:
    """Nobody waits: the run goes to its end."""
    return False


def crawl_and_load(
    archive: Archive,
    run: Run,
    crawler: Crawler,
    job: CrawlJob,
    load: BatchLoader,
    *,
    is_last: bool = False,
    is_wanted: Wanted = never_wanted,
) -> dict[str, SourceFinding]:
    """Have a job crawled, and load what the crawl writes while it writes; answers what became of the sources in it.

    A crawl that dies is a problem of the run; what it wrote is loaded all the same. One that another run waits for
    is ended before its end.
    """
    mark = f"-{run.id[-6:]}-"  # as `WarcWriter` names its files
    sources: dict[str, SourceFinding] = {}
    pages_before = run.counts["page"]
    _tell(run, job, pages_before)
    crawler.begin(job)
    while not crawler.has_ended(WAIT_SECONDS):
        run.renew_lease()
        _give_way(run, crawler, is_wanted)
        for name in crawler.take_grown():
            sources |= load_file(archive, run, name, load)
            _tell(run, job, pages_before)
    if is_last:
        crawler.release()
    unloaded = find_growing(archive, mark)
    for name in unloaded:
        sources |= load_file(archive, run, name, load)
    _tell(run, job, pages_before)
    _record_failure(archive, run, crawler, unloaded)
    broken = [(url, one.reason) for url, one in sources.items() if one.reason]
    optional = _list_optional(job, sources)
    run.problems += [f"{url}: {reason}" for url, reason in broken if url not in optional]
    run.notes += describe_absent_sources((url, reason) for url, reason in broken if url in optional)
    return sources


def _record_failure(archive: Archive, run: Run, crawler: Crawler, names: Iterable[str]) -> None:
    """If the crawl died: its files may end within a record."""
    try:
        crawler.check()
    except CrawlFailed as error:
        run.problems.append(str(error))
        for name in names:
            record_truncation(archive, run, name)


def _give_way(run: Run, crawler: Crawler, is_wanted: Wanted) -> None:
    if is_wanted():
        run.gave_way = True
        crawler.halt()


def _tell(run: Run, job: CrawlJob, pages_before: int) -> None:
    month = f"{run.span.since:%Y-%m} " if run.span.since else ""
    if job.urls:
        report_progress(f"{month}fetch", min(run.counts["page"] - pages_before, len(job.urls)), len(job.urls))
    else:
        report_progress(f"{month}discover", run.counts["sighted-new"], None)


def fetch_sources(
    archive: Archive, run: Run, crawler: Crawler, job: CrawlJob, load: BatchLoader
) -> dict[str, SourceFinding]:
    """Fetch a job's sources. One without an answer is a problem of the run: the ledger keeps no account of it."""
    found = crawl_and_load(archive, run, crawler, job, load)
    lines = {line.url: line for line in read_log(job.log_path)}
    _note_unreachable(run, job, lines)
    run.problems += _find_silent(job, lines)
    silent = (lines[url] for url in _list_optional(job, lines) & lines.keys())
    run.notes += describe_absent_sources((line.url, _tell_failure(line)) for line in silent if _has_failed(line))
    return found


def _list_optional(job: CrawlJob, urls: Iterable[str]) -> set[str]:
    """Of these URLs, the optional sources of the job, and the pages that extra sources lead to."""
    optional, site = {source.url for source in job.sources if source.is_optional}, sites.get_site(job.site)
    return {url for url in urls if url in optional or site.is_extra_source(url)}


def describe_absent_sources(sources: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A sentence for each host and reason (URL, reason) of optional sources that cannot be read."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for url, reason in sorted(sources):
        grouped[_host_of(url), reason.replace(f": {url}", "").replace(f" {url}", "")].append(url)
    for (host, reason), urls in grouped.items():
        if urls[1:]:
            yield f"{host} does without {len(urls)} optional sources, the first of them {urls[0]}: {reason}"
        else:
            yield f"{urls[0]}, an optional source: {reason}"


def _has_failed(line: CrawlLine) -> bool:
    return line.result is not FetchResult.CAPTURED and line.result not in UNASKED


def _tell_failure(line: CrawlLine) -> str:
    return f"{line.result.value}, {line.error}"


def _find_silent(job: CrawlJob, lines: Mapping[str, CrawlLine]) -> Iterator[str]:
    optional = _list_optional(job, lines)
    for line in lines.values():
        if _has_failed(line) and line.url not in optional:
            yield f"{line.url}: {_tell_failure(line)}"
        elif line.status == NOT_MODIFIED and line.url not in job.validators:
            yield f"{line.url}: answers 'not modified' to a request without conditions"
    spent = [line.url for line in lines.values() if line.result is FetchResult.SPENT]
    yield from _tell_unasked(spent, "the run had made all the requests that sources may take")
    cut = [source.url for source in job.sources if source.url not in lines]
    yield from _tell_unasked(cut, "the crawl ended before their turn")


def _tell_unasked(urls: Sequence[str], reason: str) -> Iterator[str]:
    if urls:
        yield f"{len(urls)} sources were not asked, the first of them {urls[0]}: {reason}"


def fetch_pages(
    archive: Archive,
    run: Run,
    crawler: Crawler,
    addresses: list[DueUrl],
    load: BatchLoader,
    is_wanted: Wanted = never_wanted,
) -> None:
    """Fetch URLs that are due, in this order."""
    validators = {address.url: address.validators for address in addresses if address.validators}
    urls = tuple(address.url for address in addresses)
    job = make_job(archive.settings, run, urls=urls, validators=validators)
    crawl_and_load(archive, run, crawler, job, load, is_last=True, is_wanted=is_wanted)
    log = list(read_log(job.log_path))
    lines = {line.url: line for line in log}
    run.slowest = find_slowest(lines.values())
    run.asked_count += sum(1 for url in set(urls) & lines.keys() if lines[url].result not in UNASKED)
    load_log(archive, run, log)
    resting = _note_unreachable(run, job, lines)
    left_count = sum(1 for url in set(urls) - lines.keys() if _host_of(url) not in resting)
    if left_count:
        why = "another run waited for the crawl" if run.gave_way else "this one ended before their turn"
        run.notes.append(f"{left_count} URLs wait for the next run: {why}")


def find_slowest(lines: Iterable[CrawlLine]) -> tuple[SlowPage, ...]:
    """The pages that took longest to fetch, the slowest first."""
    pages = [SlowPage(url=line.url, seconds=line.seconds) for line in lines if line.seconds is not None]
    return tuple(sorted(pages, key=lambda page: (-page.seconds, page.url))[:SLOWEST_COUNT])


def _note_unreachable(run: Run, job: CrawlJob, lines: Mapping[str, CrawlLine]) -> AbstractSet[str]:
    """A problem for each host that is not to be asked now, however many of its URLs wait; which of them rest."""
    hosts = {_host_of(url) for url in (*job.urls, *(source.url for source in job.sources), *lines)}
    resting = {host: at for host, at in HostBackoffs(job.lock_path.parent).list_active().items() if host in hosts}
    silent = {_host_of(line.url) for line in lines.values() if line.result is FetchResult.ROBOTS_UNREACHABLE}
    sentences = {host: f"{host}: robots.txt could not be read, so nothing of it was asked for" for host in silent}
    for host, until in resting.items():
        sentences[host] = f"{host} asks to be left alone until {until:%Y-%m-%d %H:%M} UTC: what is left of it waits"
    # Of a host that has optional sources alone, nothing is lost that the run promises.
    promised = {_host_of(url) for url in (*job.urls, *(one.url for one in job.sources if not one.is_optional))}
    run.notes += [sentences[host] for host in sorted(sentences.keys() - promised)]
    told = sentences.keys() & promised
    run.problems += [sentences[host] for host in sorted(told - run.unreachable_hosts)]
    run.unreachable_hosts |= told
    return resting.keys()


def _host_of(url: str) -> str:
    """As `Rests` names hosts; empty for what is no URL."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
