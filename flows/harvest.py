"""One ingest, step by step, without any orchestration: discover, fetch what is due, read, store, report."""

import sites
from flows.archive import Archive, open_archive
from flows.crawl import make_job
from flows.load import BatchLoader, crawl_and_load, load_batch, load_left
from flows.run import Run, finish_run, now, start_run
from schemas.address import Source
from schemas.report import RunReport
from schemas.settings import Settings
from sites.profile import SourceChoice
from storage.ledger import find_due


class ContactMissing(ValueError):  # noqa: N818 - it states a fact
    """A live site is only crawled by somebody whom its owner can reach."""


def harvest(
    settings: Settings, site: str, source: SourceChoice, limit: int | None = None, load: BatchLoader = load_batch
) -> RunReport:
    """Ingest once. `load` is `load_batch`, or a task around it.

    Raises:
        UnknownSite, ContactMissing, and what `open_archive` raises.
    """
    profile = sites.get_site(site)
    require_contact(settings, profile.origins)
    with open_archive(settings, writable=True) as archive:
        run = start_run(archive, "ingest", site, {"source": source, "limit": limit})
        load_left(archive, run, load)
        discover_addresses(archive, run, site, profile.sources(source), load)
        fetch_due(archive, run, site, limit, load)
        return finish_run(archive, run)


def require_contact(settings: Settings, origins: tuple[str, ...]) -> None:
    """Refuse a live crawl by nobody.

    Raises:
        ContactMissing: an origin would really be asked, and the settings name no contact.
    """
    if not settings.contact and not settings.origins.keys() >= set(origins):
        raise ContactMissing("BROADSHEET_CONTACT is needed: a live site must be able to reach who crawls it")


def discover_addresses(archive: Archive, run: Run, site: str, sources: tuple[Source, ...], load: BatchLoader) -> None:
    """Fetch what advertises articles, and note every address in the ledger."""
    crawl_and_load(archive, run, make_job(archive.settings, run, site, sources=sources), load)


def fetch_due(archive: Archive, run: Run, site: str, limit: int | None, load: BatchLoader) -> None:
    """Fetch the pages that are due, newest first."""
    with archive.database.read() as session:
        due = find_due(session, site, now(), limit)
    if not due:
        run.notes.append("no page was due: none was fetched")
        return
    job = make_job(archive.settings, run, site, urls=tuple(address.url for address in due))
    crawl_and_load(archive, run, job, load)
