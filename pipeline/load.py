"""Loads WARC files into the database in batches, while the crawl writes them or after it died.

A batch is a section of one file. Its outcomes and the file's new position are stored in one transaction, so loading
resumes exactly where it stopped, whatever the cause.
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
from pipeline.backlog import Backlog
from pipeline.crawl import PAGE_LOG, read_log
from pipeline.interpret import fail_fetch
from pipeline.other_runs import drop_files, list_other_runs
from pipeline.quality.provenance import Reading, count_reading
from pipeline.reprocess.comparison import read_former
from pipeline.run import Run, now
from pipeline.section import SectionRead, complete_parts, read_section
from pipeline.step_time import Step, StepTimes
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
    iterate_captures,
    read_capture,
)
from storage.warc.remote import StoreUnreachable
from storage.warc.store import is_own

logger = logging.getLogger(__name__)

RETRY_DELAYS_SECONDS = (1.0, 10.0, 50.0)
"""Delays between tries: a minute in all."""

PARALLEL_BYTES = 8 * 1024 * 1024
"""Bytes of finished WARC files (about 900 pages) from which starting several processes is worth it."""


class SourceFinding(Record):
    """The result of reading a feed, sitemap or listing."""

    reason: str | None
    """Why it could not be read; None if it could."""
    url_count: int = 0
    unknown_count: int = 0
    """For a listing: URLs that it had not named before its last complete reading."""

    @property
    def is_end(self) -> bool:
        """Whether this is the last page: it could not be read, or is empty."""
        return self.reason is not None or not self.url_count


class LoadedBatch(Record):
    """What loading one section of a file did."""

    name: str
    counts: dict[str, int]
    is_last: bool
    """No complete record is left in the file for now."""
    position: int
    """Where the next batch begins."""
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    sources: dict[str, SourceFinding] = {}
    """URL of a feed, sitemap or listing -> its latest result: a later success replaces a failure."""
    reading: Reading = Reading()
    """How its pages were read."""
    quarantined: dict[str, tuple[str, ...]] = {}
    """`file:NAME` of an imported file (`file:NAME#row=12` of a table's row) -> why it was quarantined."""
    waited_seconds: dict[str, float] = {}
    """Step -> seconds that it took."""


UNASKED = frozenset({FetchResult.ROBOTS_UNREACHABLE, FetchResult.RESTING, FetchResult.SPENT})
"""No request reached the publisher, so the result says nothing about the page."""

BatchLoader = Callable[[Archive, str, str], LoadedBatch]
"""`load_batch` or `load_with_retries`, or one that reads ahead."""

LoaderMaker = Callable[[Archive, Sequence[str]], BatchLoader]
"""Makes a loader of these files, which reads them ahead in this order."""


def load_batch(archive: Archive, run_id: str, name: str) -> LoadedBatch:
    """Read the next section of a WARC file and store its outcomes, in one transaction."""
    with archive.database.read() as session:
        start = find_position(session, name)
    waits = StepTimes()
    return store_section(archive, run_id, read_section(archive, name, start, waits), waits)


def store_section(archive: Archive, run_id: str, read: SectionRead, waits: StepTimes) -> LoadedBatch:
    """Store what was read from the section that begins at the file's position, in one transaction.

    What it waits for is added to `waits`, which has what reading the section waited for.
    """
    name, position, is_last, corrupt = read.end
    problems: list[str] = []
    with waits.measuring(Step.READING):
        outcomes = complete_parts(read, partial(_find_page, archive, problems), archive.reader)
    # Flush before the database refers to it: a power cut must not leave a record without its capture.
    archive.warcs.flush(name)
    known = _list_known(archive, outcomes)
    finish = partial(store_position, name=name, position=position)
    with waits.measuring(Step.DATABASE):
        stored = _storage(archive, run_id).store(outcomes, now(), reread=read_former(archive, outcomes), finish=finish)
    damages = tuple(f"damaged record skipped: {damage}" for damage in corrupt)
    # A record of our own crawl has an outcome, or is reported as a problem.
    notes, unread = ((), damages) if is_own(name) else (damages, ())
    return LoadedBatch(
        name=name,
        counts=dict(stored.counts),
        is_last=is_last,
        position=position,
        notes=(*notes, *_describe_truncated(outcomes)),
        problems=(*problems, *stored.problems, *unread),
        sources=_list_source_findings(outcomes, known),
        reading=count_reading(outcomes),
        quarantined=_list_quarantined(outcomes),
        waited_seconds=dict(waits.seconds),
    )


def _list_quarantined(outcomes: Sequence[Outcome]) -> dict[str, tuple[str, ...]]:
    found = (one for one in outcomes if isinstance(one, CaptureQuarantined))
    return {one.seen.file_url: one.reasons for one in found if one.seen.file_url}


def _storage(archive: Archive, run_id: str) -> Storage:
    return Storage(archive.database, run_id, archive.settings.revisit_plan)


def _list_known(archive: Archive, outcomes: Sequence[Outcome]) -> set[tuple[str, str]]:
    """Return (listing, URL) pairs that the listing had named before its last complete reading."""
    listed = [outcome for outcome in outcomes if isinstance(outcome, SourceRead) and _find_listing(outcome)]
    if not listed:
        return set()
    urls = {identity.url for outcome in listed for identity, _ in outcome.sightings}
    with archive.database.read() as session:
        walked, named = list_listing_reads(session, now()), list_listing_sightings(session, urls)
    found = ((sites.find_site(page).first_listing_page(page), url, at) for url, page, at in named)
    return {(listing, url) for listing, url, at in found if listing in walked and at < walked[listing]}


def _list_source_findings(outcomes: Sequence[Outcome], known: AbstractSet[tuple[str, str]]) -> dict[str, SourceFinding]:
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
    """Yield a sentence for each truncated source."""
    for outcome in outcomes:
        if isinstance(outcome, SourceRead) and outcome.is_cut:
            yield f"{outcome.seen.url} was truncated: only its {len(outcome.sightings)} complete entries were read"


def _find_listing(outcome: SourceRead) -> str | None:
    url = outcome.seen.url or ""
    return sites.find_site(url).first_listing_page(url)


def _find_page(archive: Archive, problems: list[str], page_id: str) -> Capture | None:
    """Return the newest capture of a record's page in the archive; None if it cannot be read."""
    with archive.database.read() as session:
        ref = find_page_capture(session, page_id)
    if ref is None:
        return None
    try:
        return read_capture(ref, archive.warcs, archive.settings.max_page_bytes)
    except StoreUnreachable as error:
        # Its page stays quarantined, like any incomplete one.
        problems.append(f"{page_id} waits for `broadsheet reprocess --apply`: its page could not be read: {error}")
    except (CaptureCorrupt, CaptureTruncated, OSError):
        pass
    return None


def load_unloaded(
    archive: Archive,
    run: Run,
    load: BatchLoader = load_batch,
    make_loader: LoaderMaker | None = None,
    last: Sequence[str] = (),
) -> None:
    """Load what no run has loaded yet, but what runs of other sites are writing; in place of `load`, by a made loader.

    Files are loaded by name, and then those of `last`, in their order.
    No other crawl is writing, so a truncated record stays truncated.
    """
    try:
        remote = archive.warcs.list_remote()
    except StoreUnreachable as error:
        remote = {}
        problem = f"cannot tell whether the store has WARC files that were never loaded: {error}"
        run.problems += [] if problem in run.problems else [problem]  # a run checks once or twice
    local = archive.warcs.list_local()
    folders = [path for path in archive.settings.spool_dir.iterdir() if path.is_dir()]
    others = list_other_runs(archive, run.id)
    sizes = {name: size for name, size in (remote | local).items() if drop_files([name], others)}
    places = {name: place for place, name in enumerate(last)}
    names = sorted(list_unloaded(archive, sizes), key=lambda name: places.get(name, -1))
    is_much = sum(sizes[name] for name in names) >= PARALLEL_BYTES
    backlog = Backlog(archive, {name: sizes[name] for name in names})
    with archive.reading_in_parallel() if is_much and not make_loader else nullcontext():
        for group in ([name for name in names if name in local], [name for name in names if name not in local]):
            _load_all(archive, run, group, make_loader(archive, group) if make_loader else load, backlog)
    for folder in folders:
        if folder.name not in {run.id, *others}:
            for path in sorted(folder.glob(f"{PAGE_LOG}-*.jsonl")):
                load_log(archive, run, read_log(path))
            shutil.rmtree(folder)


def _load_all(archive: Archive, run: Run, names: Sequence[str], load: BatchLoader, backlog: Backlog) -> None:
    for index, name in enumerate(names):
        try:
            load_finished(archive, run, name, load, lambda batch: backlog.report(batch.name, batch.position))
        except StoreUnreachable as error:
            run.problems.append(f"{len(names) - index} WARC files in the store are still to be loaded: {error}")
            return


def load_finished(
    archive: Archive, run: Run, name: str, load: BatchLoader, on_batch: Callable[[LoadedBatch], None]
) -> None:
    """Load a file that is no longer written to, and report its defects.

    Raises:
        StoreUnreachable: it is in a store that does not respond.
    """
    try:
        found = load_file(archive, run, name, load, on_batch)
        run.notes += [f"{url}: {one.reason}" for url, one in found.items() if one.reason]
        record_truncation(archive, run, name)
    except NotAWarc as error:  # a stray file must not stop all further runs
        problem = f"{name} is among the WARC files but is not one: {error}"
        run.problems += [] if problem in run.problems else [problem]  # a run may come across it several times


def load_file(
    archive: Archive, run: Run, name: str, load: BatchLoader, on_batch: Callable[[LoadedBatch], None] | None = None
) -> dict[str, SourceFinding]:
    """Load a file up to its last complete record; return the result of each source in it."""
    sources: dict[str, SourceFinding] = {}
    for batch in load_batches(archive, run, name, load):
        sources |= batch.sources
        if on_batch:
            on_batch(batch)
    return sources


def load_batches(archive: Archive, run: Run, name: str, load: BatchLoader = load_batch) -> Iterator[LoadedBatch]:
    """Load a file up to its last complete record, and yield what each batch did."""
    is_last = False
    while not is_last:
        run.renew_lease()
        batch = load(archive, run.id, name)
        run.counts.update(batch.counts)
        run.warc_counts[name].update(batch.counts)
        run.notes += batch.notes
        run.problems += batch.problems
        run.reading += batch.reading
        run.waits.add(batch.waited_seconds)
        yield batch
        is_last = batch.is_last


def find_growing(archive: Archive, mark: str) -> list[str]:
    """Return the local WARC files with this mark in their names that are not fully loaded, by name."""
    return list_unloaded(archive, {name: size for name, size in archive.warcs.list_local().items() if mark in name})


def list_unloaded(archive: Archive, sizes: Mapping[str, int]) -> list[str]:
    """Return those of these WARC files (name -> bytes) that are not fully loaded, by name."""
    with archive.database.read() as session:
        positions = list_positions(session, sizes.keys())
    return sorted(name for name, size in sizes.items() if size > positions.get(name, 0))


def record_truncation(archive: Archive, run: Run, name: str) -> None:
    """Report, once, the record that a finished file ends in the middle of."""
    with archive.database.begin() as session:
        start = find_position(session, name)
        captures = iterate_captures(archive.warcs.at(name), name, start, archive.settings.max_page_bytes)
        if any(True for _ in captures) or captures.cut_at is None:
            return
        store_position(session, name, archive.warcs.size(name), cut_at=captures.cut_at)
    run.notes.append(f"{name} is truncated at byte {captures.cut_at}: the complete records before it were loaded")
    run.counts["cut"] += 1


def load_log(archive: Archive, run: Run, lines: Iterable[CrawlLine]) -> None:
    """Record fetches of pages without a response: only the crawl's log has them."""
    outcomes = [outcome for line in lines if (outcome := read_line(line))]
    stored = _storage(archive, run.id).store(outcomes, now())
    run.counts.update(stored.counts)
    run.problems += stored.problems


def read_line(line: CrawlLine) -> Outcome | None:
    """Return the outcome of a log line; None if the WARC file has it, or the URL is not an article's."""
    asked = sites.identify(line.url)
    match line.result:
        case FetchResult.CAPTURED:
            return None
        case _ if asked.rule or line.result in UNASKED:
            return None  # it keeps its state
        case FetchResult.FORBIDDEN:
            return FetchForbidden(identity=asked, forbidden_at=line.at, reason="robots")
        case _:
            refused = sites.identify(line.final_url or line.url)
            if refused.rule or refused.site != asked.site:
                return None  # not an article's URL: the redirect was captured, and has an outcome
            return fail_fetch(refused, line.error or line.result.value, line.at)


def load_with_retries(
    archive: Archive, run_id: str, name: str, delays: Sequence[float] = RETRY_DELAYS_SECONDS
) -> LoadedBatch:
    """Call `load_batch` with retries; safe, as it is idempotent.

    Not a Prefect task: a run's calls to the server would grow with its pages.

    Raises:
        NotAWarc: it is not a WARC file, which no retry changes.
        DatabaseDamaged: no retry changes that.
        StoreUnreachable: it was already retried, and the next run tries again.
        Whatever the last try raises.
    """
    for seconds in delays:
        try:
            return load_batch(archive, run_id, name)
        except (DatabaseDamaged, NotAWarc, StoreUnreachable):
            raise
        except Exception as error:  # noqa: BLE001 - any other error may be transient
            logger.warning("%s could not be loaded, retrying in %g s: %s", name, seconds, error)
            time.sleep(seconds)
    return load_batch(archive, run_id, name)
