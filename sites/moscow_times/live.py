"""Live blogs: their pages have no posts. `/live/ID/0` on the edition's host returns them."""

import re

from sites.moscow_times.identity import EDITION_BY_HOST, SITE, find_id
from sites.url import UrlMalformed, parse_url

POSTS = re.compile(r"^/live/0*(?P<id>[1-9]\d*)/0$", re.ASCII)

# Markup that shows a live blog: any of these is enough, or the URL of its posts. Excerpt cards on other pages
# have `…--live` classes too, so only the classes of the article itself and of posts count.
_MARK = re.compile(
    rb"""\sdata-live(?:-\w+)?[\s=>]"""
    rb"""|\sclass\s*+=\s*+["']?[^"'>=]*(?<![\w-])(?:article--live|live-?posts?|live-?blog|live-intro)(?![\w])"""
    rb"""|"@type"\s*+:\s*+\[?\s*+"LiveBlogPosting\"""",
    re.IGNORECASE,
)

_WORDS = (b"data-live", b"article--live", b"live-post", b"livepost", b"live-blog", b"liveblog", b"live-intro")


def list_companions(url: str, body: bytes) -> tuple[str, ...]:
    """Return the URL of the posts if the page is a live blog's."""
    try:
        parts = parse_url(url)
    except UrlMalformed:
        return ()
    edition, number = EDITION_BY_HOST.get(parts.host), find_id(parts.path)
    if edition is None or number is None or not number.isdigit():
        return ()
    is_live = _is_marked(body) or re.search(rb"/live/%s(?!\d)" % number.encode(), body)
    return (f"{edition.origin}/live/{number}/0",) if is_live else ()


def _is_marked(body: bytes) -> bool:
    # Nearly every page has none of these words, and skips the slower search.
    lower = body.lower()
    return any(word in lower for word in _WORDS) and _MARK.search(body) is not None


def find_record_id(url: str) -> str | None:
    """Return the record id of the live blog whose posts are at this URL; None for any other URL."""
    try:
        parts = parse_url(url)
    except UrlMalformed:
        return None
    edition, match = EDITION_BY_HOST.get(parts.host), POSTS.match(parts.path)
    return f"{SITE}:{edition.code}:{match['id']}" if edition and match else None


def locate_posts(record_id: str) -> tuple[str, ...]:
    """Return the URL at which the posts of a record would be if it is a live blog; none for an id without a number."""
    site, _, rest = record_id.partition(":")
    code, _, number = rest.partition(":")
    edition = {one.code: one for one in EDITION_BY_HOST.values()}.get(code)
    if site != SITE or edition is None or not (number.isascii() and number.isdigit()):
        return ()
    return (f"{edition.origin}/live/{number}/0",)
