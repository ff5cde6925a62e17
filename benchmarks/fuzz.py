"""Ten thousand broken pages, texts and answers: each must end soon, in a draft or in a reason.

`python -m benchmarks fuzz`, or `python -m benchmarks.fuzz COUNT FIRST_SEED`.
"""

import gzip
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import sites
from extraction.page import find_url, read_page
from extraction.text import read_text
from replica.broken import break_page
from replica.seed import SEEDS_DIR
from schemas.article import Draft, Unreadable
from schemas.capture import Capture, CaptureRef

INPUT_COUNT = 10_000
LIMIT_SECONDS = 5.0
"""Of processor time, for one input."""
WORST_SHOWN = 3


def main() -> bool:
    """Fuzz, print; whether nothing escaped and nothing was slow."""
    return run(INPUT_COUNT, 0)


def run(count: int, first_seed: int) -> bool:
    """Read so many broken inputs, by the seeds from this one on."""
    originals = load_originals()
    outcomes: Counter[str] = Counter()
    slowest: list[tuple[float, int]] = []
    for seed in range(first_seed, first_seed + count):
        began_at = time.process_time()
        outcomes[read_broken(seed, originals)] += 1
        slowest = sorted([*slowest, (time.process_time() - began_at, seed)], reverse=True)[:WORST_SHOWN]
    for name, found in outcomes.most_common():
        print(f"  {name:40}{found:8}")
    print(f"  slowest: {', '.join(f'{seconds:.2f} s (seed {seed})' for seconds, seed in slowest)}")
    escaped = sum(found for name, found in outcomes.items() if name.startswith("ESCAPED"))
    print(f"{count} inputs, {escaped} exceptions escaped (target 0), {LIMIT_SECONDS:.0f} s at most for each")
    return not escaped and slowest[0][0] < LIMIT_SECONDS


@dataclass(frozen=True)
class Original:
    """What is broken: a test page with its address and what stands beside it, or a text."""

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


def read_broken(seed: int, originals: list[Original]) -> str:
    """What becomes of one input: `draft`, a reason, or the exception that escaped."""
    original = originals[seed % len(originals)]
    body, content_type = break_page(original.body, seed)
    try:
        return judge(read_any(original, body, content_type, seed))
    except Exception as error:  # noqa: BLE001 - any that escapes is what is looked for
        return f"ESCAPED {type(error).__name__} (seed {seed}): {error}"


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
