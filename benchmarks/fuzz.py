"""Fuzzes the readers with 10,000 broken pages and 10,000 other documents: each must soon give a draft or a reason.

`python -m benchmarks fuzz`, or `python -m benchmarks.fuzz COUNT FIRST_SEED`. Finally, tests patterns with long texts.
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
from benchmarks.stranger import read_mutated
from extraction.page import find_url, read_page
from extraction.text import read_text
from replica.broken import break_page
from replica.seed import SEEDS_DIR
from schemas.article import Draft, Unreadable
from schemas.capture import Capture, CaptureRef
from tests.pumping import LONG_CHARS, find_patterns, measure

INPUT_COUNT = 10_000
LIMIT_SECONDS = 5.0
"""Processor time per input."""
WORST_SHOWN = 3
WARM_COUNT = 1_000
"""Inputs after which everything is imported and cached: memory is measured from here on …"""
GROWTH_BYTES = 100_000_000
"""… and may grow by this much, because the allocator keeps part of what the largest inputs took."""

Result = tuple[str, bytes, str]
"""The kind of an input, its bytes, and its outcome."""


def main() -> bool:
    """Fuzz and print; return whether nothing escaped, nothing was slow, memory was flat and patterns are linear."""
    is_met = run(INPUT_COUNT, 0)
    return pump_patterns() and is_met


def run(count: int, first_seed: int) -> bool:
    """Read `count` broken pages and `count` other documents, with ascending seeds."""
    logging.disable(logging.CRITICAL)  # every unreadable record is logged
    originals = load_originals()
    is_met = _run("pages", count, first_seed, lambda seed: read_broken_page(seed, originals))
    return _run("other documents", count, first_seed, read_mutated) and is_met


def _run(title: str, count: int, first_seed: int, read: Callable[[int], Result]) -> bool:
    outcomes: Counter[tuple[str, str]] = Counter()
    slowest: list[tuple[float, int, str, bytes]] = []
    warm_bytes = 0
    for seed in range(first_seed, first_seed + count):
        began_at = time.process_time()
        kind, data, result = read(seed)
        outcomes[kind, result.partition(":")[0]] += 1
        slowest = sorted([*slowest, (time.process_time() - began_at, seed, kind, data)], reverse=True)[:WORST_SHOWN]
        if result.startswith("ESCAPED"):
            print(f"  {kind}: {result}: {_save(seed, data)}")
        if seed == first_seed + min(WARM_COUNT, count - 1):
            warm_bytes = sum_resident_bytes(os.getpid())
    for (kind, result), found in sorted(outcomes.items()):
        print(f"  {kind:22}{result:40}{found:8}")
    for seconds, seed, kind, data in slowest:
        print(f"  slowest: {seconds:.2f} s for {len(data)} bytes ({kind}, seed {seed}): {_save(seed, data)}")
    grown_bytes = sum_resident_bytes(os.getpid()) - warm_bytes
    escaped = sum(found for (_, result), found in outcomes.items() if result.startswith("ESCAPED"))
    print(
        f"{count} {title}, {escaped} exceptions escaped (target 0), {LIMIT_SECONDS:.0f} s at most for each;"
        f" memory {warm_bytes / 1e6:.0f} MB, at the end {grown_bytes / 1e6:+.0f} MB"
    )
    return not escaped and slowest[0][0] < LIMIT_SECONDS and grown_bytes < GROWTH_BYTES


def _save(seed: int, data: bytes) -> Path:
    """Save an input for inspection, and return its path."""
    folder = Path(tempfile.gettempdir()) / "broadsheet-fuzz"
    folder.mkdir(exist_ok=True)
    path = folder / f"{seed}-{sha256(data).hexdigest()[:8]}"
    path.write_bytes(data)
    return path


def pump_patterns() -> bool:
    """Return whether each of our regular expressions takes linear time for long texts too."""
    steep = [found for named in find_patterns() if (found := measure(named, LONG_CHARS))]
    print("\n".join([*steep, f"{len(steep)} patterns take more than linear time (target 0)"]))
    return not steep


@dataclass(frozen=True)
class Original:
    """An input to break: a test page with its URL and companion, or a text."""

    body: bytes
    url: str | None = None
    companion: bytes = b"[]"
    companion_url: str = ""


def load_originals() -> list[Original]:
    """Return the test pages and the seed texts."""
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
    """Return the decompressed content of a file."""
    return gzip.decompress(path.read_bytes())


def read_broken_page(seed: int, originals: list[Original]) -> Result:
    """Return the kind of a page, its bytes, and its outcome: `draft`, a reason, or the exception that escaped."""
    original = originals[seed % len(originals)]
    body, content_type = break_page(original.body, seed)
    try:
        result = judge(read_any(original, body, content_type, seed))
    except Exception as error:  # noqa: BLE001 - the fuzzer looks for any that escapes
        result = f"ESCAPED {type(error).__name__} (seed {seed}): {error}"
    return "page" if original.url else "text", body, result


def read_any(original: Original, body: bytes, content_type: str, seed: int) -> Draft | Unreadable:
    """Read it as a text, as an imported file, as a page without a profile, or as the page that it was."""
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
    body_beside, _ = break_page(original.companion, seed)
    companion = make_capture(body_beside, original.companion_url, "application/json")
    return read_page(make_capture(body, original.url, content_type), site, (companion,))


def judge(found: Draft | Unreadable) -> str:
    """Return `draft` or the reason; a draft must be storable."""
    if isinstance(found, Unreadable):
        return found.reason
    found.model_dump_json().encode()
    return "draft"


def make_capture(body: bytes, url: str | None, content_type: str) -> Capture:
    """Return a capture of these bytes."""
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
