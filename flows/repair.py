"""What is mended of an archive that is not whole: from its WARC files, else by the next run."""

from collections.abc import Iterator, Sequence

from flows.archive import Archive, open_archive
from flows.integrity import audit_opened
from flows.load import load_left
from flows.rereading import read_again, read_source, recognize_part, with_parts
from flows.run import Run, finish_run, now, running
from schemas.integrity import IntegrityReport, Repair, WarcFinding
from schemas.outcome import ArticleRead, Outcome
from schemas.settings import Settings
from storage.integrity.alias import has_lost_sightings, restore_aliases
from storage.integrity.content import list_contradicted, restore_articles
from storage.integrity.entry import restore_entries
from storage.integrity.lost import list_lost, make_due
from storage.integrity.page import rebuild_index
from storage.integrity.place import mark_lost, mark_returned, rewind
from storage.integrity.reference import count_unknown, drop_unneeded, hold_references, lead_references
from storage.integrity.state import mend_states
from storage.integrity.wording import compare_anew, forget_unknown, list_uncompared
from storage.ledger import add_addresses
from storage.rereading import Rereading, list_companions, list_related, list_sources, list_waiting
from storage.search.index import drop_changed, index_all
from storage.search.vocabulary import list_lost_words, store_words
from storage.storing import Storage

PART_COUNT = 100
"""Articles whose captures lie in memory at a time: a few MB, even where each was looked at many times."""


def repair_archive(settings: Settings) -> Repair:
    """Mend what can be mended from the WARC files: a database that is lost is made anew from them.

    Captures that the database does not know are loaded, those that are not there are noted as lost; states that
    contradict what is stored are set right, and what has no article though its page was captured is read again.
    Articles whose capture is lost are due again: what shows the same takes its place.

    Raises:
        DatabaseDamaged: the database's own files are not as they were written. It is looked at before all else.
        What `open_archive` raises for writing.
    """
    with open_archive(settings, writable=True) as archive:
        found = audit_opened(archive)
        with running(archive, "repair", None, {}) as run:
            _forget_wordings(archive)
            mended = [
                *_rebuild_index(archive, run, found),
                *_mend_entries(archive),
                *_mend_captures(archive, run, found.files),
                *_mend_addresses(archive, run),
                *_mend_articles(archive, run),
                *_mend_wordings(archive, run),
                *_mend_states(archive, run),
                *_make_due(archive),
                *_mend_index(archive, run),
            ]
            report = finish_run(archive, run)
        return Repair(before=found, mended=tuple(mended), after=audit_opened(archive), run=report)


def _rebuild_index(archive: Archive, run: Run, found: IntegrityReport) -> Iterator[str]:
    """Before all else: whatever changes an article changes the index. Which of the two was changed, nobody knows."""
    if not found.is_index_sound:
        run.keep_lease()
        rebuild_index(archive.database)
        with archive.database.begin() as session:
            drop_changed(session)
        yield "the search index was made anew"


def _forget_wordings(archive: Archive) -> None:
    """What is left of texts that are not known any more, before new ones get their numbers."""
    with archive.database.read() as session:
        is_anything_lost = bool(list_uncompared(session))
    if is_anything_lost:
        with archive.database.begin() as session:
            forget_unknown(session)


def _mend_entries(archive: Archive) -> Iterator[str]:
    """First: whatever is loaded looks entries up."""
    with archive.database.begin() as session:
        count = restore_entries(session, now(), archive.settings.look_plan)
    if count:
        yield f"{count} entries of the ledger were made anew from what names them"


def _mend_captures(archive: Archive, run: Run, files: tuple[WarcFinding, ...]) -> Iterator[str]:
    with archive.database.begin() as session:
        hold_references(session)
        for one in files:
            mark_lost(session, one.name, one.missing.keys())
            mark_returned(session, one.name, one.returned)
        rewind(session, {one.name: min(one.unknown) for one in files if one.unknown})
    if count := sum(len(one.missing) for one in files):
        yield f"{count} captures that are not as they were stored are noted as lost"
    if count := sum(len(one.returned) for one in files):
        yield f"{count} captures that were lost are there again"
    load_left(archive, run)
    if count := run.counts["request"]:
        yield f"{count} captures were loaded from WARC files"


def _mend_addresses(archive: Archive, run: Run) -> Iterator[str]:
    """What sources advertised is read from their captures again; whose an address is, the ledger and its pages tell."""
    with archive.database.read() as session:
        wanted = list_sources(session) if has_lost_sightings(session) else []
    count = 0
    for one in wanted:
        run.keep_lease()
        if outcome := read_source(archive, one):
            with archive.database.begin() as session:
                add_addresses(session, outcome.sightings, now())
            count += 1
    if count:
        yield f"{count} sources were read again from their captures"
    with archive.database.begin() as session:
        count = restore_aliases(session, now(), archive.settings.look_plan)
    if count:
        yield f"{count} addresses of the ledger were set right"


def _mend_articles(archive: Archive, run: Run) -> Iterator[str]:
    """Once what the WARC files have is loaded: each article that can rests on a capture that is there."""
    with archive.database.begin() as session:
        before_count = count_unknown(session)
        lead_references(session)
    with archive.database.read() as session:
        unsound = sorted({*list_lost(session), *list_contradicted(session)})
    count = sum(_restore(archive, run, unsound[at : at + PART_COUNT]) for at in range(0, len(unsound), PART_COUNT))
    if count:
        yield f"{count} articles were written anew from captures"
    with archive.database.begin() as session:
        drop_unneeded(session)
        led_count = before_count - count_unknown(session)
    if led_count:
        yield f"{led_count} captures that were named and not known are found again"


def _restore(archive: Archive, run: Run, ids: list[str]) -> int:
    run.keep_lease()
    with archive.database.read() as session:
        wanted = list_related(session, ids)
    articles = [one for one in _read_again(archive, wanted) if isinstance(one, ArticleRead)]
    with archive.database.begin() as session:
        return len(restore_articles(session, articles, ids, run_id=run.id, now=now()))


def _mend_wordings(archive: Archive, run: Run) -> Iterator[str]:
    """Once every article is what it should be: each is compared with all others."""
    with archive.database.read() as session:
        ids = list_uncompared(session)
    for start in range(0, len(ids), PART_COUNT):
        run.keep_lease()
        with archive.database.begin() as session:
            compare_anew(session, ids[start : start + PART_COUNT], now())
    if ids:
        yield f"{len(ids)} articles were compared with all others again"


def _mend_states(archive: Archive, run: Run) -> Iterator[str]:
    with archive.database.begin() as session:
        changed = mend_states(session, now())
    if not changed:
        return
    yield f"{len(changed)} states were set right"
    with archive.database.read() as session:
        wanted = list_waiting(session, changed)
    if outcomes := _read_again(archive, wanted):
        stored = Storage(archive.database, run.id, archive.settings.look_plan).store([], now(), former=outcomes)
        run.problems += stored.problems
        yield f"{len(outcomes)} pages were read again from their captures"


def _read_again(archive: Archive, wanted: Sequence[Rereading]) -> list[Outcome]:
    with archive.database.read() as session:
        whole = list(with_parts(wanted, list_companions(session, recognize_part)))
    found = read_again(archive.warcs, archive.settings.max_page_bytes, whole, archive.publishers)
    return [one.outcome for one in found if one.outcome]


def _make_due(archive: Archive) -> Iterator[str]:
    with archive.database.begin() as session:
        due_count = make_due(session, now())
    if due_count:
        yield f"{due_count} pages whose capture is lost are due again"


def _mend_index(archive: Archive, run: Run) -> Iterator[str]:
    run.keep_lease()
    with archive.database.begin() as session:
        count = index_all(session)
    if count:
        yield f"{count} articles were brought into step with the search index"
    with archive.database.read() as session:
        words = list_lost_words(session)
    if words:
        with archive.database.begin() as session:
            store_words(session, words)
        yield f"{len(words)} words were noted again with their other forms"
