"""The identity of URLs of The Moscow Times.

The number after the last hyphen identifies an article within its edition: slugs change with the headline, and dates in
paths have changed too. English and Russian numbers are separate, overlapping sequences.
"""

import re
from datetime import date

from schemas.url import Identity
from sites.profile import Edition
from sites.url import UrlMalformed, UrlParts, parse_url, trim_path

SITE = "moscow-times"
ENGLISH = Edition("en", "https://www.themoscowtimes.com", "en")
RUSSIAN = Edition("ru", "https://ru.themoscowtimes.com", "ru")
STATIC_HOST = "static.themoscowtimes.com"
OLD_HOST = "old.themoscowtimes.com"
"""The host until 2017. Its articles are fetched from today's site."""

EDITION_BY_HOST = {
    "www.themoscowtimes.com": ENGLISH,
    "themoscowtimes.com": ENGLISH,
    "m.themoscowtimes.com": ENGLISH,
    "ru.themoscowtimes.com": RUSSIAN,
    "www.ru.themoscowtimes.com": RUSSIAN,
    "www.moscowtimes.ru": RUSSIAN,  # until 2025
    "moscowtimes.ru": RUSSIAN,
    "moscowtimes.news": RUSSIAN,  # mirrors
    "www.moscowtimes.news": RUSSIAN,
    "moscowtimes.eu": RUSSIAN,
    "www.moscowtimes.eu": RUSSIAN,
}

SECTIONS = (
    "news",
    "ukraine-war",
    "opinion",
    "business",
    "meanwhile",
    "arts-and-life",
    "climate",
    "diaspora",
    "in-depth",
    "features",
    "lectures",
)
"""Paths of the section listings."""

DATED = re.compile(r"^/(?P<day>\d{4}/\d{1,2}/\d{1,2})/(?:[^/]*-)?a0*(?P<id>[1-9]\d*)$", re.ASCII)
# No date, and no folder except a section's: a slug may begin like the path of another page (`/account-of-war-a123`).
UNDATED = re.compile(rf"^/(?:(?:articles|{'|'.join(SECTIONS)})/)?[\w-]+-a0*(?P<id>[1-9]\d*)$", re.ASCII)
_VARIANT = re.compile(r"(?<=\d)(?:/amp|/print|\.html?)+$", re.ASCII)
"""Suffixes that other renderings of a page append to the article's number."""
ARCHIVE = re.compile(r"^/(?P<id>archive/[^/]+)$")
# 2016 to 2018, on the bare host: ids of today's sequence, at that time between a52000 and a63000.
NUMBERED = re.compile(r"^/(?:articles|news)/[^/]+-0*(?P<id>[1-9]\d{4,})$", re.ASCII)
OLDER = (
    re.compile(r"^/stories/\d{4}/\d{2}/\d{2}/\d+\.html$", re.ASCII),  # to 2008
    re.compile(r"^/(?:[\w-]+/)+article/(?:[^/]+/)?\d+(?:\.html)?$", re.ASCII),  # 2009 to 2015, an older sequence
    re.compile(r"^/photogalleries/[\w-]+-\d+$", re.ASCII),
)
OLD_ARTICLE = re.compile(r"^/\d{4}/\d{1,2}/article/(?P<slug>[^/]+)/(?P<number>\d+)\.html$", re.ASCII)
"""An article on the old host. `/news/article/SLUG/N.html` on today's site redirects to it under `/archive/`."""
OLD_SCRIPT = "/article.php"
_OLD_SCRIPT_ID = re.compile(r"(?:^|[&;])id=(\d+)(?!\w)", re.ASCII)

RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (rule, re.compile(pattern))
    for rule, pattern in (
        ("home-page", r"^/$"),
        ("author-page", r"^/authors?(?:/|$)"),
        ("tag-page", r"^/(?:tags?|all-about)(?:/|$)"),
        ("issue-page", r"^/(?:issues?|in-print)(?:/|$)"),
        ("partner-content", r"^/(?:partner|plus)(?:/|$)"),
        ("newsletter-page", r"^/newsletters?(?:/|$)"),
        ("contribute-page", r"^/contribute(?:/|$)"),
        ("account-page", r"^/accounts?(?:/|$)"),
        ("search-page", r"^/search(?:/|$)"),
        ("event-page", r"^/events?(?:/|$)"),
        ("preview-page", r"^/preview(?:/|$)"),
        ("live-posts", r"^/live/\d+(?:/\d+)?$"),
        ("feed", r"^/(?:rss|feeds)/"),
        ("sitemap", r"/sitemap/|/sitemap[\w-]*\.xml$"),
        ("section-page", rf"^/(?:{'|'.join(SECTIONS)}|city|archive|live)(?:/\d+)?$"),
        ("section-page", r"^/(?:podcasts?|videos?|galler(?:y|ies))(?:/|$)"),
        ("static-page", r"^/page(?:/|$)"),
    )
)
"""Rules for paths that are not articles. The first that matches applies; if none does, the rule is `other-page`."""


def identify(url: str) -> Identity:
    """Return the edition and article of a URL, or the rule that says that it is not an article. Never raises."""
    try:
        parts = parse_url(url)
    except UrlMalformed:
        return Identity(url=url.strip() or "about:blank", site=SITE, rule="malformed-address")
    edition = EDITION_BY_HOST.get(parts.host)
    if parts.host == OLD_HOST and (match := OLD_ARTICLE.match(parts.path)):
        url = f"{ENGLISH.origin}/news/article/{match['slug']}/{match['number']}.html"
        return Identity(url=url, site=SITE, edition=ENGLISH.code)
    if edition is None:
        rule = find_exclusion_rule(parts.path) if parts.host in {STATIC_HOST, OLD_HOST} else "foreign-host"
        return Identity(url=f"https://{parts.host}{parts.path}", site=SITE, rule=rule)
    number = find_id(parts.path)
    path = _trim(parts.path) if number else parts.path
    return Identity(
        url=edition.origin + path + _find_id_query(parts),
        site=SITE,
        edition=edition.code,
        id=f"{SITE}:{edition.code}:{number}" if number else None,
        rule=None if number or is_older(parts) else find_exclusion_rule(parts.path),
    )


def find_id(path: str) -> str | None:
    """Return the article's id within its edition, or `archive/SLUG`, even from a mangled path; None if none."""
    trimmed = _trim(path)
    match = next((found for shape in (DATED, ARCHIVE, NUMBERED, UNDATED) if (found := shape.match(trimmed))), None)
    return match["id"] if match and not (match.re is ARCHIVE and match["id"].split("/")[1].isdigit()) else None


def _trim(path: str) -> str:
    """Trim a path, and remove the suffix of another rendering, which archive slugs do not have."""
    trimmed = trim_path(path)
    return trimmed if ARCHIVE.match(trimmed) else _VARIANT.sub("", trimmed)


def is_older(parts: UrlParts) -> bool:
    """Return whether it is an article's URL in an older form, which redirects to today's."""
    return bool(_find_id_query(parts)) or any(pattern.match(parts.path) for pattern in OLDER)


def find_exclusion_rule(path: str) -> str:
    """Return the name of the rule that says that a path is not an article's."""
    return next((rule for rule, pattern in RULES if pattern.search(path.lower())), "other-page")


def find_day(url: str) -> date | None:
    """Return the day in a dated URL, Moscow time; it is not always the day of publication."""
    try:
        match = DATED.match(_trim(parse_url(url).path))
        return date(*(int(part) for part in match["day"].split("/"))) if match else None
    except ValueError:  # a malformed URL or an invalid date
        return None


def _find_id_query(parts: UrlParts) -> str:
    """Return the only query that is part of an identity: the id of the oldest script; empty for any other."""
    match = _OLD_SCRIPT_ID.search(parts.query) if parts.path == OLD_SCRIPT else None
    return f"?id={match[1]}" if match else ""
