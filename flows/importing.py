"""Files from elsewhere: texts, saved pages, WARC files, lists of addresses. The same reading, validation and dedupe."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

import sites
from flows.archive import Archive
from flows.load import WARC_SUFFIXES, load_left
from flows.run import Run, finish_run, now, start_run
from schemas.address import Sighting, SourceKind
from schemas.report import RunReport
from spiders.warc import WarcWriter
from storage.capture import find_known_payloads
from storage.ledger import add_addresses
from storage.warc import NotAWarc, iterate_captures

PAGE_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})


class ImportUnreadable(OSError):  # noqa: N818 - it states a fact
    """A path that was named for import cannot be read."""


def import_paths(archive: Archive, paths: Sequence[Path]) -> RunReport:
    """Import files, and the files directly in folders; the archive keeps its own copy of each.

    Raises:
        ImportUnreadable: a path cannot be read, or is called a WARC file and is none. Nothing was imported then.
    """
    files = list(dict.fromkeys(file for path in paths for file in _find_files(path)))
    for file in filter(_is_warc, files):
        _require_warc(file, archive.settings.max_page_bytes)
    payloads = {file: _read_payload(file) for file in files if not _is_warc(file)}
    run = start_run(archive, "import", None, {"paths": [str(path) for path in paths]})
    load_left(archive, run)
    lists = {file: urls for file, payload in payloads.items() if (urls := read_address_list(payload))}
    for file, urls in lists.items():
        _store_list(archive, run, file, urls)
    _keep_payloads(archive, run, {file: payload for file, payload in payloads.items() if file not in lists})
    for file in filter(_is_warc, files):
        _keep_warc(archive, run, file)
    load_left(archive, run)
    return finish_run(archive, run)


def read_address_list(payload: bytes) -> tuple[str, ...]:
    """The addresses of a file that holds nothing else, one a line (`#` begins a comment line); else none."""
    try:
        lines = [line.strip() for line in payload.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        return ()
    urls = tuple(line for line in lines if line and not line.startswith("#"))
    return urls if all(_is_address(url) for url in urls) else ()


def _find_files(path: Path) -> Iterator[Path]:
    try:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.is_file())
        else:
            path.open("rb").close()
            yield path
    except OSError as error:
        raise ImportUnreadable(f"{error.filename or path}: {error.strerror}") from None


def _read_payload(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ImportUnreadable(f"{file}: {error.strerror}") from None


def _is_warc(file: Path) -> bool:
    return file.name.lower().endswith(WARC_SUFFIXES)


def _require_warc(file: Path, max_page_bytes: int) -> None:
    """Read it through once: what is copied into the archive must be readable there."""
    captures = iterate_captures(file, file.name, 0, max_page_bytes)
    try:
        count = sum(1 for _ in captures)  # to its end: it may turn out to be none halfway
    except NotAWarc as error:
        raise ImportUnreadable(f"{file}: {error}") from None
    if not count and captures.corrupt:
        raise ImportUnreadable(f"{file}: no WARC file: {captures.corrupt[0]}")


def _is_address(line: str) -> bool:
    parts = urlsplit(line)
    return " " not in line and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _store_list(archive: Archive, run: Run, file: Path, urls: Sequence[str]) -> None:
    """Addresses given by hand go to the ledger: the next ingest fetches them."""
    source_url = f"file:{quote(file.name)}"
    sightings = [
        Sighting(url=url, source_url=source_url, source_kind=SourceKind.LIST, seen_at=run.started_at) for url in urls
    ]
    with archive.database.begin() as session:
        new_count = add_addresses(session, [(sites.identify(one.url), one) for one in sightings], now())
    run.counts["sighted-new"] += new_count
    run.notes.append(f"{file.name} is a list of {len(urls)} addresses: they are in the ledger, an ingest fetches them")


def _keep_payloads(archive: Archive, run: Run, payloads: dict[Path, bytes]) -> None:
    """Texts and pages become records in a WARC file of ours; what is there already is not written again."""
    digests = {file: hashlib.sha256(payload).hexdigest() for file, payload in payloads.items()}
    with archive.database.read() as session:
        known = find_known_payloads(session, set(digests.values()))
    new = {file: digest for file, digest in digests.items() if digest not in known}
    run.counts["unchanged"] += len(digests) - len(new)
    if not new:
        return
    with WarcWriter(archive.settings.warc_dir, site="import", run_id=run.id) as writer:
        for file in dict(zip(new.values(), new.keys(), strict=True)).values():
            media_type = "text/html" if file.suffix.lower() in PAGE_SUFFIXES else "text/plain"
            writer.write_resource(f"file:{quote(file.name)}", media_type, payloads[file], now())


def _keep_warc(archive: Archive, run: Run, file: Path) -> None:
    """A foreign WARC file is copied whole, under a name made of its content: the same file again is known."""
    with file.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    suffix = next(suffix for suffix in WARC_SUFFIXES if file.name.lower().endswith(suffix))
    target = archive.settings.warc_dir / f"import-{digest[:32]}{suffix}"
    if target.exists():
        run.notes.append(f"{file.name} was imported before, as {target.name}")
        return
    partial = target.with_suffix(".partial")
    shutil.copyfile(file, partial)
    partial.rename(target)
