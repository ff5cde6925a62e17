"""Checks the result of a run: unknown boilerplate, leaks of known boilerplate, drift, wrong feed clocks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from pipeline.archive import Archive
from pipeline.quality.drift import Shift, find_shifts
from pipeline.quality.recurring import Recurrence, find_recurring
from pipeline.recording import PageUnrecorded, load_page, make_slug, read_expected, write_case
from pipeline.run import Run
from schemas.capture import CaptureRef
from schemas.report import RecurringParagraph
from storage.reports.history import EarlierReading, iterate_newest, list_feed_times, list_readings

MIN_ITEMS = 3
"""Fewest items to judge a clock by. One article may have been republished; three that agree are evidence."""

ROUNDING = timedelta(minutes=1)
"""Tolerance: a page may show its time without seconds."""

HOUR = timedelta(hours=1)


def find_offset_hours(times: Iterable[tuple[str, datetime, datetime]]) -> dict[str, int]:
    """Return each feed with a wrong clock (URL), and by how many whole hours it runs ahead.

    `times` holds a feed's URL, its publication time of an item, and the page's own.
    """
    differences: dict[str, list[float]] = defaultdict(list)
    for url, feed_time, page_time in times:
        differences[url].append((feed_time - page_time).total_seconds())
    found = {}
    for url, seconds in sorted(differences.items()):
        offset = timedelta(seconds=median(seconds))
        hours = round(offset / HOUR)
        if len(seconds) >= MIN_ITEMS and hours and abs(offset - hours * HOUR) <= ROUNDING:
            found[url] = hours
    return found


def describe_clock_offsets(offsets: dict[str, int]) -> Iterator[str]:
    """Yield a sentence for each offset in hours."""
    for hours in sorted(set(offsets.values())):
        urls = [url for url, found in offsets.items() if found == hours]
        which = "ahead of" if hours > 0 else "behind"
        yield f"feeds {abs(hours)} h {which} their pages' timestamps, which are used instead: {', '.join(urls)}"


CANDIDATES = "candidates"
"""The folder of pages that may become test pages: `DATA_DIR/candidates/SITE/SLUG`."""

MIN_ARTICLES = 200
"""Fewest articles to search: one or two weeks of them, all of one crawl period."""

MAX_ARTICLES = 5_000
"""Most articles to search after a large run: takes some seconds, and a site-wide message is in all of them."""

FAILING_ARTICLES = 8
"""Fewer articles with a paragraph never fail a run, whatever their share: chance, a series, a long story."""

QUOTED_CHARS = 80
"""Characters of a paragraph that a sentence quotes: enough to recognize it."""

NEIGHBOR_DAYS = timedelta(days=366)
"""Only months of a backfill that are this near are compared: pages of another decade have other fields. A backfill
moves month by month, so each month has neighbors."""

NEW_OUTCOMES = frozenset({"stored", "duplicate", "revised"})


def check_reading(archive: Archive, run: Run) -> None:
    """Check what a site's run stored; costs nothing if it stored nothing."""
    if run.site and any(run.counts[name] for name in NEW_OUTCOMES):
        _check_recurring(archive, run, run.site)
        _check_feed_clocks(archive, run, run.site)
    if run.reading.kinds:
        _check_drift(archive, run)


def _check_recurring(archive: Archive, run: Run, site: str) -> None:
    new_count = sum(run.counts[name] for name in NEW_OUTCOMES)
    count = min(max(new_count, MIN_ARTICLES), MAX_ARTICLES)
    boilerplate = archive.publishers.get(site).boilerplate
    with archive.database.read() as session:
        found = find_recurring(partial(iterate_newest, session, site, count), boilerplate)
    run.recurring, run.leak_rate = found.paragraphs, found.leak_rate
    ceiling = archive.settings.ceilings["recurring"]
    many = [one for one in found.paragraphs if one.share > ceiling and one.article_count >= FAILING_ARTICLES]
    if many:
        run.problems.append(f"{_describe_recurring(many, found)}; the ceiling is {100 * ceiling:g} %")
    if few := found.paragraphs[len(many) :]:
        run.notes.append(_describe_recurring(few, found))
    leak_ceiling = archive.settings.ceilings["leak_rate"]
    if found.leak_rate is not None and found.leak_rate > leak_ceiling:
        run.problems.append(f"leak_rate {found.leak_rate:.4f} is above its ceiling {leak_ceiling:.4f}")


def _check_feed_clocks(archive: Archive, run: Run, site: str) -> None:
    with archive.database.read() as session:
        times = list_feed_times(session, site, MIN_ARTICLES)
    run.notes += describe_clock_offsets(find_offset_hours(times))


def _describe_recurring(paragraphs: Sequence[RecurringParagraph], found: Recurrence) -> str:
    """Return one sentence for all of them: a message often has several paragraphs."""
    first = paragraphs[0]
    text = first.text if len(first.text) <= QUOTED_CHARS else f"{first.text[:QUOTED_CHARS]}…"
    others = f"; {len(paragraphs) - 1} more" if paragraphs[1:] else ""
    where = f"{first.article_count} of the newest {found.article_count} articles ({100 * first.share:.1f} %)"
    return f"recurring: a paragraph in no boilerplate list appears in {where}: “{text}”{others}"


def _check_drift(archive: Archive, run: Run) -> None:
    with archive.database.read() as session:
        found = list_readings(session, kind=run.kind, site=run.site)
    earlier = [one.reading for one in list_neighbors(found, run.span.since)]
    for shift in find_shifts(run.reading.kinds, earlier, archive.settings.ceilings["drift"]):
        run.problems.append(shift.sentence + _save_first_page(archive, run, shift))


def list_neighbors(earlier: Sequence[EarlierReading], since: date | None) -> Iterator[EarlierReading]:
    """Yield the runs with nearby publication days; for an ingest, which has no span, yield all."""
    for one in earlier:
        if since is None or (one.since and abs(one.since - since) <= NEIGHBOR_DAYS):
            yield one


def _save_first_page(archive: Archive, run: Run, shift: Shift) -> str:
    """Save this run's first page that shows the shift, and return the end of the sentence that names it."""
    ref = run.reading.first.get((shift.kind, shift.field_shifts[0].field, shift.field_shifts[0].source))
    if ref is None:
        return ""
    try:
        return f"; the first such page is saved in {save_candidate(archive, ref)}"
    except PageUnrecorded as error:
        return f"; the first such page could not be saved: {error}"


def save_candidate(archive: Archive, ref: CaptureRef) -> Path:
    """Save a page with its unchecked expected values; return its folder, which is kept if it exists already.

    Raises:
        PageUnrecorded: the page cannot be read from its WARC file, or the folder cannot be written.
    """
    capture, companions = load_page(archive, ref)
    if capture.url is None:
        raise PageUnrecorded(f"{ref.warc} at {ref.offset} has no URL")
    site = archive.publishers.find(capture.url)
    folder = archive.settings.data_dir / CANDIDATES / site.name / make_slug(capture.url)
    if not folder.exists():
        write_case(folder, capture, companions, read_expected(capture, site, companions))
    return folder
