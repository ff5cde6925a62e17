"""Cuts WARC files into sections, and reads what is in one: the unit in which files are loaded.

A section is cut by what is in it, wherever it is read: here in one process or several, or on a cluster.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.archive import Archive
from pipeline.interpret import find_page_id, is_incomplete
from pipeline.reader import Page, Reader
from pipeline.run import now
from pipeline.step_time import Step, StepTimes
from schemas.capture import Capture
from schemas.outcome import CaptureQuarantined, Outcome
from storage.warc.capture import WarcCaptures, iterate_captures

BATCH_CAPTURES = 256
"""Captures in a section: enough that a transaction costs little in comparison, few enough to be read in seconds."""

BATCH_BYTES = 32 * 1024 * 1024
"""Bytes of bodies in a section: limits memory when pages are large."""

BATCH_SIGHTINGS = 5_000
"""Advertised URLs in a section: keeps a transaction near one second when all monthly sitemaps arrive at once."""

PageFinder = Callable[[str], Capture | None]
"""Record id -> the newest capture of its page."""


class SectionEnd(NamedTuple):
    """Where a section of a WARC file ends, and what in it is no capture."""

    name: str
    """The file's."""
    position: int
    """Where the next section begins."""
    is_last: bool
    """No complete record is left in the file for now."""
    damages: tuple[str, ...]
    """A sentence for each damaged record, which was skipped."""


class SectionRead(NamedTuple):
    """What reading the captures of a section found."""

    end: SectionEnd
    outcomes: list[Outcome]
    parts: Mapping[int, Capture]
    """Index -> a capture that is part of a page which is not in this section: a live blog's posts."""


def cut_section(archive: Archive, name: str, start: int) -> tuple[list[Capture], SectionEnd]:
    """Return the captures of the section that begins at this byte, and where it ends.

    Raises:
        NotAWarc, StoreUnreachable, OSError: see `WarcCaptures`.
    """
    captures = iterate_captures(archive.warcs.at(name), name, start, archive.settings.max_page_bytes)
    captured, is_last = _read_batch(captures)
    return captured, SectionEnd(name, captures.position, is_last, tuple(map(str, captures.corrupt)))


def read_section(archive: Archive, name: str, start: int, waits: StepTimes) -> SectionRead:
    """Read the section that begins at this byte, by the archive's reader; add what that waits for to `waits`.

    Raises:
        NotAWarc, StoreUnreachable, OSError: see `WarcCaptures`.
    """
    with waits.measuring(Step.FILES):
        captured, end = cut_section(archive, name, start)
    with waits.measuring(Step.READING):
        outcomes = archive.reader.read(map(Page, captured))
        return SectionRead(end, outcomes, complete_pages(enumerate(captured), outcomes, archive.reader))


def _read_batch(captures: WarcCaptures) -> tuple[list[Capture], bool]:
    captured: list[Capture] = []
    body_bytes = link_count = 0
    for found, _ in captures:
        # A foreign file, or a clock that ran ahead: a future time would override all later captures.
        at = min(found.fetched_at, now())  # not the time at the start: a crawl is still writing
        capture = found if at == found.fetched_at else found.model_copy(update={"fetched_at": at})
        captured.append(capture)
        body_bytes += len(capture.body)
        link_count += _count_links(capture)
        if len(captured) >= BATCH_CAPTURES or body_bytes >= BATCH_BYTES or link_count >= BATCH_SIGHTINGS:
            return captured, False
    return captured, True


def _count_links(capture: Capture) -> int:
    """Return roughly how many URLs a feed or sitemap advertises; 0 for any other response."""
    return capture.body.count(b"<loc>") + capture.body.count(b"<item>")


def may_need_others(capture: Capture, outcome: Outcome) -> bool:
    """Return whether a capture is a page without its parts, or a part of one, so that `complete_pages` needs it."""
    return is_incomplete(outcome) or find_page_id(capture) is not None


def complete_pages(
    captures: Iterable[tuple[int, Capture]], outcomes: list[Outcome], reader: Reader
) -> dict[int, Capture]:
    """Combine pages with those of their parts (a live blog's posts) that come after them among these captures.

    The page's outcome becomes that of the complete article. `captures` come with the indexes of their outcomes; return
    the parts of other pages likewise.
    """
    parts: dict[int, Capture] = {}
    waiting: dict[str, tuple[int, Capture]] = {}
    for index, capture in captures:
        outcome = outcomes[index]
        if is_incomplete(outcome) and isinstance(outcome, CaptureQuarantined) and outcome.identity:
            waiting[outcome.identity.key] = index, capture
        if page_id := find_page_id(capture):
            if page_id in waiting:
                first, page = waiting.pop(page_id)
                [outcomes[first]] = reader.read([Page(page, companions=(capture,))])
            else:
                parts[index] = capture
    return parts


def complete_parts(read: SectionRead, find_page: PageFinder, reader: Reader) -> Sequence[Outcome]:
    """Return the outcomes, those of parts combined with the page that is stored already, if there is one."""
    completed = list(read.outcomes)
    for index, capture in read.parts.items():
        if (page_id := find_page_id(capture)) and (page := find_page(page_id)):
            [completed[index]] = reader.read([Page(capture, page)])
    return completed
