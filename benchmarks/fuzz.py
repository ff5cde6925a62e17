"""Ten thousand broken pages, and as many other documents: each must end soon, in what is read or in a reason.

`python -m benchmarks fuzz`, or `python -m benchmarks.fuzz COUNT FIRST_SEED`. Last, patterns are pumped with long texts.
"""

import gzip
import json
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import sites
from benchmarks.process import sum_resident_bytes
from benchmarks.stranger import read_changed
from extraction.page import find_url, read_page
from extraction.text import read_text
from replica.broken import break_page
from replica.seed import SEEDS_DIR
from schemas.article import Draft, Unreadable
from schemas.capture import Capture, CaptureRef
from tests.pumping import LONG_CHARS, find_patterns, measure

INPUT_COUNT = 10_000
LIMIT_SECONDS = 5.0
"""Of processor time, for one input."""
WORST_SHOWN = 3
WARM_COUNT = 1_000
"""Inputs after which all is imported and cached that ever is: memory is measured from here on …"""
GROWTH_BYTES = 100_000_000
"""… and may be so much more at the end: the allocator keeps pieces of what the largest inputs took."""

Result = tuple[str, bytes, str]
"""The kind of an input, its bytes, and what became of it."""


def main() -> bool:
    """Fuzz, print; whether nothing escaped, nothing was slow, memory was flat, and every pattern is linear."""
    is_fine = run(INPUT_COUNT, 0)
    return pump_patterns() and is_fine


def run(count: int, first_seed: int) -> bool:
    """Read this many broken pages and this many other documents; seeds count up from the first."""
    logging.disable(logging.CRITICAL)  # each record that cannot be read is told in the log
    originals = load_originals()
    is_fine = _run("pages", count, first_seed, lambda seed: read_broken_page(seed, originals))
    return _run("other documents", count, first_seed, read_changed) and is_fine


def _run(title: str, count: int, first_seed: int, read: Callable[[int], Result]) -> bool:
    outcomes: Counter[tuple[str, str]] = Counter()
    slowest: list[tuple[float, int, str, bytes]] = []
    warm_bytes = 0
    for seed in range(first_seed, first_seed + count):
        began_at = time.process_time()
        kind, data, said = read(seed)
        outcomes[kind, said.partition(":")[0]] += 1
        slowest = sorted([*slowest, (time.process_time() - began_at, seed, kind, data)], reverse=True)[:WORST_SHOWN]
        if said.startswith("ESCAPED"):
            print(f"  {kind}: {said}: {_save(seed, data)}")
        if seed == first_seed + min(WARM_COUNT, count - 1):
            warm_bytes = sum_resident_bytes(os.getpid())
    for (kind, said), found in sorted(outcomes.items()):
        print(f"  {kind:22}{said:40}{found:8}")
    for seconds, seed, kind, data in slowest:
        print(f"  slowest: {seconds:.2f} s for {len(data)} bytes ({kind}, seed {seed}): {_save(seed, data)}")
    grown_bytes = sum_resident_bytes(os.getpid()) - warm_bytes
    escaped = sum(found for (_, said), found in outcomes.items() if said.startswith("ESCAPED"))
    print(
        f"{count} {title}, {escaped} exceptions escaped (target 0), {LIMIT_SECONDS:.0f} s at most for each;"
        f" memory {warm_bytes / 1e6:.0f} MB, at the end {grown_bytes / 1e6:+.0f} MB"
    )
    return not escaped and slowest[0][0] < LIMIT_SECONDS and grown_bytes < GROWTH_BYTES


def _save(seed: int, data: bytes) -> Path:
    """Where an input lies that somebody will want to look at."""
    folder = Path(tempfile.gettempdir()) / "broadsheet-fuzz"
    folder.mkdir(exist_ok=True)
    path = folder / f"{seed}-{sha256(data).hexdigest()[:8]}"
    path.write_bytes(data)
    return path


def pump_patterns() -> bool:
    """Whether every regular expression of ours takes linear time for long texts too."""
    steep = [found for named in find_patterns() if (found := measure(named, LONG_CHARS))]
    print("\n".join([*steep, f"{len(steep)} patterns take more than linear time (target 0)"]))
    return not steep


@dataclass(frozen=True)
class Original:
    """What is broken: a test page with its URL and what stands beside it, or a text."""

    body: bytes
    url: str | None = None
    companion: bytes = b"[]"
    companion_url: str = ""


def load_originals() -> list[Original]:
    """The test pages and the seed texts."""
    found = [Original(path.read_bytes()) for path in sorted(SEEDS_DIR.glob("*.txt"))]
    for path in sorted(SEEDS_DIR.glob("pages/*/*/meta.json")):
        meta = json.loads(path.read_text(encoding="utf-8"))
        original = Original(read_gzip(path.parent / "page.html.gz"), meta["url"])
        for one in meta["companions"]:
            body = read_gzip(path.parent / one["file"])
            original = replace(original, companion=body, companion_url=one["url"])
        found.append(original)
    return found


def read_gzip(path: Path) -> bytes:
    """A file, unzipped."""
    return gzip.decompress(path.read_bytes())


def read_broken_page(seed: int, originals: list[Original]) -> Result:
    """The kind of one page, its bytes, and what becomes of it: `draft`, a reason, or the exception that escaped."""
    original = originals[seed % len(originals)]
    body, content_type = break_page(original.body, seed)
    try:
        said = judge(read_any(original, body, content_type, seed))
    except Exception as error:  # noqa: BLE001 - any that escapes is what is looked for
        said = f"ESCAPED {type(error).__name__} (seed {seed}): {error}"
    return "page" if original.url else "text", body, said


def read_any(original: Original, body: bytes, content_type: str, seed: int) -> Draft | Unreadable:
    """As a text, as an imported file, as a page without a profile, or as the page that it was."""
    if original.url is None:
        return read_text(make_capture(body, None, "text/plain"))
    if seed % 5 == 0:
        capture = make_capture(body, None, content_type)
        url = find_url(capture)
        return read_page(capture, sites.find_site(url) if url else sites.get_site("generic"))
    if seed % 5 == 1:
        capture = make_capture(body, f"https://www.example.org/2024/{seed}", content_type)
        return read_page(capture, sites.get_site("generic"))
    site = sites.find_site(original.url)
    answer, _ = break_page(original.companion, seed)
    companion = make_capture(answer, original.companion_url, "application/json")
    return read_page(make_capture(body, original.url, content_type), site, (companion,))


def judge(found: Draft | Unreadable) -> str:
    """The name of what was found; a draft's text must be storable."""
    if isinstance(found, Unreadable):
        return found.reason
    found.model_dump_json().encode()
    return "draft"


def make_capture(body: bytes, url: str | None, content_type: str) -> Capture:
    """A capture of these bytes."""
    return Capture(
        ref=CaptureRef(warc="fuzz.warc.gz", offset=0, length=len(body), sha256=sha256(body).hexdigest()),
        url=url,
        fetched_at=datetime(2024, 10, 1, tzinfo=UTC),
        status=200,
        headers=(("content-type", content_type),),
        body=body,
    )


if __name__ == "__main__":
    sys.exit(not run(int(sys.argv[1]), int(sys.argv[2])))
