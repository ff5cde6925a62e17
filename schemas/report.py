"""What a run did, as data: printed, stored, and made an artifact."""

from datetime import date, datetime

from schemas.model import Count, NonEmpty, Record


class RunReport(Record):
    """The report of one run. Its counts add up, or `problems` says which do not."""

    run_id: NonEmpty
    kind: NonEmpty
    """`ingest`, `backfill` or `import`."""
    site: str | None
    since: date | None = None
    until: date | None = None
    """Publication days of a backfill, both inclusive."""
    started_at: datetime
    ended_at: datetime
    outcomes: dict[str, Count]
    """Outcome name -> how many captures or fetches ended so: `stored`, `unchanged`, `revised`, `duplicate`,
    `quarantined`, `missing`, `failed`, `forbidden`, `source-read`, `source-broken`, `redirected`, `kept`."""
    advertised_count: Count
    """Different addresses that any source ever advertised."""
    advertised_new_count: Count
    """Those that this run saw for the first time."""
    request_count: Count
    """Responses written to WARC files by this run."""
    page_count: Count
    """Those of them that were article pages, redirects and further tries among them."""
    asked_count: Count = 0
    """Addresses of articles that were asked for."""
    ledger: dict[str, Count]
    """State -> advertised addresses in it, after the run: they add up to `advertised_count`."""
    problems: tuple[str, ...] = ()
    """Below what the run promises, one sentence each; empty for a good run."""
    unusable: tuple[str, ...] = ()
    """What an import was given and could not use as it is, one sentence each; the archive keeps it all the same."""
    notes: tuple[str, ...] = ()
    """What is worth knowing and no problem: a WARC that a dead run left, a record that was cut."""


class BackfillReport(Record):
    """The report of a backfill: a run for each month, newest first."""

    site: NonEmpty
    since: date
    until: date
    months: tuple[RunReport, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Those of all months, each once."""
        return tuple(dict.fromkeys(problem for month in self.months for problem in month.problems))
