"""Compares the live site with its expectations through the crawl process: few requests, robots.txt first."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.archive import lock_site, name_crawl_lock
from pipeline.crawl import Crawler, make_job, read_log
from pipeline.ingest import require_contact
from pipeline.integrity.doctor import Check
from pipeline.run import now
from schemas.capture import Capture
from schemas.crawl import CrawlLine, FetchResult
from schemas.model import NonEmpty
from schemas.settings import Settings
from sites.expectation import Expectation, PageKind, find_kind, is_met
from sites.profile import Site
from sites.source_page import SourceUnreadable
from storage.warc.capture import iterate_captures
from storage.warc.store import WarcStore

FOUND, MISSING, NOT_SEEN, FAILED = "found", "missing", "not seen", "failed"

POLL_SECONDS = 0.2
"""Seconds between checks of whether the crawl has ended; a site responds about every two seconds."""


class LiveCheck(Check):
    """One expected structure in one source or kind of page."""

    site: NonEmpty
    where: str
    expected: str
    """The expression that finds it; empty if it is a field of articles."""
    result: str
    """`found`, `missing`, `not seen` (the sample had no such page), or `failed` (the site could not be checked)."""


@dataclass
class LiveCrawl:
    """A small crawl of a live site; its captures are deleted with their folder."""

    settings: Settings
    """The archive's settings, with another data folder."""
    id: str
    site: str
    lock_path: Path
    crawler: Crawler
    _job_count: int = field(default=0)

    def number_job(self) -> int:
        """Return the number of the next job of its crawl."""
        self._job_count += 1
        return self._job_count

    def fetch(self, urls: Iterable[str]) -> dict[str, Capture | str]:
        """Fetch URLs; return each with its response or the reason for none, and their companions.

        Raises:
            CrawlFailed: the crawl process died.
        """
        job = make_job(self.settings, self, urls=tuple(urls)).model_copy(update={"lock_path": self.lock_path})
        self.crawler.begin(job)
        while not self.crawler.has_ended(POLL_SECONDS):
            pass
        self.crawler.check()
        captures = {capture.url: capture for capture in self._read_captures()}
        lines = {line.url: line for line in read_log(job.log_path)}
        return {url: _classify_response(line, captures.get(line.final_url or url)) for url, line in lines.items()} | {
            url: capture for url, capture in captures.items() if url and url not in lines and capture.is_success
        }

    def _read_captures(self) -> Iterator[Capture]:
        for path in sorted(self.settings.warc_dir.iterdir()):
            file = WarcStore(self.settings.warc_dir).at(path.name)
            yield from (found for found, _ in iterate_captures(file, path.name, 0, self.settings.max_page_bytes))


def audit_live(settings: Settings, site: str) -> list[LiveCheck]:
    """Compare the live site with its profile's expectations, line by line.

    Raises:
        ContactMissing: a live site would be crawled, but no contact is set.
        RunInProgress: a run is crawling this site now.
        CrawlFailed: the crawl process died.
    """
    profile = require_contact(settings, site)
    expected = profile.expected
    with open_live_crawl(settings, profile) as crawl:
        responses = crawl.fetch(url for name, url in expected.sources.items() if name != "robots.txt")
        found = {name: responses.get(url, "no response") for name, url in expected.sources.items()}
        sample = sample_pages(profile, found)
        pages = crawl.fetch(sample) if sample else {}
    seen: dict[str, dict[str, Capture | str]] = defaultdict(dict)
    for name, response in found.items():
        seen[name][expected.sources[name]] = response
    for url, response in pages.items():
        if url in sample or profile.recognize_companion(url):
            seen[_name_kind(profile, response, sample.get(url, ""))][url] = response
    return [_check(site, one, where, seen.get(where, {})) for one in expected.expectations for where in one.where]


@contextmanager
def open_live_crawl(settings: Settings, profile: Site) -> Iterator[LiveCrawl]:
    """Start a crawl with its own folder. It never runs beside a run of the same site and data folder."""
    with TemporaryDirectory(prefix="broadsheet-live-") as folder:
        temporary = settings.model_copy(update={"data_dir": Path(folder)})
        temporary.warc_dir.mkdir(parents=True)
        # An existing archive's spool knows which hosts asked for backoff.
        spool_owner = settings if settings.spool_dir.exists() else temporary
        spool_owner.spool_dir.mkdir(exist_ok=True)
        with lock_site(spool_owner, profile.name, wait_seconds=0) as lock, Crawler() as crawler:
            lock.admit_others()
            lock_path = spool_owner.spool_dir.absolute() / name_crawl_lock(profile.name)
            run_id = f"{now():%Y%m%dT%H%M%SZ}-live00"
            yield LiveCrawl(temporary, run_id, profile.name, lock_path, crawler)


def sample_pages(profile: Site, found: Mapping[str, Capture | str]) -> dict[str, str]:
    """Return the URLs of a few pages, each with its presumed kind."""
    sample: dict[str, str] = {}
    for kind in profile.expected.kinds:
        named = (url for name in kind.sources for url in _list_articles(profile, found.get(name, "")))
        fresh = dict.fromkeys(url for url in named if url not in sample and _may_be(kind, url))
        sample |= dict.fromkeys(list(fresh)[: kind.count], kind.name)
    return sample


def _may_be(kind: PageKind, url: str) -> bool:
    return not kind.slug or re.search(kind.slug, url) is not None


def _list_articles(profile: Site, response: Capture | str) -> Iterator[str]:
    if isinstance(response, str) or not response.url:
        return
    try:
        page = profile.read_source(response.body, response.url, response.media_type, response.fetched_at)
    except SourceUnreadable:
        return  # the checks report its missing structures
    yield from (profile.identify(one.url).url for one in page.sightings if profile.identify(one.url).id)


def _name_kind(profile: Site, response: Capture | str, sampled_as: str) -> str:
    if isinstance(response, str):
        return sampled_as
    if profile.recognize_companion(response.url or ""):
        return profile.expected.companion
    return find_kind(profile.expected.kinds, response.body, sampled_as)


def _classify_response(line: CrawlLine, capture: Capture | None) -> Capture | str:
    if line.result is FetchResult.CAPTURED and capture:
        return capture if capture.is_success else f"HTTP {capture.status}"
    return "robots.txt forbids it" if line.result is FetchResult.FORBIDDEN else line.error or line.result.value


def _check(site: str, one: Expectation, where: str, responses: Mapping[str, Capture | str]) -> LiveCheck:
    """Return the result of an expectation: where it is missing, or where it was found."""
    met = [url for url, response in responses.items() if isinstance(response, Capture) and is_met(one, response.body)]
    failed = {url: response for url, response in responses.items() if isinstance(response, str)}
    lacking = [url for url in responses if url not in met and url not in failed]
    result, detail = NOT_SEEN, "no such page in the sample"
    if lacking and (one.is_everywhere or not met):
        result, detail = (MISSING, lacking[0]) if one.is_everywhere else (NOT_SEEN, f"on none of {len(lacking)} pages")
    elif met:
        result, detail = FOUND, met[0]
    elif failed:
        url, reason = next(iter(failed.items()))
        result, detail = NOT_SEEN if "robots.txt forbids" in reason else MISSING, f"{url}: {reason}"
    is_ok = result != MISSING
    return LiveCheck(name=one.name, ok=is_ok, detail=detail, site=site, where=where, expected=one.finds, result=result)
