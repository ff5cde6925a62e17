"""CDXJ indexes of WARC files, for replay tools: one line per capture, sorted by URL and time."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from schemas.redaction import REDACTED
from storage.atomic_file import replace_file
from storage.schema.tables import Capture, Entry

TIME_FORMAT = "%Y%m%d%H%M%S"
DEFAULT_PORTS = {"http": 80, "https": 443}

_WWW = re.compile(r"^www\d*\.")
_BLANKS = re.compile(r"\s")
_SLASHES = re.compile(r"/{2,}")


def write_index(session: Session, warc: str, path: Path) -> int:
    """Write the index of one WARC file atomically; return its number of lines."""
    lines = sorted(iterate_lines(session, warc))
    with replace_file(path) as file:
        file.write("".join(f"{line}\n" for line in lines).encode())
    return len(lines)


def iterate_lines(session: Session, warc: str) -> Iterator[str]:
    """Yield a line for each capture that has a URL and is neither lost nor redacted, in file order."""
    columns = (Capture.url, Capture.fetched_at, Capture.status, Capture.media_type, Capture.sha256)
    is_there = (Capture.warc == warc, Capture.url.is_not(None), ~Capture.is_lost)
    is_redacted = and_(Entry.id == Capture.entry_id, Entry.rule == REDACTED)
    others = select(*columns, Capture.length, Capture.offset).outerjoin(Entry, is_redacted).where(Entry.id.is_(None))
    statement = others.where(*is_there)
    for row in session.execute(statement.order_by(Capture.offset).execution_options(yield_per=1_000)):
        fields = {
            "url": row.url,
            "mime": row.media_type.partition(";")[0].strip() or "unk",
            "status": str(row.status),
            "digest": f"sha256:{row.sha256}",
            "length": str(row.length),
            "offset": str(row.offset),
            "filename": warc,
        }
        yield f"{make_key(row.url)} {row.fetched_at:{TIME_FORMAT}} {json.dumps(fields, ensure_ascii=False)}"


def make_key(url: str) -> str:
    """Return the URL's sort key in replay tools (SURT), in lower case: the host reversed, then the path.

    `www.`, a default port and a trailing slash are dropped; the parameters are sorted. An invalid URL is returned in
    lower case, with blanks encoded.
    """
    try:
        parts = urlsplit(url)
        number = parts.port
    except ValueError:  # an invalid host or port
        return _BLANKS.sub("%20", url.lower())
    host = _WWW.sub("", _to_ascii(parts.hostname or ""))
    port = f":{number}" if number and number != DEFAULT_PORTS.get(parts.scheme) else ""
    path = _SLASHES.sub("/", parts.path.lower()).rstrip("/") or "/"
    query = "&".join(sorted(parts.query.lower().split("&")))
    return f"{','.join(reversed(host.split('.')))}{port}){path}{f'?{query}' if query else ''}"


def _to_ascii(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:  # an invalid host name goes into the index unchanged
        return host
