"""The evidence of how a run treated its hosts: what is stored of it, compared with the rules that were in force."""

from datetime import datetime

from schemas.model import Count, NonEmpty, Record
from schemas.rights import HostFile, Licence


class BusyResponse(Record):
    """A response by which a host asked for fewer requests (429, 503), and what followed."""

    url: NonEmpty
    status: int
    at: datetime
    asked_seconds: float | None
    """Its Retry-After; None if it has none."""
    waited_seconds: float | None
    """Until the next request to the host; None if the run made no other."""


class HostEvidence(Record):
    """What a run did at one host."""

    host: NonEmpty
    request_count: Count
    """Requests with a response, robots.txt and tdmrep.json included."""
    first_at: datetime
    last_at: datetime
    smallest_pause_seconds: float | None
    """Between the beginnings of two consecutive requests; None for one request."""
    median_pause_seconds: float | None
    delay_seconds: float | None
    """The setting; None if the WARC file does not say."""
    crawl_delay_seconds: float | None
    """Of robots.txt, the longest in the run; None if it has none."""
    robots_txt: tuple[HostFile, ...]
    """Each time that it was fetched."""
    tdm_file: tuple[HostFile, ...]
    """So for `tdmrep.json`."""
    licences: tuple[Licence, ...]
    """Of robots.txt."""
    content_signals: tuple[str, ...]
    page_count: Count
    """Pages whose rights were read."""
    reserved_count: Count
    """Those of them whose text and data mining is reserved."""
    forbidden_count: Count
    """Advertised URLs that were not requested because robots.txt forbids them."""
    forbidden_examples: tuple[str, ...]
    busy: tuple[BusyResponse, ...]
    breaches: tuple[str, ...]
    """A sentence for each rule that was broken."""


class ComplianceReport(Record):
    """The evidence of one run."""

    run_id: NonEmpty
    kind: NonEmpty
    site: str | None
    started_at: datetime
    ended_at: datetime | None
    user_agents: tuple[str, ...]
    """As they were sent."""
    contact: str
    """As recorded in the WARC files; empty if it was not."""
    warc_files: tuple[str, ...]
    hosts: tuple[HostEvidence, ...]
    problems: tuple[str, ...]
    """What of the evidence could not be read."""

    @property
    def is_sound(self) -> bool:
        """Whether all evidence could be read, and shows no rule that was broken."""
        return not self.problems and not any(host.breaches for host in self.hosts)
