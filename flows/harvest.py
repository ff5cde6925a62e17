"""One ingest, step by step, without any orchestration: discover, fetch what is due, read, store, report."""

import sites
from flows.archive import Archive, open_archive
from flows.crawl import Crawler, make_job
from flows.load import BatchLoader, crawl_and_load, load_batch, load_left
from flows.run import Run, finish_run, now, start_run
from schemas.address import Source
from schemas.report import RunReport
from schemas.settings import Settings
from sites.profile import Site, SourceChoice
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
    profile = check_ingest(settings, site)
    with open_archive(settings, writable=True) as archive, Crawler() as crawler:
        run = start_run(archive, "ingest", site, {"source": source, "limit": limit})
        load_left(archive, run, load)
        discover_addresses(archive, run, crawler, profile.sources(source), load)
        fetch_due(archive, run, crawler, limit, load)
        return finish_run(archive, run)


def check_ingest(settings: Settings, site: str) -> Site:
    """The site's profile, if these settings may crawl it.

    Raises:
        UnknownSite: there is no profile of this name.
        ContactMissing: a live site would be asked, and the settings do not say by whom.
    """
    profile = sites.get_site(site)
    # A site without origins of its own can be anybody's.
    is_live = not profile.origins or not settings.origins.keys() >= set(profile.origins)
    if is_live and not settings.contact:
        raise ContactMissing("BROADSHEET_CONTACT is needed: a live site must be able to reach who crawls it")
    return profile


def discover_addresses(
    archive: Archive, run: Run, crawler: Crawler, sources: tuple[Source, ...], load: BatchLoader
) -> None:
    """Fetch what advertises articles, and note every address in the ledger."""
    crawl_and_load(archive, run, crawler, make_job(archive.settings, run, sources=sources), load)


def fetch_due(archive: Archive, run: Run, crawler: Crawler, limit: int | None, load: BatchLoader) -> None:
    """Fetch the pages that are due, newest first."""
    with archive.database.read() as session:
        due = find_due(session, run.site, now(), limit)
    if not due:
        run.notes.append("no page was due: none was fetched")
        return
    job = make_job(archive.settings, run, urls=tuple(address.url for address in due))
    crawl_and_load(archive, run, crawler, job, load)
