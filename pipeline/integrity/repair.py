"""Repairs a damaged archive from its WARC files, and leaves the remainder to the next run."""

from collections.abc import Iterator, Sequence

from pipeline.archive import Archive, open_archive
from pipeline.integrity.audit import audit_opened
from pipeline.load import load_unloaded
from pipeline.reprocess.comparison import attach_parts, read_source, recognize_part, reread_captures
from pipeline.run import Run, finish_run, now, running
from schemas.integrity import Repair, WarcFinding
from schemas.outcome import ArticleRead, Outcome
from schemas.settings import Settings
from storage.captures.capture import Rereading, list_companions, list_related, list_sources, list_undecided
from storage.integrity.content import list_lost, list_mismatched, restore_articles, schedule_refetch
from storage.integrity.entry import has_lost_sightings, restore_aliases, restore_entries
from storage.integrity.lost_capture import (
    assign_lost_captures,
    count_unknown,
    delete_unused_captures,
    mark_lost,
    mark_returned,
    record_unread,
    relink_references,
    rewind,
)
from storage.integrity.near_duplicate import audit_near_duplicates, rebuild_near_duplicates
from storage.integrity.page import audit_search, is_index_sound, rebuild_search
from storage.integrity.state import rebuild_states
from storage.ledger.batches import Storage
from storage.ledger.frontier import add_urls
from storage.redactions.scrubbing import scrub_if_due
from storage.redactions.synchronization import enforce_redactions

PART_COUNT = 100
"""Articles whose captures are in memory at a time: a few MB, even if each was captured many times."""


def repair_archive(settings: Settings) -> Repair:
    """Repair what the WARC files allow; a lost database is rebuilt from them.

    Captures unknown to the database are loaded, missing captures are marked as lost. States that contradict the stored
    data are corrected, and captured pages without an article are reread. Derived data (the search index, the
    near-duplicate keys) is rebuilt as a whole. Articles whose capture is lost become due again: a new capture with the
    same content takes its place.

    Raises:
        DatabaseDamaged: the database files themselves are damaged; checked before anything else.
        Whatever `open_archive` raises for writing.
    """
    with open_archive(settings, writable=True) as archive:
        found = audit_opened(archive)
        with running(archive, "repair", None, {}) as run:
            repaired = [
                *_rebuild_search(archive, run, is_sound=is_index_sound(archive.database)),
                *_rebuild_near_duplicates(archive, run),
                *_repair_entries(archive),
                *_repair_captures(archive, run, found.files),
                *_repair_urls(archive, run),
                *_repair_articles(archive, run),
                *_rebuild_near_duplicates(archive, run),
                *_repair_states(archive, run),
                *_enforce_redactions(archive),
                *_make_due(archive),
                *_rebuild_search(archive, run, is_sound=not audit_search(archive.database)),
            ]
            report = finish_run(archive, run)
        return Repair(before=found, repaired=tuple(dict.fromkeys(repaired)), after=audit_opened(archive), run=report)


def _rebuild_near_duplicates(archive: Archive, run: Run) -> Iterator[str]:
    """Rebuild first, as new texts get their own numbers, and again once every article is correct."""
    run.renew_lease()
    with archive.database.read() as session:
        is_lost = bool(audit_near_duplicates(session))
    if is_lost:
        with archive.database.begin() as session:
            rebuild_near_duplicates(session, now())
        yield "all texts were compared again for near-duplicates"


def _rebuild_search(archive: Archive, run: Run, *, is_sound: bool) -> Iterator[str]:
    """Rebuild first if no article could be written to it, and again once every article is correct."""
    run.renew_lease()
    if not is_sound:
        rebuild_search(archive.database)
        yield "the search index was rebuilt"


def _repair_entries(archive: Archive) -> Iterator[str]:
    """Restore ledger entries first: loading captures looks them up."""
    with archive.database.begin() as session:
        count = restore_entries(session, now(), archive.settings.revisit_plan)
    if count:
        yield f"{count} entries of the ledger were rebuilt from the rows that refer to them"


def _repair_captures(archive: Archive, run: Run, files: tuple[WarcFinding, ...]) -> Iterator[str]:
    with archive.database.begin() as session:
        assign_lost_captures(session)
        for one in files:
            mark_lost(session, one.name, one.missing.keys())
            mark_returned(session, one.name, one.returned)
            record_unread(session, one.name, one.unread, now())
        rewind(session, {one.name: min(one.unknown) for one in files if one.unknown})
    if count := sum(len(one.missing) for one in files):
        yield f"{count} damaged or missing captures were marked as lost"
    if count := sum(len(one.returned) for one in files):
        yield f"{count} lost captures were found again"
    if count := sum(len(one.unread) for one in files):
        yield f"{count} records of the crawl that were never read were marked as lost"
    load_unloaded(archive, run)
    if count := run.counts["request"]:
        yield f"{count} captures were loaded from WARC files"


def _repair_urls(archive: Archive, run: Run) -> Iterator[str]:
    """Reread advertised URLs from the captures of sources; restore aliases from the ledger and its pages."""
    with archive.database.read() as session:
        wanted = list_sources(session) if has_lost_sightings(session) else []
    count = 0
    for one in wanted:
        run.renew_lease()
        if outcome := read_source(archive, one):
            with archive.database.begin() as session:
                add_urls(session, outcome.sightings, now())
            count += 1
    if count:
        yield f"{count} sources were reread from their captures"
    with archive.database.begin() as session:
        count = restore_aliases(session, now(), archive.settings.revisit_plan)
    if count:
        yield f"{count} URLs of the ledger were corrected"


def _repair_articles(archive: Archive, run: Run) -> Iterator[str]:
    """Once all WARC files are loaded, base each article on a capture that exists where possible."""
    with archive.database.begin() as session:
        before_count = count_unknown(session)
        relink_references(session)
    with archive.database.read() as session:
        unsound = sorted({*list_lost(session), *list_mismatched(session)})
    count = sum(_restore(archive, run, unsound[at : at + PART_COUNT]) for at in range(0, len(unsound), PART_COUNT))
    if count:
        yield f"{count} articles were rebuilt from captures"
    with archive.database.begin() as session:
        delete_unused_captures(session)
        led_count = before_count - count_unknown(session)
    if led_count:
        yield f"{led_count} captures that were referred to but unknown were found again"


def _restore(archive: Archive, run: Run, ids: list[str]) -> int:
    run.renew_lease()
    with archive.database.read() as session:
        wanted = list_related(session, ids)
    articles = [one for one in _reread(archive, wanted) if isinstance(one, ArticleRead)]
    with archive.database.begin() as session:
        return len(restore_articles(session, articles, ids, run_id=run.id, now=now()))


def _repair_states(archive: Archive, run: Run) -> Iterator[str]:
    with archive.database.begin() as session:
        changed = rebuild_states(session, now())
    if not changed:
        return
    yield f"{len(changed)} states were corrected"
    with archive.database.read() as session:
        wanted = list_undecided(session, changed)
    if outcomes := _reread(archive, wanted):
        stored = Storage(archive.database, run.id, archive.settings.revisit_plan).store([], now(), reread=outcomes)
        run.problems += stored.problems
        yield f"{len(outcomes)} pages were reread from their captures"


def _enforce_redactions(archive: Archive) -> Sequence[str]:
    """Keep redacted articles out: an entry that was lost is restored without its rule."""
    enforce_redactions(archive.database, archive.warcs)
    problem = scrub_if_due(archive.database)
    return (problem,) if problem else ()


def _reread(archive: Archive, wanted: Sequence[Rereading]) -> list[Outcome]:
    with archive.database.read() as session:
        completed = list(attach_parts(wanted, list_companions(session, recognize_part)))
    return [one.outcome for one in reread_captures(archive, completed) if one.outcome]


def _make_due(archive: Archive) -> Iterator[str]:
    with archive.database.begin() as session:
        due_count = schedule_refetch(session, now())
    if due_count:
        yield f"{due_count} pages whose capture is lost are due again"
