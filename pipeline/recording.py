"""Saves a captured page as a test case for extraction: `broadsheet record`."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sites
from pipeline.archive import Archive
from pipeline.status import RecordUnknown, resolve_id
from schemas.article import Draft
from schemas.capture import Capture, CaptureRef
from schemas.failure import RunFailure
from sites.profile import Site
from storage.articles.article import find_article
from storage.ledger.quarantine import find_quarantine
from storage.warc.capture import CaptureCorrupt, CaptureTruncated, NotAWarc, iterate_captures, read_capture

SLUG_CHARS = 60
"""Length of a folder's name: enough to recognize the article."""

KEPT_HEADERS = frozenset({"content-type", "content-language", "last-modified"})
"""Headers that extraction uses, or that date the page; others are irrelevant or private (cookies)."""

UNCOMPARED = frozenset({"sources", "extractor", "rights"})
"""Fields of a draft that may change with better extraction without being wrong, or need headers that are not saved."""

_NO_SLUG = re.compile(r"[^a-z0-9]+")


class PageUnrecorded(RunFailure):
    """Nothing was saved; the message says why."""


def record_page(archive: Archive, id_or_url: str, out: Path) -> Path:
    """Save `OUT/SITE/SLUG` with page, `meta.json`, and `expected.json` for a person to check; return the folder.

    Raises:
        RecordUnknown: the archive has no page with this id or URL.
        PageUnrecorded: the page cannot be read from its WARC file, has no URL, or is already a test case.
    """
    from extraction.page import find_url

    ref = find_capture(archive, id_or_url)
    capture, companions = load_page(archive, ref)
    url = capture.url or find_url(capture)
    if url is None:
        raise PageUnrecorded(f"{id_or_url} is an imported file without a URL")
    capture, site = capture.model_copy(update={"url": url}), sites.find_site(url)
    folder = out / site.name / make_slug(url)
    if folder.exists():
        raise PageUnrecorded(f"{folder} already exists: remove it to record the page again")
    write_case(folder, capture, companions, read_expected(capture, site, companions))
    return folder


def find_capture(archive: Archive, id_or_url: str) -> CaptureRef:
    """Return the capture of a record or quarantined page.

    Raises:
        RecordUnknown: neither exists.
    """
    key = resolve_id(archive, id_or_url)
    with archive.database.read() as session:
        found = find_article(session, key) or find_quarantine(session, key)
    if found is None:
        raise RecordUnknown(f"no page of {id_or_url} in the archive: fetch or import it first")
    return found.capture


def load_page(archive: Archive, ref: CaptureRef) -> tuple[Capture, tuple[Capture, ...]]:
    """Load a page and its companions from the same WARC file.

    `ref` may be the companion's: a live blog's record is completed by its posts.

    Raises:
        PageUnrecorded: the file is missing or damaged, or has only the companion.
    """
    try:
        capture = read_capture(ref, archive.warcs, archive.settings.max_page_bytes)
    except (CaptureCorrupt, CaptureTruncated, NotAWarc, OSError) as error:
        raise PageUnrecorded(f"the page cannot be read: {error}") from None
    if capture.url is None:
        return capture, ()
    site = sites.find_site(capture.url)
    if record_id := site.recognize_companion(capture.url):
        pages = find_answers(archive, ref.warc, lambda url: site.identify(url).id == record_id)
        if not pages:
            raise PageUnrecorded(f"{ref.warc} has the posts of {record_id}, but not its page")
        return pages[-1], (capture,)
    wanted = site.companion_urls(capture.url, capture.body)
    return capture, tuple(find_answers(archive, ref.warc, wanted.__contains__) if wanted else ())


def find_answers(archive: Archive, name: str, is_wanted: Callable[[str], bool]) -> list[Capture]:
    """Return the newest successful response in a WARC file for each wanted URL."""
    captures = iterate_captures(archive.warcs.at(name), name, 0, archive.settings.max_page_bytes)
    found = [one for one, _ in captures if one.url and one.is_success and is_wanted(one.url)]
    return list({one.url: one for one in found}.values())


def read_expected(capture: Capture, site: Site, companions: tuple[Capture, ...]) -> dict[str, Any]:
    """Return what extraction currently reads from the page, not yet checked by a person."""
    from extraction.page import read_page

    draft = read_page(capture, site, companions)
    if not isinstance(draft, Draft):
        return {"checked": False, "unreadable": draft.reason}
    record_id = site.identify(draft.url).id if draft.url else None
    return {"checked": False, "id": record_id} | draft.model_dump(mode="json", exclude=set(UNCOMPARED))


def make_slug(url: str) -> str:
    """Return a folder name from the last part of a URL."""
    last = url.partition("://")[2].partition("?")[0].rstrip("/").rpartition("/")[2]
    return _NO_SLUG.sub("-", last.lower())[-SLUG_CHARS:].strip("-") or "page"


def write_case(folder: Path, capture: Capture, companions: tuple[Capture, ...], expected: dict[str, Any]) -> None:
    """Write the files of a test case; the same page gives the same bytes.

    Raises:
        PageUnrecorded: the folder cannot be written.
    """
    files = {"page.html.gz": gzip.compress(capture.body, mtime=0)}
    meta = _describe(capture) | {"companions": [], "origin": "broadsheet record"}
    for index, companion in enumerate(companions, start=1):
        files[f"companion-{index}.gz"] = gzip.compress(companion.body, mtime=0)
        meta["companions"].append({"file": f"companion-{index}.gz"} | _describe(companion))
    for name, value in (("meta.json", meta), ("expected.json", expected)):
        files[name] = (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
    try:
        folder.mkdir(parents=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise PageUnrecorded(f"{folder} cannot be written: {error.strerror}") from None


def _describe(capture: Capture) -> dict[str, Any]:
    return {
        "url": capture.url,
        "fetched_at": capture.fetched_at.isoformat().replace("+00:00", "Z"),
        "status": capture.status,
        "headers": [[name, value] for name, value in capture.headers if name in KEPT_HEADERS],
    }
