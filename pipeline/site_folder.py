"""Writes the folder of another publisher from what one of its pages, its feeds and its sitemaps show."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urljoin, urlsplit

from lxml.etree import LxmlError
from lxml.html import HtmlElement

import sites
from pipeline.ingest import origin_of, require_contact
from pipeline.integrity.live_site import open_live_crawl
from pipeline.site_guess import Guess, guess_rules
from schemas.capture import Capture, CaptureRef
from schemas.failure import RunFailure, UsageFailure
from schemas.model import NonEmpty, Record
from schemas.settings import Settings
from sites.feed import read_xml_source
from sites.publishers import GENERIC_NAME
from sites.source_page import SourceUnreadable
from sites.tag import parse_html
from sites.url import UrlMalformed, UrlParts, parse_url

NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
MARK = "FIXME"
"""Stands in the folder where something was not found."""

FEED_TYPES = "self::link[@type='application/rss+xml' or @type='application/atom+xml']"
ROBOTS_SITEMAP = re.compile(r"(?im)^[ \t]*+sitemap:[ \t]*+(\S+)")

MAX_SOURCES = 5
"""Most feeds, and most sitemaps, that are looked at: a site may name one for each section."""

PATTERNS = (
    r"^/(?:[^/]+/)*(?:[^/]*-)?(?P<id>\d{4,})(?:\.html?)?$",
    r"^/(?P<id>(?:[\w-]+/)*\d{4}/\d{2}/\d{2}/[^/]+)$",
    r"^/(?P<id>(?:[\w-]+/)*\d{4}/\d{2}/[^/]+)$",
    r"^/(?P<id>[\w-]+/[\w-]+-[\w-]+)$",
    r"^/(?P<id>[\w-]+-[\w-]+-[\w-]+)$",
)
"""Usual paths of articles, the surest first: by a number, a date, a section and a slug, a slug alone."""


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
        SiteExists, SiteNameInvalid, SitesDirMissing, PageUnusable, ContactMissing, CrawlFailed.
    """
    folder = check_name(settings, name, url)
    saved = [load_saved_page(path, each) for each, path in {url: page_path, **others}.items() if path]
    captures = saved if page_path else [*fetch_samples(settings, url, list(others)), *saved]
    seen = Observations(url, captures)
    guess = guess_rules([seen.captures[each] for each in (url, *others)])
    text, found, missing = render_profile(name, seen, guess)
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(render_facts(name, url, found, missing), encoding="utf-8")
    return NewSite(name=name, folder=str(folder), found=tuple(found), missing=tuple(missing))


def check_name(settings: Settings, name: str, url: str) -> Path:
    """Return the folder to write.

    Raises:
        SiteExists, SiteNameInvalid, SitesDirMissing: it cannot be written.
    """
    if not NAME.fullmatch(name):
        raise SiteNameInvalid(f"{name!r} is no name for a site: use small letters, digits and hyphens (kyiv-post)")
    if settings.sites_dir is None:
        raise SitesDirMissing("BROADSHEET_SITES_DIR is needed: the folder of your own publishers, such as ./publishers")
    try:
        parse_url(url)
    except UrlMalformed as error:
        raise SiteNameInvalid(f"--url: {error}") from None
    settings.sites_dir.mkdir(parents=True, exist_ok=True)  # before the profiles are read from there
    owner = sites.find_site(url).name
    folder = settings.sites_dir / name.replace("-", "_")
    if name in sites.PUBLISHERS.profiles or folder.exists():
        raise SiteExists(f"there is a site {name} already")
    if owner != GENERIC_NAME:
        raise SiteExists(f"{urlsplit(url).netloc} is that of the site {owner}")
    return folder


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


def fetch_samples(settings: Settings, url: str, others: Sequence[str] = ()) -> list[Capture]:
    """Fetch the pages, robots.txt, and the feeds and sitemaps that these name; robots.txt and pace are respected.

    Raises:
        ContactMissing, RunInProgress, CrawlFailed: as for any crawl.
        PageUnusable: the page was not received.
    """
    profile = sites.get_site(GENERIC_NAME)
    if origin_of(url) not in settings.origins:
        require_contact(settings, GENERIC_NAME)
    with open_live_crawl(settings, profile) as crawl:
        first = crawl.fetch([url, *others])
        for each in (url, *others):
            if not isinstance(first.get(each), Capture):
                raise PageUnusable(f"{each}: {first.get(each) or 'no response'}")
        captures = [one for one in first.values() if isinstance(one, Capture)]
        seen = Observations(url, captures)
        further = crawl.fetch([*seen.list_feed_urls()[:MAX_SOURCES], *seen.list_sitemap_urls()[:MAX_SOURCES]])
    known = {one.url for one in captures}
    return captures + [one for one in further.values() if isinstance(one, Capture) and one.url not in known]


class Observations:
    """What the fetched responses show of a publisher."""

    def __init__(self, url: str, captures: Iterable[Capture]) -> None:
        self.url = url
        self.captures = {one.url: one for one in captures}
        page = self.captures[url]
        try:
            self.tree: HtmlElement = parse_html(page.body, "utf-8")
        except (LxmlError, ValueError) as error:
            raise PageUnusable(f"{url} is not HTML: {error}") from None

    @property
    def origin(self) -> str:
        """Scheme and host of the page."""
        return origin_of(self.url)

    def list_feed_urls(self) -> list[str]:
        """Return the feeds that the page names."""
        links = self.tree.xpath(f"//*[{FEED_TYPES}]/@href")
        return list(dict.fromkeys(urljoin(self.url, str(link)) for link in links))

    def list_sitemap_urls(self) -> list[str]:
        """Return the sitemaps that robots.txt names, else the usual place of one."""
        robots = self.captures.get(f"{self.origin}/robots.txt")
        named = ROBOTS_SITEMAP.findall(robots.body.decode("utf-8", "replace")) if robots else []
        return list(dict.fromkeys(named)) or [f"{self.origin}/sitemap.xml"]

    def list_readable(self, urls: Iterable[str]) -> dict[str, list[str]]:
        """Return those of the sources that were received and can be read, with the URLs that each lists."""
        found: dict[str, list[str]] = {}
        for url in urls:
            capture = self.captures.get(url)
            if capture is None:
                continue
            try:
                page = read_xml_source(capture.body, url, capture.media_type, capture.fetched_at)
            except SourceUnreadable:
                continue
            found[url] = [one.url for one in page.sightings]
        return found

    def find_language(self) -> str | None:
        """Return the page's language (ISO 639-1)."""
        stated = str(next(iter(self.tree.xpath("/html/@lang")), "")).partition("-")[0].strip().lower()
        return stated if re.fullmatch(r"[a-z]{2}", stated) else None

    def find_title(self) -> str | None:
        """Return the publication's name."""
        return str(next(iter(self.tree.xpath("//meta[@property='og:site_name']/@content")), "")).strip() or None

    def find_article_pattern(self, listed: Iterable[str]) -> tuple[str, int, int] | None:
        """Return the pattern that fits the page, and how many of how many listed URLs it fits; None if none does."""
        host, path = parse_url(self.url).host, parse_url(self.url).path
        paths = [parts.path for parts in map(_parse, listed) if parts and parts.host == host]
        fitting = [one for one in PATTERNS if re.search(one, path, re.ASCII)]
        if not fitting:
            return None
        counts = {one: sum(1 for other in paths if re.search(one, other, re.ASCII)) for one in fitting}
        best = max(fitting, key=lambda one: counts[one])  # the first of equals is the surest
        return best, counts[best], len(paths)


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
    note = "" if pattern else f"  # {MARK}: the path of an article, and what in it identifies it"
    yield f'    article=re.compile(r"{pattern or UNKNOWN_PATTERN}", re.ASCII),{note}'
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
