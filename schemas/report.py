"""The report of a run: printed, stored in the database, and published as a Prefect artifact."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.masking import mask_secrets
from schemas.model import Count, NonEmpty, Record

MaskedText = Annotated[str, AfterValidator(mask_secrets)]
"""A sentence for people; secrets in its URLs are masked."""


class KindReading(Record):
    """Extraction statistics of the pages of one kind. Those of several batches or runs can be added."""

    page_count: Count = 0
    sources: dict[str, dict[str, Count]] = {}
    """Field -> source of its value (`json-ld`, `meta`, `page`, …, or `missing`) -> number of pages."""
    word_count: Count = 0
    """Words of all bodies together."""
    lengths: dict[str, Count] = {}
    """A histogram of body lengths: fewest words of a class -> pages. Each class is 1.4 times the one below."""

    def __add__(self, other: "KindReading") -> "KindReading":
        """Return the sum of both."""
        names = (self.sources | other.sources).keys()
        return KindReading(
            page_count=self.page_count + other.page_count,
            sources={name: _add(self.sources.get(name, {}), other.sources.get(name, {})) for name in names},
            word_count=self.word_count + other.word_count,
            lengths=_add(self.lengths, other.lengths),
        )


class RecurringParagraph(Record):
    """A paragraph that recurs in many unrelated articles and is not known as boilerplate."""

    text: NonEmpty
    """The wording of the newest article; shortened if it is very long."""
    article_count: Count
    """The newest articles that contain it; a group of duplicates counts once."""
    share: float
    """Share of the newest articles, 0 to 1."""
    example_ids: tuple[NonEmpty, ...]
    """The newest of these articles, at most three."""


class SlowPage(Record):
    """A page that took a long time to fetch."""

    url: NonEmpty
    seconds: Annotated[float, Field(ge=0)]
    """From the request to the last byte, without the politeness delay before it."""


class ImportedFile(Record):
    """What became of an imported file."""

    name: NonEmpty
    """The file's name, without its folder."""
    row_count: Count | None = None
    """Rows of a table of texts; None for any other file."""
    outcomes: dict[str, Count]
    """Outcome -> number of rows, pages or records, as in `RunReport.outcomes`. Of a list of URLs: `listed`, and
    `sighted-new` for those that nothing had advertised before. What an interrupted import wrote is counted in the
    run's outcomes: such rows of a table are `resumed` here."""
    article_id: str | None = None
    """The article that a text or page is."""
    duplicate_of: str | None = None
    """The id of the article whose text it repeats."""
    problems: tuple[MaskedText, ...] = ()
    """Why a text or page was quarantined, or the first rows of a table that were refused or quarantined."""
    more_problems_count: Count = 0
    """Such rows beyond these."""


class RunReport(Record):
    """The report of one run. If its counts do not add up, `problems` says so."""

    run_id: NonEmpty
    kind: NonEmpty
    """`ingest`, `backfill`, `import` or `reprocess`."""
    site: str | None
    since: date | None = None
    until: date | None = None
    """Range of publication days of a backfill, both inclusive."""
    started_at: datetime
    ended_at: datetime
    outcomes: dict[str, Count]
    """Outcome name -> number of captures or fetches. Articles: `stored`, `unchanged`, `not-modified`, `revised`,
    `restored`, `duplicate`. Pages without one: `quarantined`, `missing`, `gone`, `removed`, `redirected`, `failed`,
    `forbidden`. Other responses: `source-read`, `source-broken`, `robots`, `kept`, `cut`, `passed-over`. Rows of
    tables that cannot be read: `refused`; that are not known to be later than another text: `not-newer`. Reprocessed
    captures: `annotated`, `cured`, `withdrawn`."""
    advertised_count: Count
    """Distinct URLs that any source ever advertised."""
    advertised_new_count: Count
    """Advertised URLs that this run saw for the first time."""
    request_count: Count
    """Responses that this run wrote to WARC files."""
    page_count: Count
    """Responses for article pages, including redirects and retries."""
    asked_count: Count = 0
    """URLs of articles that were requested."""
    ledger: dict[str, Count]
    """State -> advertised URLs in it after the run. They add up to `advertised_count`."""
    problems: tuple[MaskedText, ...] = ()
    """What went wrong, one sentence each; empty for a good run."""
    is_degraded: bool = False
    """Whether sources that could not be read are its only problems: others were read, and no page failed."""
    unreachable_hosts: tuple[str, ...] = ()
    """Hosts in backoff, or whose robots.txt could not be read; each has a sentence in `problems`."""
    unusable: tuple[MaskedText, ...] = ()
    """Input of an import that could not be used, one sentence each; the archive stores it all the same."""
    files: tuple[ImportedFile, ...] = ()
    """The tables that an import read."""
    notes: tuple[MaskedText, ...] = ()
    """Facts worth knowing that are not problems: a WARC left by a crashed run, a truncated record."""
    reading: dict[str, KindReading] = {}
    """Kind of page -> extraction statistics of this run. `page` covers all pages: whether each became an article."""
    recurring: tuple[RecurringParagraph, ...] = ()
    """Possible boilerplate that is not known yet, most frequent first."""
    leak_rate: float | None = None
    """Share of the newest articles that contain known boilerplate; None if the run stored nothing new."""
    slowest: tuple[SlowPage, ...] = ()
    """The pages that took longest to fetch, slowest first."""
    waited_seconds: dict[str, Annotated[float, Field(ge=0)]] = {}
    """Step -> seconds for which the run waited for it: `files` (captures out of WARC files, on the disk or in their
    store), `reading` (what makes outcomes of captures), `database` (storing these), `offload` (WARC files on their way
    into the store). The largest is what slowed the run down; fetching is not among them."""
    gave_way: bool = False
    """Whether it stopped before everything due was fetched because another run was waiting for the crawl lock."""


class BackfillReport(Record):
    """The report of a backfill: one run per month, newest first."""

    site: NonEmpty
    since: date
    until: date
    months: tuple[RunReport, ...]
    broken_floors: tuple[str, ...] = ()
    """A sentence for each floor that the archive does not reach after the last month."""

    @property
    def problems(self) -> tuple[str, ...]:
        """The distinct problems of all months, and the broken floors."""
        found = (problem for month in self.months for problem in month.problems)
        return tuple(dict.fromkeys((*found, *self.broken_floors)))

    @property
    def is_degraded(self) -> bool:
        """Whether sources that could not be read are its only problems."""
        troubled = [month for month in self.months if month.problems]
        return bool(troubled) and not self.broken_floors and all(month.is_degraded for month in troubled)


def _add(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted((Counter(one) + Counter(other)).items()))
