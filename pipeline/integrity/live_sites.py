"""Checks several live sites in turn: the structure that a profile states, or else how its newest articles read."""

from collections.abc import Iterator, Sequence

import sites
from pipeline.ingest import require_contact
from pipeline.integrity.live_site import FAILED, FOUND, MISSING, NOT_SEEN, LiveCheck, audit_live
from pipeline.site_check import NEEDED_FIELDS, SiteCheck, check_site
from schemas.failure import RunFailure
from schemas.settings import Settings


def audit_live_sites(settings: Settings, names: Sequence[str]) -> list[LiveCheck]:
    """Check each of these sites; one that cannot be checked is reported, and the others are checked all the same.

    Raises:
        UnknownSite: one has no profile.
        ContactMissing: a live site would be crawled, but no contact is set.
    """
    for name in names:
        require_contact(settings, name)  # before any of them is asked
    return [check for name in names for check in _audit(settings, name)]


def _audit(settings: Settings, name: str) -> list[LiveCheck]:
    profile = sites.get_site(name)
    try:
        if profile.expected.expectations:
            return audit_live(settings, name)
        return list(_as_checks(check_site(settings, profile)))
    except RunFailure as error:
        failure = str(error)
        return [LiveCheck(name="site", ok=False, detail=failure, site=name, where="", expected="", result=FAILED)]


def _as_checks(found: SiteCheck) -> Iterator[LiveCheck]:
    """Yield how a site without stated structures was read: its fields, then what could not be read."""
    where = f"{found.page_count} newest articles"
    for one in found.fields:
        is_missing = one.field in NEEDED_FIELDS and one.found_count < found.page_count
        result = MISSING if is_missing else FOUND if one.found_count else NOT_SEEN
        detail = f"on {one.found_count} of {found.page_count} pages"
        yield LiveCheck(
            name=one.field, ok=not is_missing, detail=detail, site=found.site, where=where, expected="", result=result
        )
    for problem in found.problems:
        yield LiveCheck(
            name="page", ok=False, detail=problem, site=found.site, where=where, expected="", result=MISSING
        )
