"""Renders the pages of one article, or those that belong to none, with everything that they link to."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from lxml import html

from web.context import Published
from web.feed import FEED_TYPE
from web.static_site.client import Client, Page
from web.static_site.page_file import allow_search, list_links, parse_page, render_feed_file, render_file
from web.static_site.place import START_PATH, PageUrl, find_kind, name_file

START = PageUrl("/", "")
OK = 200
NOT_FOUND = 404
GONE = 410

MAX_PAGES = 1_000
"""Pages of one article: a live blog has some hundred captures."""

MAX_COMMON_PAGES = 50_000
"""Pages that belong to no article: months, and what is missing."""


class Rendered(NamedTuple):
    """A file of the site."""

    path: str
    body: bytes


class Renderer:
    """Renders pages by asking the application for them."""

    def __init__(
        self, client: Client, kinds: Iterable[Published], is_selected: Callable[[str], bool], *, has_captures: bool
    ) -> None:
        self._client = client
        self._kinds = tuple(kind for kind in kinds if has_captures or not kind.is_capture)
        self._is_selected = is_selected
        self.problems: list[str] = []

    async def render_article(self, article_id: str) -> list[Rendered]:
        """Return the files of an article; none if it is there no more."""
        first = PageUrl(f"/article/{article_id}", "")
        return await self._render([first], article_id, MAX_PAGES)

    async def render_common(self, more: Iterable[str]) -> list[Rendered]:
        """Return the files that belong to no article: the start page, and what it and these URLs lead to."""
        return await self._render([START, *map(PageUrl.parse, more)], None, MAX_COMMON_PAGES)

    async def _render(self, first: Iterable[PageUrl], article_id: str | None, limit: int) -> list[Rendered]:
        pages: dict[PageUrl, tuple[Page, html.HtmlElement | None]] = {}
        waiting, seen = deque(first), set(first)
        while waiting:
            url = waiting.popleft()
            page = await self._fetch(url)  # one at a time: their work is this process's
            if page is None:
                continue
            tree = parse_page(page.body) if page.is_html else None
            pages[url] = page, tree
            for link in map(PageUrl.parse, list_links(tree) if tree is not None else ()):
                if link not in seen and len(seen) < limit and self._is_own(link, article_id):
                    seen.add(link)
                    waiting.append(link)

        def find(link: PageUrl) -> str | None:
            return self._find_file(link, article_id, pages.keys())

        return [self._make_file(url, page, tree, find) for url, (page, tree) in pages.items()]

    async def _fetch(self, url: PageUrl) -> Page | None:
        page = await self._client.fetch(url)
        if page.status == OK:
            return page
        if page.status not in {NOT_FOUND, GONE}:
            self.problems.append(f"{url.path}: it could not be made (status {page.status})")
        return None

    def _is_own(self, link: PageUrl, article_id: str | None) -> bool:
        """Whether a page is made together with those of this article (None: of those that belong to none)."""
        kind = find_kind(link, self._kinds)
        if kind is None:
            return False
        return link.find_id(kind) == article_id if kind.is_of_article else article_id is None

    def _find_file(self, link: PageUrl, article_id: str | None, made: Iterable[PageUrl]) -> str | None:
        if link.path == "/":
            return f"{START_PATH}?{link.query}" if link.query else START_PATH
        kind = find_kind(link, self._kinds)
        if kind is None:
            return None
        if self._is_own(link, article_id):
            return name_file(link, kind) if link in made else None
        if not kind.is_of_article:
            return name_file(link, kind)
        is_there = not link.query and self._is_selected(link.find_id(kind))
        return name_file(link, kind) if is_there else None

    def _make_file(
        self, url: PageUrl, page: Page, tree: html.HtmlElement | None, find: Callable[[PageUrl], str | None]
    ) -> Rendered:
        kind = find_kind(url, self._kinds)
        path = name_file(url, kind) if kind else START_PATH
        if page.media_type == FEED_TYPE:
            return Rendered(path, render_feed_file(page.body, path, find))
        if tree is None:
            return Rendered(path, page.body)
        policy = page.policy if url != START else allow_search(page.policy)
        return Rendered(path, render_file(tree, path, find, policy))
