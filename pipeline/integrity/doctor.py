"""Checks what a run needs (settings, database, disk, Prefect) and that the archive is complete."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Annotated

import httpx
from pydantic import AfterValidator

from pipeline.alert import NotificationUnsent, is_alert_configured, open_service
from pipeline.archive import OTHERS, audit_store, open_archive, open_existing
from pipeline.integrity.audit import audit_archive
from pipeline.integrity.repair import repair_archive as repair
from schemas.integrity import IntegrityReport
from schemas.masking import mask_secrets
from schemas.model import NonEmpty, Record
from schemas.settings import PREFIX, Settings
from storage.engine import DatabaseLost, DatabaseMissing, DatabaseUnreachable, SchemaOutdated, SchemaUnknown
from storage.redactions.file import RedactionsUnusable
from storage.redactions.synchronization import compare_redactions, list_returned, list_tombstones
from storage.warc.remote import RemoteStore, StoreUnreachable, printable_url

FREE_BYTES_FLOOR = 1024**3
"""A WARC file may grow to 1 GiB; with less free space, a long crawl stops midway."""


HEALTH_SECONDS = 5
"""A healthy server responds to its health check at once."""


class Check(Record):
    """The result of one check."""

    name: NonEmpty
    ok: bool
    detail: Annotated[str, AfterValidator(mask_secrets)]
    is_advised: bool = False
    """Whether it works, but something should be done about it."""


def run_checks(settings: Settings, *, is_quick: bool = False) -> list[Check]:
    """Run every check, in the order in which to fix problems; a quick run does not read the archive."""
    found = list(_check_environment(settings))
    return found if is_quick else [*found, *check_integrity(settings)]


def repair_archive(settings: Settings) -> list[Check]:
    """Repair what the WARC files allow, list the repairs, and run every check afterwards.

    Raises:
        RunInProgress: another run is writing.
        Whatever `open_archive` raises.
    """
    found = repair(settings)
    remaining = found.after.problems
    results = [Check(name="mended", ok=True, detail=sentence) for sentence in found.repaired]
    results += [Check(name="note", ok=True, detail=sentence) for sentence in found.run.notes]
    results += [Check(name="repair", ok=False, detail=one) for one in found.run.problems if one not in remaining]
    if not results and not remaining:
        results.append(Check(name="mended", ok=True, detail="nothing needed to be repaired"))
    return [*_check_environment(settings), *_as_checks(found.after), *_check_redactions(settings), *results]


def _check_environment(settings: Settings) -> Iterator[Check]:
    yield from list_settings(settings)
    checks: list[Callable[[Settings], Check]] = [check_contact, check_disk, check_database, check_alarm]
    checks += [check_store, check_prefect] if settings.warc_url else [check_prefect]
    yield from (check(settings) for check in checks)


def check_integrity(settings: Settings) -> list[Check]:
    """Check that every capture is where it should be, and every state is what it should be."""
    try:
        return [*_as_checks(audit_archive(settings)), *_check_redactions(settings)]
    except (DatabaseMissing, DatabaseUnreachable, SchemaOutdated, SchemaUnknown):
        return []  # `check_database` reports it
    except DatabaseLost as error:
        return [Check(name="integrity", ok=False, detail=str(error))]


def _check_redactions(settings: Settings) -> Iterator[Check]:
    """Check that the database has the redactions of the file, and that nothing erased has come back."""
    with open_archive(settings, writable=False) as archive:
        try:
            problems = compare_redactions(archive.database, archive.warcs)
        except RedactionsUnusable as error:
            problems = [str(error)]
        with archive.database.read() as session:
            found = list_tombstones(session)
            returned = list_returned(session)
    yield from (Check(name="redactions", ok=False, detail=problem) for problem in problems)
    if returned:
        advice = "broadsheet redact ID --erase overwrites these"
        detail = f"WARC files have newer captures of erased articles: {', '.join(returned)}; {advice}"
        yield Check(name="redactions", ok=True, detail=detail, is_advised=True)
    if found and not problems:
        erased_count = sum(one.erased_at is not None for one in found)
        yield Check(
            name="redactions", ok=True, detail=f"{len(found)} articles are redacted, {erased_count} of them erased"
        )


def _as_checks(report: IntegrityReport) -> list[Check]:
    notes = [Check(name="note", ok=True, detail=note) for note in report.notes]
    if problems := report.problems:
        return [*(Check(name="integrity", ok=False, detail=problem) for problem in problems), *notes]
    read = [one.capture_count for one in report.files if one.capture_count]
    waiting = f"; {report.unloaded_count} files are still to be loaded" if report.unloaded_count else ""
    detail = f"{sum(read)} captures in {len(read)} WARC files are intact, every state is consistent{waiting}"
    return [Check(name="integrity", ok=True, detail=detail), *notes]


def list_settings(settings: Settings) -> Iterator[Check]:
    """Yield every setting with its current value as it is written in the environment, without secrets."""
    for name, value in settings.render_values().items():
        shown = printable_url(value) if name == "warc_url" else value
        yield Check(name=PREFIX + name.upper(), ok=True, detail=shown)


def check_contact(settings: Settings) -> Check:
    """Check that a live site could contact the operator of the crawler."""
    if settings.contact:
        return Check(name="contact", ok=True, detail=settings.contact)
    detail = "no BROADSHEET_CONTACT: a live crawl is refused"
    return Check(name="contact", ok=bool(settings.origins), detail=detail, is_advised=True)


def check_disk(settings: Settings) -> Check:
    """Check that the data folder is writable and has room for a WARC file; a read-only archive passes too."""
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK | os.X_OK)
    if not writable and settings.warc_dir.exists():
        return Check(name="disk", ok=True, detail=f"{folder} is not writable: the archive is read-only")
    detail = f"{folder} is {'' if writable else 'not '}writable, {free / 1024**3:.1f} GiB free"
    is_exposed = folder == settings.data_dir.absolute() and bool(folder.stat().st_mode & OTHERS)
    if is_exposed:
        detail += f"; other users of this machine can read it: chmod o= {folder}"
    return Check(name="disk", ok=writable and free >= FREE_BYTES_FLOOR, detail=detail, is_advised=is_exposed)


def check_database(settings: Settings) -> Check:
    """Check that the database responds, at the schema revision that this version needs."""
    try:
        database = open_existing(settings)
    except DatabaseMissing as error:
        return Check(name="database", ok=True, detail=f"none yet: the first run creates it ({error})")
    except Exception as error:  # noqa: BLE001 - the doctor reports any failure
        return Check(name="database", ok=False, detail=str(error))
    database.close()
    return Check(name="database", ok=True, detail=database.url)


def check_store(settings: Settings) -> Check:
    """Check that the store of WARC files responds.

    Raises:
        StoreUnusable: the URL cannot be that of a store.
    """
    audit_store(settings)
    remote = RemoteStore(settings.warc_url)
    try:
        sizes = remote.list_sizes()
    except StoreUnreachable as error:
        return Check(name="store", ok=False, detail=str(error))
    detail = f"{remote.shown} responds: {len(sizes)} WARC files, {sum(sizes.values()) / 1024**3:.1f} GiB"
    return Check(name="store", ok=True, detail=detail)


def check_prefect(_: Settings) -> Check:
    """Report which Prefect version and server a flow would use."""
    api = os.environ.get("PREFECT_API_URL")
    found = f"Prefect {version('prefect')}, "
    if not api:
        return Check(name="prefect", ok=True, detail=f"{found}a temporary server, started with each run")
    try:
        httpx.get(f"{api}/health", timeout=HEALTH_SECONDS).raise_for_status()
    except httpx.HTTPError as error:
        return Check(name="prefect", ok=False, detail=f"{found}no server at {api}: {error}")
    return Check(name="prefect", ok=True, detail=f"{found}server at {api}")


def check_alarm(settings: Settings) -> Check:
    """Check whether failed runs are reported to someone; the URL is a secret."""
    if not is_alert_configured(settings):
        detail = "failed runs are not reported: BROADSHEET_NOTIFY_URL is not set"
        return Check(name="alarm", ok=True, detail=detail, is_advised=True)
    try:
        open_service(settings)
    except NotificationUnsent as error:
        return Check(name="alarm", ok=False, detail=str(error))
    return Check(name="alarm", ok=True, detail="failed runs are reported to BROADSHEET_NOTIFY_URL")
