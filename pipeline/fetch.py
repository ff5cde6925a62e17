"""Runs a crawl job and loads what it writes meanwhile."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

import sites
from pipeline.archive import Archive
from pipeline.crawl import Crawler, CrawlFailed, make_job, read_log
from pipeline.load import UNASKED, BatchLoader, SourceFinding, find_growing, load_file, load_log, record_truncation
from pipeline.other_runs import mark_files
from pipeline.progress import report_progress
from pipeline.run import Run
from schemas.crawl import CrawlJob, CrawlLine, FetchResult
from schemas.report import SlowPage
from spiders.host_backoff import HostBackoffs
from storage.ledger.frontier import DueUrl

NOT_MODIFIED = 304

SLOWEST_COUNT = 5
"""Slow pages named in a report: enough to show a slow host."""

StopCheck = Callable[[], bool]
"""Returns whether another run is waiting for this run's crawl."""

WAIT_SECONDS = 5.0
"""Seconds to wait for news of the crawl before the run's other duties: its lease is renewed each minute, and waiting
runs are checked for every quarter of a minute."""


def never_stop() -> bool:
    """Return False: the run goes to its end."""
    return False


def crawl_and_load(
    archive: Archive,
    run: Run,
    crawler: Crawler,
    job: CrawlJob,
    load: BatchLoader,
    *,
    is_last: bool = False,
    should_stop: StopCheck = never_stop,
) -> dict[str, SourceFinding]:
    """Run a crawl job, and load what it writes meanwhile; return the result of each source in it.

    A crawl that dies is a problem of the run; what it wrote is loaded all the same. If another run is waiting, the job
    is stopped early.
    """
    sources: dict[str, SourceFinding] = {}
    crawler.begin(job)
    _report_progress(run, job, crawler)
    while not crawler.has_ended(WAIT_SECONDS):
        run.renew_lease()
        _stop_if_requested(run, crawler, should_stop)
        _report_progress(run, job, crawler)
        for name in crawler.pop_grown_files():
            sources |= load_file(archive, run, name, load)
    if is_last:
        crawler.release()
    unloaded = find_growing(archive, mark_files(run.id))
    for name in unloaded:
        sources |= load_file(archive, run, name, load)
    _record_failure(archive, run, crawler, unloaded)
    broken = [(url, one.reason) for url, one in sources.items() if one.reason]
    optional = _list_optional(job, sources)
    run.report_broken_sources(f"{url}: {reason}" for url, reason in broken if url not in optional)
    run.notes += describe_absent_sources((url, reason) for url, reason in broken if url in optional)
    return sources


def _record_failure(archive: Archive, run: Run, crawler: Crawler, names: Iterable[str]) -> None:
    """If the crawl died, record why; its files may be truncated."""
    try:
        crawler.check()
    except CrawlFailed as error:
        run.problems.append(str(error))
        for name in names:
            record_truncation(archive, run, name)


def _stop_if_requested(run: Run, crawler: Crawler, should_stop: StopCheck) -> None:
    if should_stop():
        run.gave_way = True
        crawler.halt()


def _report_progress(run: Run, job: CrawlJob, crawler: Crawler) -> None:
    """Report how many pages the crawl has fetched, or which source it reads: its loading follows later."""
    if job.urls:
        _report_fetched(run, job, crawler.finished_count)
    else:
        count = run.source_count + crawler.finished_count
        report_progress(_name_stage(run, "discover"), count, None, unit="sources", detail=crawler.current_source)


def _report_fetched(run: Run, job: CrawlJob, count: int) -> None:
    report_progress(_name_stage(run, "fetch"), count, len(set(job.urls)), unit="pages")


def _name_stage(run: Run, name: str) -> str:
    return f"{run.span.since:%Y-%m} {name}" if run.span.since else name


def fetch_sources(
    archive: Archive, run: Run, crawler: Crawler, job: CrawlJob, load: BatchLoader
) -> dict[str, SourceFinding]:
    """Fetch a job's sources. One without a response is a problem of the run, as the ledger does not track sources."""
    found = crawl_and_load(archive, run, crawler, job, load)
    lines = {line.url: line for line in read_log(job.log_path)}
    run.source_count += len(lines)
    _record_unreachable_hosts(run, job, lines)
    run.report_broken_sources(_describe_failures(job, lines))
    optional_lines = (lines[url] for url in _list_optional(job, lines) & lines.keys())
    run.notes += describe_absent_sources(
        (line.url, _describe_failure(line)) for line in optional_lines if _has_failed(line)
    )
    return found


def _list_optional(job: CrawlJob, urls: Iterable[str]) -> set[str]:
    """Return those URLs that are optional sources of the job, or pages reached from extra sources."""
    optional, site = {source.url for source in job.sources if source.is_optional}, sites.get_site(job.site)
    return {url for url in urls if url in optional or site.is_extra_source(url)}


def describe_absent_sources(sources: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a sentence for each host and reason, from (URL, reason) of unreadable optional sources."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for url, reason in sorted(sources):
        grouped[_host_of(url), reason.replace(f": {url}", "").replace(f" {url}", "")].append(url)
    for (host, reason), urls in grouped.items():
        if urls[1:]:
            yield f"{host}: {len(urls)} optional sources are missing, the first is {urls[0]}: {reason}"
        else:
            yield f"{urls[0]}, an optional source: {reason}"


def _has_failed(line: CrawlLine) -> bool:
    return line.result is not FetchResult.CAPTURED and line.result not in UNASKED


def _describe_failure(line: CrawlLine) -> str:
    return f"{line.result.value}, {line.error}"


def _describe_failures(job: CrawlJob, lines: Mapping[str, CrawlLine]) -> Iterator[str]:
    optional = _list_optional(job, lines)
    for line in lines.values():
        if _has_failed(line) and line.url not in optional:
            yield f"{line.url}: {_describe_failure(line)}"
        elif line.status == NOT_MODIFIED and line.url not in job.validators:
            yield f"{line.url}: responded 'not modified' to an unconditional request"
    spent = [line.url for line in lines.values() if line.result is FetchResult.SPENT]
    yield from _describe_unfetched(spent, "the run had used up its requests for sources")
    unreached = [source.url for source in job.sources if source.url not in lines]
    yield from _describe_unfetched(unreached, "the crawl ended first")


def _describe_unfetched(urls: Sequence[str], reason: str) -> Iterator[str]:
    if urls:
        yield f"{len(urls)} sources were not fetched, the first is {urls[0]}: {reason}"


def fetch_pages(
    archive: Archive,
    run: Run,
    crawler: Crawler,
    due: list[DueUrl],
    load: BatchLoader,
    should_stop: StopCheck = never_stop,
) -> None:
    """Fetch due URLs, in this order."""
    validators = {found.url: found.validators for found in due if found.validators}
    urls = tuple(found.url for found in due)
    job = make_job(archive.settings, run, urls=urls, validators=validators)
    crawl_and_load(archive, run, crawler, job, load, is_last=True, should_stop=should_stop)
    log = list(read_log(job.log_path))
    lines = {line.url: line for line in log}
    _report_fetched(run, job, len(set(urls) & lines.keys()))
    run.slowest = find_slowest(lines.values())
    run.asked_count += sum(1 for url in set(urls) & lines.keys() if lines[url].result not in UNASKED)
    load_log(archive, run, log)
    backed_off = _record_unreachable_hosts(run, job, lines)
    remaining_count = sum(1 for url in set(urls) - lines.keys() if _host_of(url) not in backed_off)
    if remaining_count:
        why = "another run was waiting to crawl" if run.gave_way else "the crawl ended first"
        run.notes.append(f"{remaining_count} URLs wait for the next run: {why}")


def find_slowest(lines: Iterable[CrawlLine]) -> tuple[SlowPage, ...]:
    """Return the pages that took longest to fetch, slowest first."""
    pages = [SlowPage(url=line.url, seconds=line.seconds) for line in lines if line.seconds is not None]
    return tuple(sorted(pages, key=lambda page: (-page.seconds, page.url))[:SLOWEST_COUNT])


def _record_unreachable_hosts(run: Run, job: CrawlJob, lines: Mapping[str, CrawlLine]) -> AbstractSet[str]:
    """Record one problem per host that must not be crawled now; return those with a backoff."""
    hosts = {_host_of(url) for url in (*job.urls, *(source.url for source in job.sources), *lines)}
    backed_off = {host: at for host, at in HostBackoffs(job.lock_path.parent).list_active().items() if host in hosts}
    unreachable = {_host_of(line.url) for line in lines.values() if line.result is FetchResult.ROBOTS_UNREACHABLE}
    sentences = {
        host: f"{host}: robots.txt could not be read, so nothing was fetched from this host" for host in unreachable
    }
    for host, until in backed_off.items():
        sentences[host] = f"{host} asked for a backoff until {until:%Y-%m-%d %H:%M} UTC: its remaining URLs wait"
    # A host with only optional sources is not part of what the run promises.
    promised = {_host_of(url) for url in (*job.urls, *(one.url for one in job.sources if not one.is_optional))}
    run.notes += [sentences[host] for host in sorted(sentences.keys() - promised)]
    reported = sentences.keys() & promised
    run.problems += [sentences[host] for host in sorted(reported - run.unreachable_hosts)]
    run.unreachable_hosts |= reported
    return backed_off.keys()


def _host_of(url: str) -> str:
    """Return the host as `HostBackoffs` names it; empty if it is not a URL."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
