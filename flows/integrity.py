"""Whether the archive is whole: its WARC files beside its database, its states beside its articles; and the mending.

Each WARC file is read once, record by record: whether each is known, and each that is known is there as it was stored.
"""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from functools import partial

from flows.archive import Archive, open_archive
from flows.load import PARALLEL_BYTES, list_unloaded, load_left
from flows.progress import tell_progress
from flows.reader import open_pool
from flows.rereading import read_again
from flows.run import finish_run, now, running
from schemas.integrity import IntegrityReport, Repair, WarcFinding
from schemas.settings import Settings
from storage.audit import audit_ledger
from storage.integrity import Place, list_dependents, list_places, list_warcs, make_due, mend_states, rewind
from storage.rereading import list_waiting
from storage.storing import Storage
from storage.warc.capture import NotAWarc, iterate_captures
from storage.warc.remote import StoreUnreachable
from storage.warc.store import WarcStore


def audit_archive(settings: Settings) -> IntegrityReport:
    """Compare everything that lies in the WARC files with what the database says; nothing is changed.

    Raises:
        What `open_archive` raises.
    """
    with open_archive(settings, writable=False) as archive:
        return _audit(archive)


def repair_archive(settings: Settings) -> Repair:
    """Mend what can be mended from the WARC files: a database that is lost is made anew from them.

    Captures that the database does not know are loaded; articles whose capture is not there are due again; states that
    contradict what is stored are set right, and what has no article though its page was captured is read again.

    Raises:
        What `open_archive` raises for writing.
    """
    with open_archive(settings, writable=True) as archive:
        found = _audit(archive)
        with running(archive, "repair", None, {}) as run:
            mended = [*_mend_captures(archive, found)]
            load_left(archive, run)
            if count := run.counts["request"]:
                mended.append(f"{count} captures were loaded from WARC files")
            mended += _mend_states(archive, run.id)
            report = finish_run(archive, run)
        return Repair(before=found, mended=tuple(mended), after=_audit(archive), run=report)


def _audit(archive: Archive) -> IntegrityReport:
    findings = list(_check_files(archive))
    try:
        unlisted, sizes = None, archive.warcs.list_afar() | archive.warcs.list_here()
    except StoreUnreachable as error:
        unlisted, sizes = str(error), archive.warcs.list_here()
    with archive.database.read() as session:
        lost: dict[str, str] = {}
        for one in findings:
            dependents = list_dependents(session, one.name, one.missing.keys())
            lost |= {article_id: f"{one.name}: {one.missing[offset]}" for article_id, offset in dependents.items()}
        states = audit_ledger(session)
    return IntegrityReport(
        files=tuple(findings),
        unloaded_count=len(list_unloaded(archive, sizes)),
        unlisted=unlisted,
        lost_articles=dict(sorted(lost.items())),
        states=tuple(states),
    )


def _check_files(archive: Archive) -> Iterator[WarcFinding]:
    """In the order of their names, several at a time."""
    with archive.database.read() as session:
        loaded = list_warcs(session)
    check = partial(check_file, archive.warcs, archive.settings.max_page_bytes)
    names = sorted(loaded)
    positions, places = (loaded[name] for name in names), (_places(archive, name) for name in names)
    is_much = sum(loaded.values()) >= PARALLEL_BYTES and len(names) > 1
    with open_pool() if is_much else nullcontext() as pool:
        findings = pool.map(check, names, positions, places) if pool else map(check, names, positions, places)
        for count, found in enumerate(findings):
            tell_progress("check", count, len(names))
            yield found


def _places(archive: Archive, name: str) -> dict[int, Place]:
    with archive.database.read() as session:
        return list_places(session, name)


def check_file(
    warcs: WarcStore, max_page_bytes: int, name: str, loaded_bytes: int, places: Mapping[int, Place]
) -> WarcFinding:
    """One WARC file, as far as it was loaded, beside the captures of it that are stored, by their offsets."""
    missing = dict.fromkeys(places, "there is no such record")
    unknown: list[int] = []
    count = 0
    captures = iterate_captures(warcs.at(name), name, 0, max_page_bytes)
    try:
        for capture, end in captures:
            if end > loaded_bytes and capture.ref.offset not in places:
                break  # not loaded yet: no fault
            count += 1
            known = places.get(capture.ref.offset)
            if known is None:
                unknown.append(capture.ref.offset)
            elif known == (capture.ref.length, capture.ref.sha256):
                del missing[capture.ref.offset]
            else:
                missing[capture.ref.offset] = "the record is another one"
    except StoreUnreachable as error:
        return WarcFinding(name=name, capture_count=count, error=str(error))  # that says nothing of what is in it
    except (OSError, NotAWarc) as error:
        said = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        return WarcFinding(name=name, capture_count=count, missing=dict.fromkeys(missing, said), error=said)
    damaged = tuple(map(str, captures.corrupt))
    return WarcFinding(name=name, capture_count=count, unknown=tuple(unknown), missing=missing, damaged=damaged)


def _mend_captures(archive: Archive, found: IntegrityReport) -> Iterator[str]:
    unknown = {one.name: min(one.unknown) for one in found.files if one.unknown}
    with archive.database.begin() as session:
        rewind(session, unknown)
        due_count = make_due(session, found.lost_articles, now())
    if due_count:
        yield f"{due_count} articles whose capture is not there are due again"


def _mend_states(archive: Archive, run_id: str) -> Iterator[str]:
    with archive.database.begin() as session:
        changed = mend_states(session, now())
    if not changed:
        return
    yield f"{len(changed)} states were set right"
    with archive.database.read() as session:
        wanted = list_waiting(session, changed)
    found = read_again(archive.warcs, archive.settings.max_page_bytes, wanted)
    outcomes = [one.outcome for one in found if one.outcome]
    if outcomes:
        stored = Storage(archive.database, run_id, archive.settings.look_plan).store([], now(), former=outcomes)
        yield from stored.problems
        yield f"{len(outcomes)} pages were read again from their captures"
