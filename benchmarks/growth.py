"""Measures what growth costs: a run with nothing new on a large ledger, and the memory of a long crawl."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from benchmarks.ingest import make_environment, prefect_server
from benchmarks.process import measure_command, sample_command
from replica.server import running
from replica.site import Site
from schemas.article import Article, Kind, content_sha256
from schemas.capture import CaptureRef
from schemas.outcome import ArticleRead, Outcome, Seen, SourceRead
from schemas.url import Identity, Sighting, SourceKind
from storage.engine import open_database
from storage.ledger.outcome import store_outcomes

URL_COUNT = 100_000
BATCH_COUNT = 5_000
ROUNDS = 5
EXTRA_SECONDS_TARGET = 2.0
"""The most that a run with nothing new may take beyond an empty flow."""

PAGE_COUNT = 20_000
GROWTH_TARGET = 0.10
"""The most by which the last quarter's memory may differ from the second quarter's."""

EMPTY_FLOW = """
from prefect import flow

@flow
def nothing():
    pass

nothing()
"""
INGEST = [sys.executable, "-m", "cli", "ingest", "--json"]
WWW = "https://www.themoscowtimes.com"
NO_SHA256 = "0" * 64


def measure_ledger() -> bool:
    """Compare a run that finds nothing new, on a ledger of a hundred thousand URLs, with an empty flow."""
    with TemporaryDirectory() as folder, running(Site(300)) as server, prefect_server(Path(folder)) as api_url:
        environment = make_environment(Path(folder), api_url, server.origins)
        measure_command(INGEST, environment)
        fill_ledger(Path(folder) / "data" / "broadsheet.db")
        runs, empty = [], []
        for _ in range(ROUNDS):  # alternating, so that other load affects both
            runs.append(measure_command(INGEST, environment))
            empty.append(measure_command([sys.executable, "-c", EMPTY_FLOW], environment))
    report = json.loads(runs[-1].output)
    extra_seconds = min(run.seconds for run in runs) - min(run.seconds for run in empty)
    print(f"URLs in the ledger       {report['advertised_count']:9}")
    print(f"requests of the run      {report['request_count']:9}, {report['page_count']} of them pages")
    print(f"empty flow               {min(run.seconds for run in empty):9.1f} s")
    print(f"run with nothing new     {min(run.seconds for run in runs):9.1f} s")
    print(f"more than an empty flow  {extra_seconds:9.1f} s   target {EXTRA_SECONDS_TARGET:g} or less")
    return report["page_count"] == 0 and extra_seconds <= EXTRA_SECONDS_TARGET


def fill_ledger(path: Path) -> None:
    """Store old articles as a crawl would have left them."""
    database = open_database(f"sqlite:///{path}")
    try:
        for start in range(0, URL_COUNT, BATCH_COUNT):
            outcomes = list(make_outcomes(range(start, start + BATCH_COUNT)))
            with database.begin() as session:
                store_outcomes(session, outcomes, run_id=None, now=datetime.now(UTC))
    finally:
        database.close()


def make_outcomes(numbers: range) -> Iterator[Outcome]:
    """Yield the outcomes of a monthly sitemap and the pages that it names."""
    at = datetime.now(UTC) - timedelta(days=1)
    identities = [_identify(number) for number in numbers]
    source_url = f"https://static.themoscowtimes.com/sitemap/{2000 + numbers.start // BATCH_COUNT}-1.xml"
    sightings = tuple((one, _sight(one, source_url, at)) for one in identities)
    yield SourceRead(seen=_see(source_url, numbers.start, at), sightings=sightings)
    for number, identity in zip(numbers, identities, strict=True):
        article = _write(number, identity, at)
        seen = _see(identity.url, URL_COUNT + number, at)
        yield ArticleRead(seen=seen, identity=identity, article=article)


def measure_memory() -> bool:
    """Compare the resident memory of a long crawl (the whole command) in its last and second quarters."""
    with TemporaryDirectory() as folder, running(Site(PAGE_COUNT)) as server, prefect_server(Path(folder)) as api_url:
        environment = make_environment(Path(folder), api_url, server.origins) | {"BROADSHEET_MAX_REQUESTS": "100000"}
        samples = sample_command([*INGEST, "--source", "sitemaps"], environment)
    quarter = len(samples) // 4
    second, last = fmean(samples[quarter : 2 * quarter]), fmean(samples[3 * quarter :])
    growth = last / second - 1
    print(f"pages                    {PAGE_COUNT:9}")
    print(f"second quarter           {second / 1e6:9.0f} MB")
    print(f"last quarter             {last / 1e6:9.0f} MB")
    print(f"growth                   {growth:9.1%}   target within {GROWTH_TARGET:.0%}")
    return abs(growth) <= GROWTH_TARGET


def main() -> bool:
    """Run both measurements; return whether the targets are met."""
    return all([measure_ledger(), measure_memory()])


def _identify(number: int) -> Identity:
    url = f"{WWW}/2015/01/01/an-old-story-a{1_000_000 + number}"
    return Identity(url=url, site="moscow-times", edition="en", id=f"moscow-times:en:{1_000_000 + number}")


def _sight(identity: Identity, source_url: str, at: datetime) -> Sighting:
    return Sighting(url=identity.url, source_url=source_url, source_kind=SourceKind.SITEMAP, seen_at=at)


def _see(url: str, offset: int, at: datetime) -> Seen:
    ref = CaptureRef(warc="old.warc.gz", offset=offset, length=1, sha256=NO_SHA256)
    return Seen(ref=ref, url=url, status=200, fetched_at=at, media_type="text/html")


def _write(number: int, identity: Identity, at: datetime) -> Article:
    body = f"Story {number}. " + "It is as long as an article is. " * 60
    return Article(
        id=identity.key,
        site=identity.site,
        edition="en",
        language="en",
        url=identity.url,
        kind=Kind.ARTICLE,
        headline=f"An old story {number}",
        subtitle=None,
        authors=("Ann Author",),
        agencies=(),
        sponsor=None,
        section="news",
        tags=(),
        published_at=datetime(2015, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        modified_at=None,
        fetched_at=at,
        body=body,
        word_count=len(body.split()),
        images=(),
        content_sha256=content_sha256(body),
        extractor="benchmark",
        sources={},
        flags=(),
        capture=CaptureRef(warc="old.warc.gz", offset=URL_COUNT + number, length=1, sha256=NO_SHA256),
    )
