"""Spells URLs canonically: what differs between two spellings of one URL is taken out here."""

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
_LEFT_BEHIND = " /.,;:!*'\"`´’‘”“»›)]}>…\u00a0"
"""What the text around a link leaves at its end."""
_MANGLED_QUERY = re.compile(r"[?#].*|[&;]\w+=.*", re.DOTALL)
_ARCHIVED = re.compile(
    r"^(?:https?:)?(?://)?web\.archive\.org(?::\d+)?/web/\d{1,14}(?:[a-z]{2}_)?/(?P<url>https?:/{1,2}(?=\w).*)$",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
"""A copy in the Internet Archive: whose it is, the URL within it says."""
_ESCAPE_OR_CAPITAL = re.compile(r"%[0-9A-F]{2}|[A-Z]")
KEPT_COUNT = 256
"""Reading one page asks for its own URL half a dozen times."""

_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|ref_src|_openstat)$", re.IGNORECASE
)


CDX_PATH = re.compile(r"(?:^|/)cdx(?:/|$)|-index$", re.IGNORECASE)
"""`/cdx/search/cdx` (Internet Archive), `/CC-MAIN-2024-10-index` (Common Crawl), `/collection/cdx` (pywb)."""


MAX_HOST_CHARS = 253
"""Of a name (RFC 1035). To spell a longer one in ASCII takes Python a while, and then there is no such name."""


class UrlMalformed(ValueError):  # noqa: N818 - it states a fact
    """The text is no URL of the web."""


@dataclass(frozen=True)
class UrlParts:
    """The parts of a URL that can tell one page from another."""

    host: str
    """Lower case, no trailing dot."""
    port: int | None
    """None for the usual one of the scheme."""
    path: str
    """Begins with a slash, has no empty segment and no trailing slash; percent-encoded in one way."""
    query: str


@lru_cache(maxsize=KEPT_COUNT)
def parse_url(url: str) -> UrlParts:
    """Takes a URL apart.

    Raises:
        UrlMalformed: it has no host, another scheme than http or https, cannot be parsed, or is longer than any
            that is fetched.
    """
    if len(url) > MAX_URL_BYTES:
        raise UrlMalformed(f"longer than {MAX_URL_BYTES} bytes")
    text = _SCHEMELESS.sub("https://", _unwrap(url.strip()), count=1)
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        host = host[: MAX_HOST_CHARS + 1]
        host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        raise UrlMalformed(f"{url!r} cannot be parsed") from None
    if parts.scheme.lower() not in {"http", "https"} or not 0 < len(host) <= MAX_HOST_CHARS:
        raise UrlMalformed(f"{url!r} is no URL of the web")
    return UrlParts(host.lower(), port if port not in {None, 80, 443} else None, _read_path(parts.path), parts.query)


def _unwrap(url: str) -> str:
    """The URL of which an archive's is a copy; some tools leave it one slash."""
    match = _ARCHIVED.match(url)
    return re.sub(r":/+", "://", match["url"], count=1) if match else url


def spell_generic(address: UrlParts) -> str:
    """The canonical spelling for a publisher without a profile: its query may be the identity, trackers are not.

    A port of its own keeps plain HTTP: such a URL is a local or test server's.
    """
    pairs = [pair for pair in parse_qsl(address.query, keep_blank_values=True) if not _TRACKING.match(pair[0])]
    query = f"?{urlencode(sorted(pairs))}" if pairs else ""
    origin = f"https://{address.host}" if address.port is None else f"http://{address.host}:{address.port}"
    return f"{origin}{address.path}{query}"


def find_path_day(path: str) -> date | None:
    """The day that a path names as most publishers' do: `/2024/03/05/`, `/2024-03-05-`, `/20240305/`."""
    for match in _PATH_DAY.finditer(path):
        with suppress(ValueError):  # no day of the calendar
            month, day = match["month"] or match["whole"][:2], match["day"] or match["whole"][2:]
            return date(int(match["year"]), int(month), int(day))
    return None


def trim_path(path: str) -> str:
    """A path without what stood around its link: an encoded query or fragment, `&` for `?`, brackets, full stops.

    For a publisher whose paths have none of these; capitals, which its slugs have not either, become small.
    """
    if not path.isascii() or not _PLAIN_PATH.match(path) or path.endswith("."):
        path = _spell_path(_MANGLED_QUERY.sub("", unquote(path, errors="replace")).rstrip(_LEFT_BEHIND))
    return _ESCAPE_OR_CAPITAL.sub(lambda found: found[0] if len(found[0]) > 1 else found[0].lower(), path)


def _read_path(path: str) -> str:
    if _PLAIN_PATH.match(path):
        return path
    # Decoding until nothing changes makes the spelling stable under repeated encoding by careless tools.
    decoded = path
    for _ in range(3):
        again = unquote(decoded, errors="replace")
        if again == decoded:
            break
        decoded = again
    return _spell_path(decoded)


def _spell_path(decoded: str) -> str:
    segments = quote(_SLASHES.sub("/", decoded), safe="/-._~!$&'()*+,;=:@")
    return "/" + segments.strip("/ ")


def is_cdx_url(url: str) -> bool:
    """Whether a URL is that of a web archive's index."""
    try:
        return bool(CDX_PATH.search(urlsplit(url).path))
    except ValueError:
        return False
