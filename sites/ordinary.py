"""The profile of a publisher whose site is described by data alone; most publishers need nothing else."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from lxml.etree import ParserError

from schemas.url import Identity, Sighting, Source, SourceKind
from sites.feed import resolve_url
from sites.profile import Edition, Site, SourceChoice
from sites.source_page import SourcePage, SourceUnreadable
from sites.tag import parse_html
from sites.url import UrlMalformed, UrlParts, parse_url

NOTHING = re.compile(r"(?!)")

ORIGIN = re.compile(r"https?://[^/?#\s]+")

SITEMAP = re.compile(r"/[\w./-]*sitemap[\w./-]*$|/[\w./-]+\.xml(?:\.gz)?$", re.ASCII | re.IGNORECASE)
"""The path of a sitemap: the index names its children, whose names differ by publisher."""


class ProfileInvalid(ValueError):  # noqa: N818 - it states a fact
    """The data of a publisher's profile contradict themselves."""


@dataclass(frozen=True)
class OrdinarySite(Site):
    """A publisher's site by its data: the patterns of its URLs, its sources, its page rules."""

    article: re.Pattern[str] = NOTHING
    """The path of an article. Group `id` identifies it within its edition; group `path`, if there is one, is the path
    of its canonical URL, which other renderings (`/amp/…`) contain."""
    has_final_slash: bool = False
    """Whether articles' URLs end in a slash. Without it, such sites redirect, or have no such page."""
    rules: tuple[tuple[str, str], ...] = ()
    """Rule -> pattern of paths that it says are not articles; any other path is `other-page`."""
    edition_by_host: Mapping[str, str] = field(default_factory=dict)
    """Further hosts of an edition, such as the bare one -> the edition's code."""
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    """Pages that link to new articles: every link to an article on them counts."""
    unconfirmed: frozenset[str] = frozenset()
    """Those of the sources that the site may lack: without one, a run has a note instead of a problem."""

    def __post_init__(self) -> None:
        """Check the data, and derive hosts and origins from the editions and sources."""
        for problem in self._find_problems():
            raise ProfileInvalid(problem)
        editions = tuple(edition.origin for edition in self.editions.values())
        named = {parse_url(edition.origin).host: code for code, edition in self.editions.items()}
        object.__setattr__(self, "edition_by_host", named | dict(self.edition_by_host))
        urls = (*editions, *self.feeds, *self.sitemaps, *self.listings)
        origins = dict.fromkeys("{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls)
        object.__setattr__(self, "origins", self.origins or tuple(origins))
        object.__setattr__(
            self, "hosts", self.hosts | {parse_url(url).host for url in urls} | self.edition_by_host.keys()
        )

    def _find_problems(self) -> Iterator[str]:
        """Yield the slips that would only show when pages are read, or not at all."""
        if not isinstance(self.article, re.Pattern) or (
            self.article != NOTHING and "id" not in self.article.groupindex
        ):
            yield 'article is no compiled pattern with a group id, as in re.compile(r"^/(?P<id>.+)$")'
        for name in ("feeds", "sitemaps", "listings"):
            if isinstance(getattr(self, name), str):
                yield f"{name} is a text: in brackets, one URL needs a comma after it"
        for edition in self.editions.values():
            if not ORIGIN.fullmatch(edition.origin):
                yield f"the origin {edition.origin!r} is not a scheme and a host alone, as in https://example.org"
        for code in self.edition_by_host.values():
            if code not in self.editions:
                yield f"edition_by_host names an edition {code!r}, which is not among the editions"

    @property
    def own_hosts(self) -> frozenset[str]:
        """The hosts of its editions. That of a feed may serve those of other publishers too."""
        return frozenset(self.edition_by_host)

    def has_host(self, url: str) -> bool:
        """Return whether the URL is on a host of its editions, or one of its sources elsewhere."""
        try:
            host = parse_url(url).host
        except UrlMalformed:
            return False
        return host in self.edition_by_host or (host in self.hosts and self.recognize_source(url) is not None)

    def identify(self, url: str) -> Identity:
        """Return the edition and article of a URL, or the rule that says that it is not an article. Never raises."""
        try:
            parts = parse_url(url)
        except UrlMalformed:
            return Identity(url=url.strip() or "about:blank", site=self.name, rule="malformed-address")
        edition = self._find_edition(parts)
        if edition is None:
            return Identity(url=f"https://{parts.host}{parts.path}", site=self.name, rule="foreign-host")
        match = self.article.search(parts.path)
        path = match.groupdict().get("path") or parts.path if match else parts.path
        return Identity(
            url=edition.origin + path + ("/" if match and self.has_final_slash else ""),
            site=self.name,
            edition=edition.code,
            id=f"{self.name}:{edition.code}:{match['id']}" if match else None,
            rule=None if match else self._find_rule(parts.path),
        )

    def _find_edition(self, parts: UrlParts) -> Edition | None:
        code = self.edition_by_host.get(parts.host)
        return self.editions[code] if code else None

    def _find_rule(self, path: str) -> str:
        if path == "/":
            return "home-page"
        return next((rule for rule, pattern in self.rules if re.search(pattern, path)), "other-page")

    def sources(self, choice: SourceChoice) -> tuple[Source, ...]:
        """Return the feeds, then the sitemaps, then the listings."""
        return tuple(
            Source(url=url, kind=kind, is_optional=url in self.unconfirmed)
            for name, kind, urls in self._list_sources()
            for url in urls
            if choice in {name, "all"}
        )

    def _list_sources(self) -> Iterator[tuple[str, SourceKind, tuple[str, ...]]]:
        yield "feeds", SourceKind.FEED, self.feeds
        yield "sitemaps", SourceKind.SITEMAP, self.sitemaps
        yield "listings", SourceKind.LISTING, self.listings

    def recognize_source(self, url: str) -> SourceKind | None:
        """Return the kind of source that a URL is: a named one, or a child of a sitemap index."""
        try:
            parts = parse_url(url)
        except UrlMalformed:
            return None
        for _, kind, urls in self._list_sources():
            if parts in map(parse_url, urls):
                return kind
        if parts.host in self.hosts and self.sitemaps and SITEMAP.match(parts.path):
            return SourceKind.SITEMAP
        return super().recognize_source(url)

    def first_listing_page(self, url: str) -> str | None:
        """Return a listing's own URL: it has one page."""
        return url if self.recognize_source(url) is SourceKind.LISTING else None

    def read_source(self, body: bytes, url: str, media_type: str, seen_at: datetime) -> SourcePage:
        """Read the URLs that a feed, sitemap or listing page advertises; raises `SourceUnreadable`."""
        if self.recognize_source(url) is not SourceKind.LISTING:
            return super().read_source(body, url, media_type, seen_at)
        try:
            tree = parse_html(body, "utf-8")
        except (ParserError, ValueError) as error:
            raise SourceUnreadable(f"the listing page {url} is not HTML: {error}") from None
        links = dict.fromkeys(
            resolve_url(url, (link.get("href") or "").strip()) for link in tree.iterfind(".//a[@href]")
        )
        found = [link for link in links if self.identify(link).id]
        if not found:
            raise SourceUnreadable(f"no link to an article on the listing page {url}")
        kind = SourceKind.LISTING
        return SourcePage(tuple(Sighting(url=one, source_url=url, source_kind=kind, seen_at=seen_at) for one in found))
