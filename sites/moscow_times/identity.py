"""Whose page a URL of The Moscow Times is.

The number after the last hyphen is the identity, within its edition: slugs follow the headline, and dates in paths have
changed too. English and Russian numbers are separate sequences that overlap.
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
"""Until 2017. Its articles are asked for at today's site."""

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
# No date, and no folder but a section's: a slug may begin as the name of another page does (`/account-of-war-a123`).
UNDATED = re.compile(rf"^/(?:(?:articles|{'|'.join(SECTIONS)})/)?[\w-]+-a0*(?P<id>[1-9]\d*)$", re.ASCII)
_VARIANT = re.compile(r"(?<=\d)(?:/amp|/print|\.html?)+$", re.ASCII)
"""What other renderings of a page append to its article's number."""
ARCHIVE = re.compile(r"^/(?P<id>archive/[^/]+)$")
# 2016 to 2018, on the bare host: ids of today's sequence, then between a52000 and a63000.
NUMBERED = re.compile(r"^/(?:articles|news)/[^/]+-0*(?P<id>[1-9]\d{4,})$", re.ASCII)
OLDER = (
    re.compile(r"^/stories/\d{4}/\d{2}/\d{2}/\d+\.html$", re.ASCII),  # to 2008
    re.compile(r"^/(?:[\w-]+/)+article/(?:[^/]+/)?\d+(?:\.html)?$", re.ASCII),  # 2009 to 2015, an older sequence
    re.compile(r"^/photogalleries/[\w-]+-\d+$", re.ASCII),
)
OLD_ARTICLE = re.compile(r"^/\d{4}/\d{1,2}/article/(?P<slug>[^/]+)/(?P<number>\d+)\.html$", re.ASCII)
"""On the old host. `/news/article/SLUG/N.html` of today's site redirects to the same story under `/archive/`."""
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
"""The names of what is no article; the first that fits counts, and `other-page` what none fits."""


def identify(url: str) -> Identity:
    """The edition and the article of a URL, or the rule by which it is none; never raises."""
    try:
        address = parse_url(url)
    except UrlMalformed:
        return Identity(url=url.strip() or "about:blank", site=SITE, rule="malformed-address")
    edition = EDITION_BY_HOST.get(address.host)
    if address.host == OLD_HOST and (match := OLD_ARTICLE.match(address.path)):
        url = f"{ENGLISH.origin}/news/article/{match['slug']}/{match['number']}.html"
        return Identity(url=url, site=SITE, edition=ENGLISH.code)
    if edition is None:
        rule = find_rule(address.path) if address.host in {STATIC_HOST, OLD_HOST} else "foreign-host"
        return Identity(url=f"https://{address.host}{address.path}", site=SITE, rule=rule)
    number = find_id(address.path)
    path = _trim(address.path) if number else address.path
    return Identity(
        url=edition.origin + path + _keep_query(address),
        site=SITE,
        edition=edition.code,
        id=f"{SITE}:{edition.code}:{number}" if number else None,
        rule=None if number or is_older(address) else find_rule(address.path),
    )


def find_id(path: str) -> str | None:
    """The article's id within its edition, or `archive/SLUG`; also where the path was mangled on its way."""
    trimmed = _trim(path)
    match = next((found for shape in (DATED, ARCHIVE, NUMBERED, UNDATED) if (found := shape.match(trimmed))), None)
    return match["id"] if match and not (match.re is ARCHIVE and match["id"].split("/")[1].isdigit()) else None


def _trim(path: str) -> str:
    """A path without what was left behind it, and without the name of another rendering; archive slugs have none."""
    trimmed = trim_path(path)
    return trimmed if ARCHIVE.match(trimmed) else _VARIANT.sub("", trimmed)


def is_older(address: UrlParts) -> bool:
    """Whether it is an article's URL of a shape that redirects to today's."""
    return bool(_keep_query(address)) or any(pattern.match(address.path) for pattern in OLDER)


def find_rule(path: str) -> str:
    """The name of the rule by which a path is no article's."""
    return next((rule for rule, pattern in RULES if pattern.search(path.lower())), "other-page")


def find_day(url: str) -> date | None:
    """The day in a dated URL: Moscow's, and not always the one of publication."""
    try:
        match = DATED.match(_trim(parse_url(url).path))
        return date(*(int(part) for part in match["day"].split("/"))) if match else None
    except ValueError:  # malformed, or no day of the calendar
        return None


def _keep_query(address: UrlParts) -> str:
    """The one query that is an identity: the id of the oldest script."""
    match = _OLD_SCRIPT_ID.search(address.query) if address.path == OLD_SCRIPT else None
    return f"?id={match[1]}" if match else ""
