"""Writes the folder of another publisher from what one of its pages, its feeds and its sitemaps show."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from lxml.html import HtmlElement

import sites
from extraction.linked_data import read_text
from extraction.metadata import read_metadata
from extraction.normalization import tidy
from extraction.page import parse_capture
from pipeline.ingest import origin_of, require_contact
from pipeline.integrity.live_site import open_live_crawl
from pipeline.site_guess import Guess, guess_rules
from schemas.article import Unreadable
from schemas.capture import Capture, CaptureRef
from schemas.failure import RunFailure, UsageFailure
from schemas.model import NonEmpty, Record
from schemas.settings import Settings
from sites.feed import read_xml_source, resolve_url
from sites.installed import SITE_NAME
from sites.publishers import GENERIC_NAME
from sites.source_page import SourceUnreadable
from sites.url import UrlMalformed, UrlParts, parse_url

MARK = "FIXME"
"""Stands in the folder where something was not found."""

FEED_TYPES = "self::link[@type='application/rss+xml' or @type='application/atom+xml']"
ROBOTS_SITEMAP = re.compile(r"(?im)^[ \t]*+sitemap:[ \t]*+(\S+)")

MAX_SOURCES = 5
"""Most feeds, and most sitemaps, that are looked at: a site may name one for each section."""

PATTERNS = (
    r"^/(?:[^/]+/)*(?:[^/]*-)?(?P<id>\d{4,})(?:\.html?)?$",
    r"^/(?P<id>(?:[\w%-]+/)*\d{4}/\d{2}/\d{2}/[^/]+)$",
    r"^/(?:[\w%-]+/)*(?P<id>\d{4,})[/-][^/]+$",
    r"^/(?P<id>(?:[\w%-]+/)*\d{4}/\d{2}/[^/]+)$",
    r"^/(?P<id>[\w%-]+/[\w%-]+-[\w%-]+)$",
    r"^/(?P<id>[\w%-]+-[\w%-]+-[\w%-]+)$",
)
"""Usual paths of articles, percent-encoded, the surest first: by a number, a date, section and slug, a slug alone."""

DATE = re.compile(r"(?:19|20)\d\d(?:[01]\d[0-3]\d)?", re.ASCII)
"""A year, or a day without separators: many articles have it."""

LAST_IMPORT = "from sites.profile import Edition"

NO_OTHERS: Mapping[str, Path | None] = MappingProxyType({})

GUESSED = "the rules of the page, which are guesses: `site check` shows what they change"

UNKNOWN_PATTERN = r"^/(?P<id>.+)$"
"""Any path is an article's."""


class SiteExists(UsageFailure):
    """A publisher of this name is there already."""


class SiteNameInvalid(UsageFailure):
    """The name cannot be that of a publisher."""


class SitesDirMissing(UsageFailure):
    """The setting is missing that says where the user's own publishers are."""


class SitesDirUnusable(UsageFailure):
    """The folder of the user's own publishers cannot be written."""


class PageUnusable(RunFailure):
    """The page cannot be read, so nothing can be learned from it."""


class NewSite(Record):
    """What was written, and what a person has to look at."""

    name: NonEmpty
    folder: NonEmpty
    found: tuple[str, ...]
    missing: tuple[str, ...]


def make_site_folder(
    settings: Settings,
    name: str,
    url: str,
    page_path: Path | None = None,
    others: Mapping[str, Path | None] = NO_OTHERS,
) -> NewSite:
    """Look at a page of a publisher, live or saved, and write the publisher's folder.

    From other articles besides (URL -> file, if it is saved), the rules of the page are guessed.

    Raises:
        SiteExists, SiteNameInvalid, SitesDirMissing, SitesDirUnusable, PageUnusable, ContactMissing, CrawlFailed.
    """
    pages = {url: page_path, **others}
    folder = check_name(settings, name, pages)
    saved = {each: load_saved_page(path, each) for each, path in pages.items() if path}
    received = saved if page_path else {**fetch_samples(settings, url, list(others)), **saved}
    seen = Observations(url, received)
    check_owner(seen.url)
    guess = guess_rules([received[each] for each in pages])
    text, found, missing = render_profile(name, seen, guess)
    try:
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(text, encoding="utf-8")
        (folder / "README.md").write_text(render_facts(name, url, found, missing), encoding="utf-8")
    except OSError as error:
        raise SitesDirUnusable(f"{folder}: {error.strerror}") from None
    return NewSite(name=name, folder=str(folder), found=tuple(found), missing=tuple(missing))


def check_name(settings: Settings, name: str, urls: Iterable[str]) -> Path:
    """Return the folder to write.

    Raises:
        SiteExists, SiteNameInvalid, SitesDirMissing, SitesDirUnusable: it cannot be written.
    """
    if not SITE_NAME.fullmatch(name):
        raise SiteNameInvalid(f"{name!r} is no name for a site: use small letters, digits and hyphens (kyiv-post)")
    if settings.sites_dir is None:
        raise SitesDirMissing("BROADSHEET_SITES_DIR is needed: the folder of your own publishers, such as ./publishers")
    for url in urls:
        if not url.lower().startswith(("http://", "https://")) or _parse(url) is None:
            raise SiteNameInvalid(f"--url: {url!r} is not an HTTP(S) URL")
    try:
        settings.sites_dir.mkdir(parents=True, exist_ok=True)  # before the profiles are read from there
    except OSError as error:
        raise SitesDirUnusable(f"BROADSHEET_SITES_DIR: {settings.sites_dir}: {error.strerror}") from None
    folder = settings.sites_dir / name.replace("-", "_")
    if name in sites.PUBLISHERS.profiles or folder.exists():
        raise SiteExists(f"there is a site {name} already")
    for url in urls:
        check_owner(url)
    return folder


def check_owner(url: str) -> None:
    """Check that a URL is of no known publisher.

    Raises:
        SiteExists: it is.
    """
    owner = sites.find_site(url).name
    if owner != GENERIC_NAME:
        raise SiteExists(f"{urlsplit(url).netloc} is that of the site {owner}")


def load_saved_page(path: Path, url: str) -> Capture:
    """Return a saved page as if it had been fetched.

    Raises:
        PageUnusable: the file cannot be read.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise PageUnusable(f"{path}: {error.strerror}") from None
    return make_capture(url, body)


def make_capture(url: str, body: bytes) -> Capture:
    """Return a successful response with this body, which is in no WARC file."""
    ref = CaptureRef(warc="saved", offset=0, length=0, sha256="0" * 64)
    headers = (("content-type", "text/html"),)
    return Capture(ref=ref, url=url, status=200, headers=headers, body=body, fetched_at=datetime.now(UTC))


def fetch_samples(settings: Settings, url: str, others: Sequence[str] = ()) -> dict[str, Capture]:
    """Fetch the pages, robots.txt, and the feeds and sitemaps that these name; robots.txt and pace are respected.

    Returns each under the URL that was asked for, which may have redirected.

    Raises:
        ContactMissing, RunInProgress, CrawlFailed: as for any crawl.
        PageUnusable: the page was not received.
    """
    profile = sites.get_site(GENERIC_NAME)
    if not settings.origins.keys() >= set(map(origin_of, (url, *others))):
        require_contact(settings, GENERIC_NAME)
    with open_live_crawl(settings, profile) as crawl:
        first = crawl.fetch([url, *others])
        for each in (url, *others):
            if not isinstance(first.get(each), Capture):
                raise PageUnusable(f"{each}: {first.get(each) or 'no response'}")
        received = {asked: one for asked, one in first.items() if isinstance(one, Capture)}
        seen = Observations(url, received)
        further = crawl.fetch([*seen.list_feed_urls()[:MAX_SOURCES], *seen.list_sitemap_urls()[:MAX_SOURCES]])
    return {asked: one for asked, one in further.items() if isinstance(one, Capture)} | received


class Observations:
    """What the fetched responses show of a publisher."""

    def __init__(self, asked_url: str, captures: Mapping[str, Capture]) -> None:
        self.captures = captures
        page = captures[asked_url]
        self.url = url = page.url or asked_url  # it may have redirected
        self.asked_host = parse_url(asked_url).host
        tree = parse_capture(page)
        if isinstance(tree, Unreadable):
            raise PageUnusable(f"{url}: {tree.reason}{f': {tree.detail}' if tree.detail else ''}")
        self.tree: HtmlElement = tree
        self.metadata = read_metadata(tree)

    @property
    def origin(self) -> str:
        """Scheme and host of the page, as in its canonical URLs."""
        parts = parse_url(self.url)
        scheme = "http" if self.url.lower().startswith("http:") else "https"
        return f"{scheme}://{parts.host}{'' if parts.port is None else f':{parts.port}'}"

    def list_feed_urls(self) -> list[str]:
        """Return the feeds that the page names, except those of comments, on this article or on all."""
        links = self.tree.xpath(f"//*[{FEED_TYPES}]/@href")
        own = parse_url(self.url).path
        found = self._resolve(map(str, links))
        return [one for one in found if not parse_url(one).path.startswith((f"{own}/", "/comments/"))]

    def list_sitemap_urls(self) -> list[str]:
        """Return the sitemaps that robots.txt names, else the usual place of one."""
        robots = self.captures.get(f"{self.origin}/robots.txt")
        named = ROBOTS_SITEMAP.findall(robots.body.decode("utf-8", "replace")) if robots else []
        return self._resolve(named) or [f"{self.origin}/sitemap.xml"]

    def _resolve(self, links: Iterable[str]) -> list[str]:
        """Return what links lead to, without repetitions, the page itself, and what is no URL of the web."""
        found = dict.fromkeys(resolve_url(self.url, link.strip()) for link in links)
        return [one for one in found if one != self.url and one.startswith(("http://", "https://")) and _parse(one)]

    def list_readable(self, urls: Iterable[str]) -> dict[str, list[str]]:
        """Return those of the sources that were received and can be read, with the URLs that each lists."""
        found: dict[str, list[str]] = {}
        for url in urls:
            capture = self.captures.get(url)
            if capture is None:
                continue
            try:
                page = read_xml_source(capture.body, capture.url or url, capture.media_type, capture.fetched_at)
            except SourceUnreadable:
                continue
            found[capture.url or url] = [one.url for one in page.sightings]
        return found

    def find_language(self) -> str | None:
        """Return the page's language (ISO 639-1)."""
        return self.metadata.language

    def find_title(self) -> str | None:
        """Return the publication's name."""
        return tidy(self.metadata.meta.get("og:site_name", "")) or read_text(self.metadata.json_ld.get("publisher"))

    def find_article_pattern(self, listed: Iterable[str]) -> tuple[str, int, int] | None:
        """Return the pattern that fits the page, and how many of how many listed URLs it fits; None if none does."""
        host, path = parse_url(self.url).host, parse_url(self.url).path
        paths = {parts.path for parts in map(_parse, listed) if parts and parts.host == host}
        fitting = [one for one in PATTERNS if _is_identifying(re.search(one, path, re.ASCII))]
        if not fitting:
            return None
        # Different ids, because a number that several articles have identifies none of them.
        counts = {
            one: len({found["id"] for other in paths if (found := re.search(one, other, re.ASCII))}) for one in fitting
        }
        best = max(fitting, key=lambda one: counts[one])  # the first of equals is the surest
        return best, counts[best], len(paths)


def _is_identifying(match: re.Match[str] | None) -> bool:
    """Whether a pattern found an article's id: a number that is no year, or day."""
    return match is not None and not DATE.fullmatch(match["id"])


def _parse(url: str) -> UrlParts | None:
    try:
        return parse_url(url)
    except UrlMalformed:
        return None


def render_profile(name: str, seen: Observations, guess: Guess) -> tuple[str, list[str], list[str]]:
    """Return the profile's text, what was found and what was not."""
    feeds = seen.list_readable(seen.list_feed_urls())
    sitemaps = seen.list_readable(seen.list_sitemap_urls())
    listed = [url for urls in (*feeds.values(), *sitemaps.values()) for url in urls]
    pattern, title, language = seen.find_article_pattern(listed), seen.find_title(), seen.find_language()
    missing = ["the time zone of the newsroom, in which its days are counted"]
    found = [f"{len(feeds)} feeds, {len(sitemaps)} sitemaps"]
    for value, what in (
        (title, "the publication's name"),
        (language, "the language"),
        (feeds, "a feed that can be read"),
        (sitemaps, "a sitemap that can be read"),
        (pattern, "the pattern of an article's path"),
    ):
        (found if value else missing).append(what)
    if pattern:
        found[-1] += (
            f": {pattern[0]} fits {pattern[1]} of {pattern[2]} listed URLs" if pattern[2] else f": {pattern[0]}"
        )
    missing += [GUESSED] if guess.content or guess.repeated else []
    lines = list(_render_lines(name, seen, title, language, pattern and pattern[0], feeds, sitemaps))
    place, end = lines.index(LAST_IMPORT) + 1, lines.index(")")
    lines = [*lines[:place], *guess.render_imports(), *lines[place:end], *guess.render_fields(MARK), *lines[end:]]
    return "\n".join(lines), found, missing


def _render_lines(
    name: str,
    seen: Observations,
    title: str | None,
    language: str | None,
    pattern: str | None,
    feeds: Iterable[str],
    sitemaps: Iterable[str],
) -> Iterator[str]:
    code = language or "en"
    yield f'"""{_quote(title or name)}. README.md has the facts; {MARK} marks what was not found."""'
    yield from ("", "import re", "from zoneinfo import ZoneInfo", "")
    yield from ("from sites.ordinary import OrdinarySite", LAST_IMPORT, "")
    yield "PUBLISHER = OrdinarySite("
    yield f"    name={name!r},"
    yield f"    title={title or name!r},"
    yield f'    time_zone=ZoneInfo("UTC"),  # {MARK}: the newsroom\'s, such as Europe/Riga'
    note = "" if language else f"  # {MARK}: the language"
    yield f"    editions={{{code!r}: Edition({code!r}, {seen.origin!r}, {code!r})}},{note}"
    if seen.asked_host != parse_url(seen.url).host:
        yield f"    edition_by_host={{{seen.asked_host!r}: {code!r}}},"
    note = "" if pattern else f"  # {MARK}: the path of an article, and what in it identifies it"
    yield f'    article=re.compile(r"{pattern or UNKNOWN_PATTERN}", re.ASCII),{note}'
    if parse_url(seen.url).path != "/" and seen.url.partition("?")[0].endswith("/"):
        yield "    has_final_slash=True,"
    for field, urls in (("feeds", feeds), ("sitemaps", sitemaps)):
        listed = "".join(f"{url!r}, " for url in urls)
        yield f"    {field}=({listed.rstrip()})," if listed else f"    {field}=(),  # {MARK}"
    yield from (")", "")


def _quote(text: str) -> str:
    """Return a text that ends no docstring."""
    return " ".join(text.replace("\\", "").replace('"', "'").split())


def render_facts(name: str, url: str, found: Iterable[str], missing: Iterable[str]) -> str:
    """Return the page of facts, with their source."""
    lines = [
        f"# {name}: what is known of the site",
        "",
        f"From {url}, by `broadsheet site new`, {datetime.now(UTC):%Y-%m-%d}.",
        "",
    ]
    lines += [f"- Found: {one}." for one in found] + [f"- {MARK}: {one}." for one in missing]
    return "\n".join((*lines, ""))
