"""From WARC files to the database, in batches: what a crawl leaves is loaded while it works, and after it died.

A batch is a stretch of one file. Its outcomes and the file's new position are stored in one transaction, so
loading goes on exactly where it stopped, whatever stopped it.
"""

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import nullcontext
from functools import partial

import sites
from pipeline.archive import Archive
from pipeline.crawl import PAGE_LOG, read_log
from pipeline.interpret import fetch_failed, find_page_id, is_incomplete
from pipeline.quality.provenance import Reading, count_reading
from pipeline.reader import Page, Reader
from pipeline.reprocess.comparison import read_former
from pipeline.run import Run, now
from schemas.capture import Capture
from schemas.crawl import CrawlLine, FetchResult
from schemas.model import Record
from schemas.outcome import CaptureQuarantined, FetchForbidden, Outcome, SourceBroken, SourceRead
from storage.captures.capture import find_page_capture, find_position, list_positions, store_position
from storage.engine import DatabaseDamaged
from storage.ledger.batches import Storage
from storage.ledger.sighting import list_listing_reads, list_listing_sightings
from storage.warc.capture import (
    CaptureCorrupt,
    CaptureTruncated,
    NotAWarc,
    WarcCaptures,
    iterate_captures,
    read_capture,
)
from storage.warc.remote import StoreUnreachable
from storage.warc.store import is_own

logger = logging.getLogger(__name__)

WAITS_SECONDS = (1.0, 10.0, 50.0)
"""Between the tries: a minute in all."""

BATCH_CAPTURES = 256
"""Captures in a batch: large enough that a transaction costs little beside them, small enough to be read in seconds."""

BATCH_BYTES = 32 * 1024 * 1024
"""Bodies in a batch: what keeps memory flat when pages are large."""

BATCH_SIGHTINGS = 5_000
"""Advertised URLs in a batch: what keeps a transaction near a second when all monthly sitemaps come at once."""

PARALLEL_BYTES = 8 * 1024 * 1024
"""Of WARC files that nobody writes any more: some 900 pages. With fewer, starting processes is not worth it."""


class SourceFinding(Record):
    """What became of a feed, a sitemap or a listing that was fetched."""

    reason: str | None
    """Why it could not be read; None where it could."""
    url_count: int = 0
    unknown_count: int = 0
    """Of a listing: URLs that it had not named when it was last read to where all was known."""

    @property
    def is_end(self) -> bool:
        """Whether nothing can follow: it could not be read, or is empty."""
        return self.reason is not None or not self.url_count


class LoadedBatch(Record):
    """What loading one stretch of a file did."""

    name: str
    counts: dict[str, int]
    is_last: bool
    """Nothing whole is left in the file now."""
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    sources: dict[str, SourceFinding] = {}
    """Address of a feed, sitemap or listing -> its last word: a later success forgives a try that failed."""
    reading: Reading = Reading()
    """How its pages were read."""


UNASKED = frozenset({FetchResult.ROBOTS_UNREACHABLE, FetchResult.RESTING, FetchResult.SPENT})
"""Nothing was asked of the publisher: that says nothing of the page."""

PageFinder = Callable[[str], Capture | None]
"""Record id -> the newest capture of its page."""

BatchLoader = Callable[[Archive, str, str], LoadedBatch]
"""`load_batch`, or `load_with_retries`."""


def load_batch(archive: Archive, run_id: str, name: str) -> LoadedBatch:
    """Read the next stretch of a WARC file and store what it means, in one transaction."""
    with archive.database.read() as session:
        start = find_position(session, name)
    captures = iterate_captures(archive.warcs.at(name), name, start, archive.settings.max_page_bytes)
    taken, is_last = read_batch(captures)
    problems: list[str] = []
    outcomes = archive.reader.read(map(Page, taken))
    outcomes = complete_pages(taken, outcomes, partial(_find_page, archive, problems), archive.reader)
    # Before the database says that it is there: a power cut must not leave a record without it.
    archive.warcs.flush(name)
    known = _list_known(archive, outcomes)
    finish = partial(store_position, name=name, position=captures.position)
    stored = _storage(archive, run_id).store(outcomes, now(), reread=read_former(archive, outcomes), finish=finish)
    damages = tuple(f"damaged, passed over: {damage}" for damage in captures.corrupt)
    # What the crawl wrote has an outcome, or the run says that it has none.
    notes, unread = ((), damages) if is_own(name) else (damages, ())
    return LoadedBatch(
        name=name,
        counts=dict(stored.counts),
        is_last=is_last,
        notes=(*notes, *_describe_truncated(outcomes)),
        problems=(*problems, *stored.problems, *unread),
        sources=_judge_sources(outcomes, known),
        reading=count_reading(outcomes),
    )


def _storage(archive: Archive, run_id: str) -> Storage:
    return Storage(archive.database, run_id, archive.settings.revisit_plan)


def _list_known(archive: Archive, outcomes: Sequence[Outcome]) -> set[tuple[str, str]]:
    """Listing and URL, where the listing had named it before it was last read to where all was known."""
    listed = [outcome for outcome in outcomes if isinstance(outcome, SourceRead) and _find_listing(outcome)]
    if not listed:
        return set()
    urls = {identity.url for outcome in listed for identity, _ in outcome.sightings}
    with archive.database.read() as session:
        walked, named = list_listing_reads(session, now()), list_listing_sightings(session, urls)
    found = ((sites.find_site(page).first_listing_page(page), url, at) for url, page, at in named)
    return {(listing, url) for listing, url, at in found if listing in walked and at < walked[listing]}


def _judge_sources(outcomes: Sequence[Outcome], known: AbstractSet[tuple[str, str]]) -> dict[str, SourceFinding]:
    found: dict[str, SourceFinding] = {}
    for outcome in outcomes:
        if isinstance(outcome, SourceBroken) and outcome.seen.url:
            found[outcome.seen.url] = SourceFinding(reason=outcome.reason)
        elif isinstance(outcome, SourceRead) and outcome.seen.url:
            urls = {identity.url for identity, _ in outcome.sightings}
            listing = _find_listing(outcome)
            unknown_count = sum(1 for url in urls if (listing, url) not in known) if listing else 0
            finding = SourceFinding(reason=None, url_count=len(urls), unknown_count=unknown_count)
            found[outcome.seen.url] = finding
    return found


def _describe_truncated(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A sentence for each source that ended before its time."""
    for outcome in outcomes:
        if isinstance(outcome, SourceRead) and outcome.is_cut:
            yield f"{outcome.seen.url} was cut: {len(outcome.sightings)} whole entries were read, and no more"


def _find_listing(outcome: SourceRead) -> str | None:
    url = outcome.seen.url or ""
    return sites.find_site(url).first_listing_page(url)


def read_batch(captures: WarcCaptures) -> tuple[list[Capture], bool]:
    """As many captures as a batch holds, and whether those were all that the file has."""
    taken: list[Capture] = []
    taken_bytes = link_count = 0
    for found, _ in captures:
        # A foreign file, or a clock that ran ahead: what came later than now would overrule whatever comes.
        at = min(found.fetched_at, now())  # now, not when the stretch began: a crawl writes it meanwhile
        capture = found if at == found.fetched_at else found.model_copy(update={"fetched_at": at})
        taken.append(capture)
        taken_bytes += len(capture.body)
        link_count += _count_links(capture)
        if len(taken) >= BATCH_CAPTURES or taken_bytes >= BATCH_BYTES or link_count >= BATCH_SIGHTINGS:
            return taken, False
    return taken, True


def _count_links(capture: Capture) -> int:
    """How many URLs a feed or a sitemap advertises, about; none for any other answer."""
    return capture.body.count(b"<loc>") + capture.body.count(b"<item>")


def complete_pages(
    captures: Sequence[Capture], outcomes: list[Outcome], find_page: PageFinder, reader: Reader
) -> list[Outcome]:
    """The same outcomes, where a page and the rest of it (a live blog's posts) have become one: the whole article's."""
    completed = list(outcomes)
    waiting: dict[str, int] = {}
    for place, (capture, outcome) in enumerate(zip(captures, outcomes, strict=True)):
        if is_incomplete(outcome) and isinstance(outcome, CaptureQuarantined) and outcome.identity:
            waiting[outcome.identity.key] = place
        if page_id := find_page_id(capture):
            if page_id in waiting:
                first = waiting.pop(page_id)
                [completed[first]] = reader.read([Page(captures[first], companions=(capture,))])
            elif page := find_page(page_id):
                [completed[place]] = reader.read([Page(capture, page)])
    return completed


def _find_page(archive: Archive, problems: list[str], page_id: str) -> Capture | None:
    """The newest capture of a record's page in the archive; None where it cannot be read."""
    with archive.database.read() as session:
        ref = find_page_capture(session, page_id)
    if ref is None:
        return None
    try:
        return read_capture(ref, archive.warcs, archive.settings.max_page_bytes)
    except StoreUnreachable as error:
        # Its page is quarantined, as any whose rest has not come yet.
        problems.append(f"{page_id} waits for `broadsheet reprocess --apply`: its page could not be read: {error}")
    except (CaptureCorrupt, CaptureTruncated, OSError):
        pass
    return None


def load_unloaded(archive: Archive, run: Run, load: BatchLoader = load_batch) -> None:
    """Load what no run has loaded yet. Nobody is writing: a record that is cut now stays cut."""
    try:
        afar = archive.warcs.list_remote()
    except StoreUnreachable as error:
        afar = {}
        problem = f"whether the store has WARC files that were never loaded is not known: {error}"
        run.problems += [] if problem in run.problems else [problem]  # a run looks once or twice
    here = archive.warcs.list_local()
    sizes = afar | here
    names = list_unloaded(archive, sizes)
    is_much = sum(sizes[name] for name in names) >= PARALLEL_BYTES
    with archive.reading_in_parallel() if is_much else nullcontext():
        _load_all(archive, run, [name for name in names if name in here], load)
        _load_all(archive, run, [name for name in names if name not in here], load)
    for folder in archive.settings.spool_dir.iterdir():
        if folder.is_dir() and folder.name != run.id:
            for path in sorted(folder.glob(f"{PAGE_LOG}-*.jsonl")):
                load_log(archive, run, read_log(path))
            shutil.rmtree(folder)


def _load_all(archive: Archive, run: Run, names: Sequence[str], load: BatchLoader) -> None:
    for place, name in enumerate(names):
        try:
            load_finished(archive, run, name, load)
        except StoreUnreachable as error:
            run.problems.append(f"{len(names) - place} WARC files in the store wait to be loaded: {error}")
            return


def load_finished(archive: Archive, run: Run, name: str, load: BatchLoader) -> None:
    """Load a file that nobody writes any more, and report what is wrong with it.

    Raises:
        StoreUnreachable: it lies in a store that does not answer.
    """
    try:
        found = load_file(archive, run, name, load)
        run.notes += [f"{url}: {one.reason}" for url, one in found.items() if one.reason]
        record_truncation(archive, run, name)
    except NotAWarc as error:  # somebody put it there: it must not stop every run from now on
        run.problems.append(f"{name} lies among the WARC files and is none: {error}")


def load_file(archive: Archive, run: Run, name: str, load: BatchLoader) -> dict[str, SourceFinding]:
    """Load a file up to its last whole record. Returns what `Batch.sources` says of the sources in it."""
    sources: dict[str, SourceFinding] = {}
    is_last = False
    while not is_last:
        run.renew_lease()
        batch = load(archive, run.id, name)
        run.counts.update(batch.counts)
        run.notes += batch.notes
        run.problems += batch.problems
        run.reading += batch.reading
        sources |= batch.sources
        is_last = batch.is_last
    return sources


def find_growing(archive: Archive, mark: str) -> list[str]:
    """The local WARC files with this mark in their names that have bytes which the database does not know, by name."""
    return list_unloaded(archive, {name: size for name, size in archive.warcs.list_local().items() if mark in name})


def list_unloaded(archive: Archive, sizes: Mapping[str, int]) -> list[str]:
    """Those of these WARC files (name -> bytes) that have bytes which the database does not know, by name."""
    with archive.database.read() as session:
        positions = list_positions(session, sizes.keys())
    return sorted(name for name, size in sizes.items() if size > positions.get(name, 0))


def record_truncation(archive: Archive, run: Run, name: str) -> None:
    """Report the record that the end of a finished file cuts, once."""
    with archive.database.begin() as session:
        start = find_position(session, name)
        captures = iterate_captures(archive.warcs.at(name), name, start, archive.settings.max_page_bytes)
        if any(True for _ in captures) or captures.cut_at is None:
            return
        store_position(session, name, archive.warcs.size(name), cut_at=captures.cut_at)
    run.notes.append(f"{name} is cut at byte {captures.cut_at}: the whole records before it were taken")
    run.counts["cut"] += 1


def load_log(archive: Archive, run: Run, lines: Iterable[CrawlLine]) -> None:
    """Note the fetches of pages that brought no answer: only the crawl's log knows of them."""
    outcomes = [outcome for line in lines if (outcome := read_line(line))]
    stored = _storage(archive, run.id).store(outcomes, now())
    run.counts.update(stored.counts)
    run.problems += stored.problems


def read_line(line: CrawlLine) -> Outcome | None:
    """The outcome that a log line stands for; None where the WARC file says it all, or the URL is no article's."""
    asked = sites.identify(line.url)
    match line.result:
        case FetchResult.CAPTURED:
            return None
        case _ if asked.rule or line.result in UNASKED:
            return None  # it waits as it is
        case FetchResult.FORBIDDEN:
            return FetchForbidden(identity=asked, forbidden_at=line.at, reason="robots")
        case _:
            refused = sites.identify(line.final_url or line.url)
            if refused.rule or refused.site != asked.site:
                return None  # no article's URL: the redirect that led there is a capture, and is judged by it
            return fetch_failed(refused, line.error or line.result.value, line.at)


def load_with_retries(archive: Archive, run_id: str, name: str, waits: Sequence[float] = WAITS_SECONDS) -> LoadedBatch:
    """As `load_batch`, which does nothing twice: whatever interrupted it, it may be tried again.

    Not as a task of Prefect's: a run's calls to the server would grow with its pages.

    Raises:
        NotAWarc: the file is none, and stays none.
        DatabaseDamaged: and stays so.
        StoreUnreachable: it was asked several times already, and the next run asks again.
        And what the last try raises.
    """
    for seconds in waits:
        try:
            return load_batch(archive, run_id, name)
        except (DatabaseDamaged, NotAWarc, StoreUnreachable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is may pass
            logger.warning("%s could not be loaded, tried again in %g s: %s", name, seconds, error)
            time.sleep(seconds)
    return load_batch(archive, run_id, name)
