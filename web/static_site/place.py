"""Where a page of the application lies in the static site."""

import hashlib
import posixpath
import re
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit

from web.context import Published

START_PATH = "index.html"
PLAIN = re.compile(r"[a-z0-9_-]|(?<!^)\.(?!$)")
"""Letters that mean the same in every file system and in a URL. Capital letters do not: some systems ignore case."""

MAX_NAME_LETTERS = 100
"""Of a part of a path. File systems allow 255 bytes."""

SHARD_DIGITS = 2
"""Articles are spread over 256 folders, which keeps each small enough to be listed."""


class PageUrl(NamedTuple):
    """The path and query of a page of the application."""

    path: str
    """Not quoted."""
    query: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse the URL of a link, without its fragment."""
        parts = urlsplit(url)
        return cls(unquote(parts.path), parts.query)

    def find_id(self, page: Published) -> str:
        """Return the id of the article whose page this is."""
        return self.path.removeprefix(f"{page.prefix}/")


def find_kind(url: PageUrl, pages: tuple[Published, ...]) -> Published | None:
    """Return the kind of page that a URL names; None if the site has no such pages."""
    found = [page for page in pages if _is_of_kind(url, page)]
    return max(found, key=lambda page: len(page.prefix), default=None)


def _is_of_kind(url: PageUrl, page: Published) -> bool:
    is_below = not page.is_exact and url.path.startswith(f"{page.prefix}/")
    return is_below or (not page.is_of_article and url.path == page.prefix)


def name_file(url: PageUrl, page: Published) -> str:
    """Return the path of the page's file, relative to the site's folder."""
    parts = [encode_name(one) for one in page.prefix.strip("/").split("/")]
    if page.is_of_article:
        *folders, name = map(encode_name, url.find_id(page).split(":"))
        shard = hashlib.sha256(url.find_id(page).encode()).hexdigest()[:SHARD_DIGITS]
        parts += [*folders, shard, name]
    else:
        parts += [encode_name(one) for one in url.path.removeprefix(page.prefix).split("/") if one]
    query = f"+{hashlib.sha256(url.query.encode()).hexdigest()[:12]}" if url.query else ""
    return f"{'/'.join(parts)}{query}{page.suffix}"


def encode_name(name: str) -> str:
    """Return a name for a file or folder that is another for each text, on every file system."""
    encoded = "".join(
        one if PLAIN.match(name, at) else "".join(f"~{byte:02x}" for byte in one.encode("utf-8", "surrogatepass"))
        for at, one in enumerate(name)
    )
    if len(encoded) <= MAX_NAME_LETTERS:
        return encoded or "~"
    return (
        f"{encoded[: MAX_NAME_LETTERS // 2]}~{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"
    )


def link_files(source: str, target: str) -> str:
    """Return the relative link from one file of the site to another."""
    return posixpath.relpath(target, posixpath.dirname(source) or ".")
