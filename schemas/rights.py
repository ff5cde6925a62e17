"""Rights as seen: what a publisher's response, and its host's files at that time, say about the use of a page."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from schemas.capture import CaptureRef
from schemas.model import NonEmpty, Record

ROBOTS_PATH = "/robots.txt"
TDM_FILE_PATH = "/.well-known/tdmrep.json"
"""Where a host states its TDM reservations (https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/)."""

TDM_RESERVED = "tdm-reserved"
"""The term of a page whose text and data mining is reserved."""

TDM_FREE = "tdm-free"
"""The term of a page of which the publisher says that it is not reserved."""

LICENCE = "licence"
"""The term of a page for which a licence is named."""

LICENCE_IN_PART = "licence-in-part"
"""The term of a page of a publisher that has a licence for some of its articles: whether for this one is not known."""


class RightsSource(StrEnum):
    """Where a statement was found."""

    HEADER = "header"
    """An HTTP header of the response."""
    META = "meta"
    """A meta tag of the page."""
    LINK = "link"
    """A link element of the page."""
    ROBOTS = "robots.txt"
    TDM_FILE = "tdmrep.json"
    PROFILE = "profile"
    """What is known of the publisher; the page does not say it."""


class Directives(Record):
    """The directives of one X-Robots-Tag header or one meta tag for robots."""

    bot: str | None
    """The only bot that they are for, in lower case; None for all."""
    names: tuple[NonEmpty, ...]
    """In lower case: `noarchive`, `noai`, `max-snippet:50`, …"""
    source: RightsSource


class TdmStatement(Record):
    """A statement by the TDM Reservation Protocol."""

    is_reserved: bool | None
    """None if only a policy is named."""
    policy_url: str | None
    """Where to read under which conditions mining is allowed."""
    source: RightsSource


class Licence(Record):
    """The URL of a licence, as named."""

    url: NonEmpty
    source: RightsSource
    scope: NonEmpty | None = None
    """What alone it covers, in words; None if it is named without a limit."""


class StatedRights(Record):
    """What one response says by itself, in its headers and its page."""

    directives: tuple[Directives, ...] = ()
    tdm: tuple[TdmStatement, ...] = ()
    """A later one takes precedence."""
    licences: tuple[Licence, ...] = ()


class HostFile(Record):
    """A host's file as it was when the page was fetched: the last response to a request for it until then."""

    url: NonEmpty
    status: int
    fetched_at: datetime
    capture: CaptureRef


class Rights(Record):
    """What a capture says about its use, with its host's files at that time. A statement, not legal advice."""

    tdm: TdmStatement | None
    """By the precedence of the protocol; None if nothing was said."""
    directives: tuple[Directives, ...]
    licences: tuple[Licence, ...]
    content_signals: tuple[str, ...]
    """Of robots.txt: `ai-train=no`, …"""
    robots_txt: HostFile | None
    """None if it was not fetched."""
    tdm_file: HostFile | None
    """The host's `tdmrep.json`; None if it was not fetched."""


def list_terms(rights: Rights) -> tuple[str, ...]:
    """Return the words by which articles are selected, sorted: a directive for one bot also has the bot's name."""
    found: set[str] = set(rights.content_signals)
    for one in rights.directives:
        found |= {*one.names, *(f"{one.bot}:{name}" for name in one.names if one.bot)}
    if rights.tdm and rights.tdm.is_reserved is not None:
        found.add(TDM_RESERVED if rights.tdm.is_reserved else TDM_FREE)
    found |= {LICENCE_IN_PART if one.scope else LICENCE for one in rights.licences}
    return tuple(sorted(found))


def merge_tdm(statements: Iterable[TdmStatement]) -> TdmStatement | None:
    """Return what holds after these statements, in rising precedence; None if nothing about reservation is said.

    What a statement leaves out keeps its former value (TDMRep, Processing priority); a policy counts only if reserved.
    """
    is_reserved, policy_url, source = None, None, None
    for one in statements:
        if one.is_reserved is not None:
            is_reserved, source = one.is_reserved, one.source
        policy_url = one.policy_url or policy_url
    if is_reserved is None or source is None:
        return None
    return TdmStatement(is_reserved=is_reserved, policy_url=policy_url if is_reserved else None, source=source)
