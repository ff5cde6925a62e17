"""Normalizes URLs, so that different spellings of one URL become equal."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from schemas.capture import MAX_URL_BYTES

_SCHEMELESS = re.compile(r"^(?://)?(?=[\w-]+(\.[\w-]+)+(?:[:/?#]|$))(?![a-z][a-z0-9+.-]*://)", re.IGNORECASE)
_PLAIN_PATH = re.compile(r"^(?:/[\w.-]+)+$", re.ASCII)
_SLASHES = re.compile(r"/{2,}")
_PATH_DAY = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?:(?P<sign>[/-])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})|(?P<whole>\d{4}))"
    r"(?=[/_.-]|$)",
    re.ASCII,
)
_TRAILING_TEXT = " /.,;:!*'\"`´’‘”“»›)]}>…\u00a0"
"""Characters of the text around a link that end up at the URL's end."""
_MANGLED_QUERY = re.compile(r"[?#].*|[&;]\w+=.*", re.DOTALL)
_ARCHIVED = re.compile(
    r"^(?:https?:)?(?://)?web\.archive\.org(?::\d+)?/web/\d{1,14}(?:[a-z]{2}_)?/(?P<url>https?:/{1,2}(?=\w).*)$",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
"""A capture in the Internet Archive: the URL within it identifies the page."""
_ESCAPE_OR_CAPITAL = re.compile(r"%[0-9A-F]{2}|[A-Z]")
CACHED_COUNT = 256
"""Size of the cache: reading one page parses its URL half a dozen times."""

_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|ref_src|_openstat)$", re.IGNORECASE
)


CDX_PATH = re.compile(r"(?:^|/)cdx(?:/|$)|-index$", re.IGNORECASE)
"""`/cdx/search/cdx` (Internet Archive), `/CC-MAIN-2024-10-index` (Common Crawl), `/collection/cdx` (pywb)."""


MAX_HOST_CHARS = 253
"""Longest host name (RFC 1035). Python is slow to encode longer ones in ASCII, and they cannot exist."""


class UrlMalformed(ValueError):  # noqa: N818 - it states a fact
    """The text is not an HTTP(S) URL."""


@dataclass(frozen=True)
class UrlParts:
    """The parts of a URL that can distinguish pages."""

    host: str
    """Lower case, no trailing dot."""
    port: int | None
    """None for the default port of the scheme."""
    path: str
    """Begins with a slash, without empty segments or a trailing slash; percent-encoding is normalized."""
    query: str


@lru_cache(maxsize=CACHED_COUNT)
def parse_url(url: str) -> UrlParts:
    """Parse and normalize a URL.

    Raises:
        UrlMalformed: it has no host, a scheme other than http or https, cannot be parsed, or is longer than
            `MAX_URL_BYTES`.
    """
    if len(url) > MAX_URL_BYTES:
        raise UrlMalformed(f"longer than {MAX_URL_BYTES} bytes")
    text = _SCHEMELESS.sub("https://", _unwrap_archived(url.strip()), count=1)
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        host = host[: MAX_HOST_CHARS + 1]
        host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        raise UrlMalformed(f"{url!r} cannot be parsed") from None
    if parts.scheme.lower() not in {"http", "https"} or not 0 < len(host) <= MAX_HOST_CHARS:
        raise UrlMalformed(f"{url!r} is not an HTTP(S) URL")
    return UrlParts(
        host.lower(), port if port not in {None, 80, 443} else None, _normalize_path(parts.path), parts.query
    )


def _unwrap_archived(url: str) -> str:
    """Return the original URL of an archived one; some tools reduce its `//` to one slash."""
    match = _ARCHIVED.match(url)
    return re.sub(r":/+", "://", match["url"], count=1) if match else url


def canonicalize(parts: UrlParts) -> str:
    """Return the canonical URL for a publisher without a profile: with its query, but without tracking parameters.

    A URL with an explicit port keeps plain HTTP: it belongs to a local or test server.
    """
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(pair[0])]
    query = f"?{urlencode(sorted(pairs))}" if pairs else ""
    origin = f"https://{parts.host}" if parts.port is None else f"http://{parts.host}:{parts.port}"
    return f"{origin}{parts.path}{query}"


def find_path_day(path: str) -> date | None:
    """Return the day in a path, in the usual forms: `/2024/03/05/`, `/2024-03-05-`, `/20240305/`; None if none."""
    for match in _PATH_DAY.finditer(path):
        with suppress(ValueError):  # not a valid date
            month, day = match["month"] or match["whole"][:2], match["day"] or match["whole"][2:]
            return date(int(match["year"]), int(month), int(day))
    return None


def trim_path(path: str) -> str:
    """Remove what the text around a link left in its path: an encoded query or fragment, brackets, full stops.

    Also a query begun with `&` instead of `?`. Only for publishers whose paths have none of these, and no capitals:
    letters become lower case.
    """
    if not path.isascii() or not _PLAIN_PATH.match(path) or path.endswith("."):
        path = _encode_path(_MANGLED_QUERY.sub("", unquote(path, errors="replace")).rstrip(_TRAILING_TEXT))
    return _ESCAPE_OR_CAPITAL.sub(lambda found: found[0] if len(found[0]) > 1 else found[0].lower(), path)


def _normalize_path(path: str) -> str:
    if _PLAIN_PATH.match(path):
        return path
    # Decoded until nothing changes, because some tools encode URLs repeatedly.
    decoded = path
    for _ in range(3):
        unquoted = unquote(decoded, errors="replace")
        if unquoted == decoded:
            break
        decoded = unquoted
    return _encode_path(decoded)


def _encode_path(decoded: str) -> str:
    segments = quote(_SLASHES.sub("/", decoded), safe="/-._~!$&'()*+,;=:@")
    return "/" + segments.strip("/ ")


def is_cdx_url(url: str) -> bool:
    """Return whether a URL is that of a web archive's index."""
    try:
        return bool(CDX_PATH.search(urlsplit(url).path))
    except ValueError:
        return False
