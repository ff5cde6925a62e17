"""Measures pages read per second, beside trafilatura (and other extractors if installed) on the same pages."""

import gc
import multiprocessing
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.util import find_spec

import trafilatura

import sites
from extraction.decoding import decode_page
from extraction.page import read_page
from extraction.tree import parse_page
from replica.site import Site
from schemas.article import Unreadable
from schemas.capture import Capture, CaptureRef

PAGE_COUNT = 240
"""Enough to include every kind and furniture of the replica; a round takes some ten seconds."""
TURN_COUNT = 20
"""Pages that a reader reads before the next one's turn; with single pages, each would evict the other's caches."""
ROUND_COUNT = 5
TEXT_KINDS = frozenset({"article", "opinion", "podcast"})
"""Kinds that represent other publishers' pages, where pages without text are rarer than on the replica."""
KINDS = ("article", "article", "article", "opinion", "gallery", "video", "podcast", "archive")
"""Mostly articles, as on the publisher's site."""
PUBLISHER_TARGET = 4.0
"""Includes calling trafilatura and comparing its paragraphs with the blocks."""
GENERIC_TARGET = 1.5
PROCESS_TARGET = 1.8
PROCESS_REPEATS = 6
"""How often the pages are read when measuring processes: some seconds each, so that start-up matters little."""

Reader = Callable[[Capture], object]


def main() -> bool:
    """Measure and print; return whether the targets are met."""
    captures = list(make_captures())
    own = {"broadsheet": read_publisher, "parsing alone": parse, **baselines()}
    print(f"{len(captures)} pages of the publisher; trafilatura with its metadata is 1")
    is_fast = render(measure(own, captures), PUBLISHER_TARGET)
    print(f"those with a text, as pages of a publisher without a profile ({sites.get_site('generic').name})")
    texts = list(make_captures(TEXT_KINDS))
    is_fast &= render(measure({"broadsheet": read_generic, **baselines()}, texts), GENERIC_TARGET)
    return measure_processes(captures) & is_fast


def make_captures(kinds: Collection[str] = KINDS) -> Iterator[Capture]:
    """Yield pages of the replica of these kinds, as a crawl would capture them."""
    for article in Site(PAGE_COUNT, kinds=KINDS).articles:
        if article.head.kind not in kinds:
            continue
        body = article.page_html().encode()
        yield Capture(
            ref=CaptureRef(warc="benchmark.warc.gz", offset=0, length=len(body), sha256=sha256(body).hexdigest()),
            url=article.url,
            fetched_at=datetime(2024, 10, 1, tzinfo=UTC),
            status=200,
            headers=(("content-type", "text/html; charset=utf-8"),),
            body=body,
        )


def read_publisher(capture: Capture) -> object:
    """Read with the site's profile."""
    return read_page(capture, sites.find_site(capture.url or ""))


def parse(capture: Capture) -> object:
    """Parse into a tree."""
    html = decode_page(capture)
    return html if isinstance(html, Unreadable) else parse_page(html)


def read_generic(capture: Capture) -> object:
    """Read without a profile."""
    return read_page(capture, sites.get_site("generic"))


def baselines() -> dict[str, Reader]:
    """Return the readers to compare with."""
    found: dict[str, Reader] = {"trafilatura": read_trafilatura}
    for name, module, reader in (
        ("newspaper4k", "newspaper", read_newspaper),
        ("news-please", "newsplease", read_news_please),
    ):
        if find_spec(module):
            found[name] = reader
        else:
            print(f"{name:24}not installed")
    return found


def read_trafilatura(capture: Capture) -> object:
    """Read with trafilatura, called as most programs do."""
    return trafilatura.bare_extraction(capture.body.decode(), url=capture.url, with_metadata=True)


def read_newspaper(capture: Capture) -> object:
    """Read with newspaper4k."""
    newspaper = __import__("newspaper")
    article = newspaper.Article(capture.url)
    article.download(input_html=capture.body.decode())
    article.parse()
    return article


def read_news_please(capture: Capture) -> object:
    """Read with news-please."""
    return __import__("newsplease").NewsPlease.from_html(capture.body.decode(), url=capture.url)


def measure(readers: dict[str, Reader], captures: Sequence[Capture]) -> dict[str, float]:
    """Return reader -> pages per second of this process's processor time, in the best of the rounds.

    The readers alternate, so that other load affects each alike.
    """
    for reader in readers.values():
        reader(captures[0])  # one-time initialization is not measured
    rounds = [measure_round(readers, captures) for _ in range(ROUND_COUNT)]
    return {name: max(len(captures) / seconds[name] for seconds in rounds) for name in readers}


def measure_round(readers: dict[str, Reader], captures: Sequence[Capture]) -> dict[str, float]:
    """Return reader -> seconds for all pages."""
    seconds = dict.fromkeys(readers, 0.0)
    for start in range(0, len(captures), TURN_COUNT):
        for name, reader in readers.items():
            gc.collect()  # so that no reader pays for another's garbage
            began_at = time.process_time()
            for capture in captures[start : start + TURN_COUNT]:
                reader(capture)
            seconds[name] += time.process_time() - began_at
    return seconds


def render(speeds: dict[str, float], target: float) -> bool:
    """Print the figures; return whether our speed is at least `target` times trafilatura's."""
    for name, speed in speeds.items():
        print(f"  {name:22}{speed:8.0f} pages/s   {speed / speeds['trafilatura']:6.2f} x trafilatura")
    ratio = speeds["broadsheet"] / speeds["trafilatura"]
    print(f"  {'target':22}{'':19}{target:6.2f} x: {'met' if ratio >= target else 'missed'}")
    return ratio >= target


def measure_processes(captures: Sequence[Capture]) -> bool:
    """Return whether two processes read nearly twice as many pages as one, which takes two idle cores."""
    speeds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUND_COUNT):
        for count, found in speeds.items():
            found.append(measure_pool(count, captures))
    one, two = (max(found) for found in speeds.values())
    print(f"one process {one:.0f} pages/s, two {two:.0f}: {two / one:.2f} x, target {PROCESS_TARGET} or more")
    return two / one >= PROCESS_TARGET


def measure_pool(process_count: int, captures: Sequence[Capture]) -> float:
    """Return pages per second of wall-clock time, without the start of the processes."""
    batches = [list(captures)] * PROCESS_REPEATS
    with multiprocessing.get_context("spawn").Pool(process_count) as pool:
        pool.map(read_batch, [captures[:1]] * process_count, chunksize=1)  # imports
        began_at = time.perf_counter()
        read_count = sum(pool.imap_unordered(read_batch, batches))
        return read_count / (time.perf_counter() - began_at)


def read_batch(captures: Sequence[Capture]) -> int:
    """Read one process's batch; return the number of pages read."""
    return sum(read_publisher(capture) is not None for capture in captures)
