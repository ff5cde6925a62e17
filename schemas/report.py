"""What a run did, as data: printed, stored, and made an artifact."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.masking import mask_secrets
from schemas.model import Count, NonEmpty, Record

Shown = Annotated[str, AfterValidator(mask_secrets)]
"""A sentence for people: it may have URLs in it."""


class KindReading(Record):
    """How the pages of one kind were read. Those of two batches, or of two runs, add up."""

    page_count: Count = 0
    sources: dict[str, dict[str, Count]] = {}
    """Field -> where its value came from (`json-ld`, `meta`, `page`, …, or `missing`) -> pages."""
    word_count: Count = 0
    """Of all bodies together."""
    lengths: dict[str, Count] = {}
    """Fewest words of a class of body lengths (each class is 1.4 times the one below) -> pages in it."""

    def __add__(self, other: "KindReading") -> "KindReading":
        """Both together."""
        names = (self.sources | other.sources).keys()
        return KindReading(
            page_count=self.page_count + other.page_count,
            sources={name: _add(self.sources.get(name, {}), other.sources.get(name, {})) for name in names},
            word_count=self.word_count + other.word_count,
            lengths=_add(self.lengths, other.lengths),
        )


class RecurringParagraph(Record):
    """A paragraph of many unrelated articles that no list of furniture knows."""

    text: NonEmpty
    """As the newest of them has it; cut where it is very long."""
    article_count: Count
    """Articles with it among the newest ones, a group of duplicates counted once."""
    share: float
    """Of those newest articles, 0 to 1."""
    example_ids: tuple[NonEmpty, ...]
    """Three of them at most, the newest."""


class SlowPage(Record):
    """A page that took long to fetch."""

    url: NonEmpty
    seconds: Annotated[float, Field(ge=0)]
    """From the request to the last byte; what the crawl waited before it, out of politeness, is not in it."""


class RunReport(Record):
    """The report of one run. Its counts add up, or `problems` says which do not."""

    run_id: NonEmpty
    kind: NonEmpty
    """`ingest`, `backfill`, `import` or `reprocess`."""
    site: str | None
    since: date | None = None
    until: date | None = None
    """Publication days of a backfill, both inclusive."""
    started_at: datetime
    ended_at: datetime
    outcomes: dict[str, Count]
    """Outcome name -> how many captures or fetches ended so. Of articles: `stored`, `unchanged`, `not-modified`,
    `revised`, `restored`, `duplicate`; of pages without one: `quarantined`, `missing`, `gone`, `removed`, `redirected`,
    `failed`, `forbidden`; of other answers: `source-read`, `source-broken`, `robots`, `kept`, `cut`, `passed-over`; of
    what was read again: `annotated`, `cured`, `withdrawn`."""
    advertised_count: Count
    """Different URLs that any source ever advertised."""
    advertised_new_count: Count
    """Those that this run saw for the first time."""
    request_count: Count
    """Responses written to WARC files by this run."""
    page_count: Count
    """Those of them that were article pages, redirects and further tries among them."""
    asked_count: Count = 0
    """Addresses of articles that were asked for."""
    ledger: dict[str, Count]
    """State -> advertised URLs in it, after the run: they add up to `advertised_count`."""
    problems: tuple[Shown, ...] = ()
    """Below what the run promises, one sentence each; empty for a good run."""
    unreachable_hosts: tuple[str, ...] = ()
    """Hosts that want to be left alone, or whose robots.txt could not be read; a sentence each in `problems`."""
    unusable: tuple[Shown, ...] = ()
    """What an import was given and could not use as it is, one sentence each; the archive keeps it all the same."""
    notes: tuple[Shown, ...] = ()
    """What is worth knowing and no problem: a WARC that a dead run left, a record that was cut."""
    reading: dict[str, KindReading] = {}
    """Kind of page -> how this run's pages were read; under `page`, all of them: whether each became an article."""
    recurring: tuple[RecurringParagraph, ...] = ()
    """What may be furniture that no list knows yet, the most frequent first."""
    leak_rate: float | None = None
    """The share of the newest articles with furniture that the lists know; None where a run stored nothing new."""
    slowest: tuple[SlowPage, ...] = ()
    """The pages that took longest to fetch, the slowest first."""
    gave_way: bool = False
    """It ended before all that was due was fetched, because another run waited for the crawl."""


class BackfillReport(Record):
    """The report of a backfill: a run for each month, newest first."""

    site: NonEmpty
    since: date
    until: date
    months: tuple[RunReport, ...]
    broken_floors: tuple[str, ...] = ()
    """A sentence for each floor that the archive lies below after the last month."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Those of all months, each once, and the broken floors."""
        found = (problem for month in self.months for problem in month.problems)
        return tuple(dict.fromkeys((*found, *self.broken_floors)))


def _add(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted((Counter(one) + Counter(other)).items()))
