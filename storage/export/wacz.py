"""Write WACZ 1.1.1 files: captures that ReplayWeb.page and pywb replay, with their index and their checksums.

The same captures give the same bytes: the ZIP has no times of its own, and the records are copied as they lie in the
archive's WARC files. Source: https://specs.webrecorder.net/wacz/1.1.1/.
"""

import gzip
import hashlib
import io
import json
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from fastwarc.warc import ArchiveIterator

from schemas.capture import CaptureRef, CaptureSummary
from schemas.model import Count, NonEmpty, Record, Sha256
from storage.warc.cdxj import TIME_FORMAT, make_key
from storage.warc.store import WarcStore

WACZ_VERSION = "1.1.1"
WARC_NAME = "captures.warc.gz"
WARC_PATH = f"archive/{WARC_NAME}"
INDEX_PATH = "indexes/index.cdx"
PAGES_PATH = "pages/pages.jsonl"
PACKAGE_PATH = "datapackage.json"
DIGEST_PATH = "datapackage-digest.json"

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the ZIP: the earliest that it can hold."""

GZIP_MAGIC = b"\x1f\x8b"


class RecordLocation(Record):
    """Where a record lies in the WARC file of a WACZ."""

    warc_record_id: str | None
    """The record's `WARC-Record-ID`, as `<urn:uuid:…>`."""
    offset: Count
    """Bytes from the start of the WARC file to the record's gzip member."""
    length: Count
    """Bytes of that member."""


class RecordDigest(Record):
    """What identifies a record."""

    warc_record_id: str | None
    """Its `WARC-Record-ID`, as `<urn:uuid:…>`."""
    payload_sha256: Sha256
    """Digest of its payload: of the HTTP body, as it was sent."""


class _Resource(Record):
    """A file in the ZIP, as `datapackage.json` lists it."""

    name: NonEmpty
    path: NonEmpty
    hash: NonEmpty
    bytes: Count


def read_member(warcs: WarcStore, ref: CaptureRef) -> bytes:
    """Return a record as one gzip member: as it lies in its file, or compressed if it is not.

    Raises:
        FileNotFoundError, StoreUnreachable: see `WarcStore.open_record`.
    """
    with warcs.open_record(ref) as file:
        file.seek(ref.offset)
        data = file.read(ref.length)
    return data if data.startswith(GZIP_MAGIC) else gzip.compress(data, mtime=0)


def read_record(member: bytes) -> RecordDigest:
    """Return what identifies a record that is one gzip member.

    Raises:
        ValueError: there is no record in it, or it is damaged.
    """
    try:
        record = next(iter(ArchiveIterator(io.BytesIO(member), parse_http=True)))
        payload = record.reader.read()
    except (StopIteration, OSError) as error:
        raise ValueError(str(error) or "there is no record") from None
    return RecordDigest(
        warc_record_id=record.headers.get("WARC-Record-ID"), payload_sha256=hashlib.sha256(payload).hexdigest()
    )


class WaczWriter:
    """Writes a WACZ file. Add the captures, then call `finish`."""

    def __init__(self, file: BinaryIO, title: str, created_at: datetime) -> None:
        self._zip = ZipFile(file, "w", ZIP_STORED)
        self._title, self._created_at = title, created_at
        self._warc = self._zip.open(_make_info(WARC_PATH), "w", force_zip64=True)
        self._digest = hashlib.sha256()
        self._position = 0
        self._index: list[str] = []
        self._pages: list[str] = []
        self._resources: list[_Resource] = []

    def add(self, member: bytes, capture: CaptureSummary, title: str) -> RecordLocation:
        """Add a record, one gzip member, that is the capture of a page; return where it lies."""
        location = RecordLocation(
            warc_record_id=read_record(member).warc_record_id, offset=self._position, length=len(member)
        )
        self._warc.write(member)
        self._digest.update(member)
        self._position += len(member)
        if capture.url is not None:
            self._index.append(_make_index_line(capture, capture.url, location))
            page = {"url": capture.url, "ts": capture.fetched_at.isoformat().replace("+00:00", "Z"), "title": title}
            self._pages.append(json.dumps(page, ensure_ascii=False))
        return location

    def discard(self) -> None:
        """Close the unfinished file, ignoring errors: it will be deleted."""
        for one in (self._warc, self._zip):
            with suppress(OSError, ValueError):
                one.close()
        self._zip.fp = None  # or its finalizer tries once more

    def finish(self) -> None:
        """Write the index, the list of pages and the package's own description."""
        self._warc.close()
        self._list(WARC_NAME, WARC_PATH, self._digest.hexdigest(), self._position)
        self._write(INDEX_PATH, "".join(f"{line}\n" for line in sorted(self._index)).encode())
        heading = json.dumps({"format": "json-pages-1.0", "id": "pages", "title": "All Pages"})
        self._write(PAGES_PATH, "".join(f"{line}\n" for line in (heading, *self._pages)).encode())
        package = {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "title": self._title,
            "software": f"broadsheet {version('broadsheet')}",
            "created": self._created_at.isoformat().replace("+00:00", "Z"),
            "resources": [one.model_dump() for one in self._resources],
        }
        text = json.dumps(package, indent=2, ensure_ascii=False).encode()
        self._write(PACKAGE_PATH, text)
        digest = {"path": PACKAGE_PATH, "hash": f"sha256:{hashlib.sha256(text).hexdigest()}"}
        self._write(DIGEST_PATH, json.dumps(digest, indent=2).encode())
        self._zip.close()

    def _write(self, path: str, data: bytes) -> None:
        self._zip.writestr(_make_info(path), data)
        self._list(path.rpartition("/")[-1], path, hashlib.sha256(data).hexdigest(), len(data))

    def _list(self, name: str, path: str, digest: str, byte_count: int) -> None:
        self._resources.append(_Resource(name=name, path=path, hash=f"sha256:{digest}", bytes=byte_count))


def _make_info(path: str) -> ZipInfo:
    info = ZipInfo(path, EPOCH)
    info.external_attr = 0o644 << 16
    info.create_system = 3  # Unix, on every system
    return info


def _make_index_line(capture: CaptureSummary, url: str, location: RecordLocation) -> str:
    fields = {
        "url": url,
        "mime": capture.media_type.partition(";")[0].strip() or "unk",
        "status": str(capture.status),
        "digest": f"sha256:{capture.ref.sha256}",
        "length": str(location.length),
        "offset": str(location.offset),
        "filename": WARC_NAME,
    }
    return f"{make_key(url)} {capture.fetched_at:{TIME_FORMAT}} {json.dumps(fields, ensure_ascii=False)}"
