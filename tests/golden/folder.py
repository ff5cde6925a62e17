"""The test pages under `seeds/pages/`, as the tests of reading need them."""

import gzip
import hashlib
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import sites
from extraction.page import read_page
from schemas.article import Draft
from schemas.capture import Capture, CaptureRef

PAGES_DIR = Path(__file__).parents[2] / "seeds" / "pages"
FOLDERS = tuple(sorted(path.parent.relative_to(PAGES_DIR).as_posix() for path in PAGES_DIR.glob("*/*/meta.json")))
"""`SITE/SLUG` of each."""


@cache
def read_json(name: str, file: str) -> dict[str, Any]:
    """`meta.json` or `expected.json` of a page."""
    found: dict[str, Any] = json.loads((PAGES_DIR / name / file).read_text(encoding="utf-8"))
    return found


def read_bytes(name: str, file: str) -> bytes:
    """A file of a page, unzipped."""
    return gzip.decompress((PAGES_DIR / name / file).read_bytes())


def load_capture(name: str) -> Capture:
    """The page as it was captured."""
    return _make(read_bytes(name, "page.html.gz"), read_json(name, "meta.json"), read_json(name, "meta.json"))


def load_companions(name: str) -> tuple[Capture, ...]:
    """What was captured beside it."""
    meta = read_json(name, "meta.json")
    return tuple(_make(read_bytes(name, one["file"]), one, meta) for one in meta["companions"])


def _make(body: bytes, answer: dict[str, Any], meta: dict[str, Any]) -> Capture:
    ref = CaptureRef(warc="golden.warc.gz", offset=0, length=len(body), sha256=hashlib.sha256(body).hexdigest())
    return Capture(
        ref=ref,
        url=answer["url"],
        fetched_at=datetime.fromisoformat(meta["fetched_at"]),
        status=answer["status"],
        headers=tuple((key, value) for key, value in answer["headers"]),
        body=body,
    )


@cache
def read_golden(name: str) -> dict[str, Any]:
    """What reading makes of a page today, in the form of `expected.json`."""
    capture = load_capture(name)
    draft = read_page(capture, sites.find_site(capture.url or ""), load_companions(name))
    if not isinstance(draft, Draft):
        return {"unreadable": draft.reason}
    record_id = sites.identify(draft.url).id if draft.url else None
    return draft.model_dump(mode="json") | {"id": record_id}
