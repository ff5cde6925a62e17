"""The content of the whole site: its articles, what it advertises, and what a perfect run makes of each address."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from replica.chrome import render_sidebar
from replica.feed import FEED_COUNT, FEEDS
from replica.furniture import choose_furniture
from replica.model import MOSCOW, Head, HtmlBlock, Paragraph, Story, build_record
from replica.page import render_page
from replica.seed import SEED_PAGES, SeedPage
from replica.trouble import Trouble, list_troubles
from replica.writing import move_head, plan_head, plan_seed_head, rewrite_opening, write_seed_story, write_story

FIRST_NUMBER = 82_600
"""The publisher's ids had come this far in October 2023, when the generated articles begin."""
ARTICLES_BEFORE_COPIES = 5
"""Generated articles that there must be before one can be the copy of another."""
SIDEBAR_COUNT = 6
CLUSTER_COUNT = 4
COPIED_KINDS = frozenset({"article", "opinion"})


@dataclass(frozen=True)
class Site:
    """Deterministic: the same values make the same site to the byte. Articles are written when they are asked for."""

    article_count: int
    """The five seeds first; then generated ones, the oldest first, planned copies among them."""
    seed: int = 0
    kinds: tuple[str, ...] = ("article", "article", "article", "opinion")
    """Drawn from evenly: article, opinion, gallery, video, podcast, live, archive."""
    furniture_period: int = 6
    """1 to 6: which donation message and teaser the generated pages carry."""
    donation: tuple[str, ...] | None = None
    """A donation message of other wording, paragraph by paragraph."""
    duplicate_share: float = 0.02
    """Of generated articles: the same body under another id and headline."""
    near_duplicate_share: float = 0.01
    """Of generated articles: the same but for its first paragraph."""
    moved_share: float = 0.02
    """Of generated articles: the sitemap names an older address, which redirects."""
    bad_pages: bool = True
    """Advertises some addresses that lead to no article."""
    first_on: date = date(2023, 10, 1)
    day_count: int = 366
    """Publication days of the generated articles, from `first_on`, evenly filled."""
    planted: tuple[str, ...] = ()
    """Paragraphs that stand as furniture within the text of every page, and belong to no record."""

    def __reduce__(self) -> tuple[type["Site"], tuple[object, ...]]:
        """A child process gets the values and makes the same site of them."""
        return Site, astuple(self)

    @cached_property
    def articles(self) -> tuple["Article", ...]:
        """All articles, archive pages included."""
        return tuple(_plan_articles(self))

    @cached_property
    def by_number(self) -> dict[int, "Article"]:
        """The publisher's id -> the article."""
        return {article.head.number: article for article in self.articles}

    @cached_property
    def newest_first(self) -> tuple["Article", ...]:
        """What feeds, listings and sitemaps know: no archive pages."""
        dated = [article for article in self.articles if not article.head.is_archive]
        return tuple(sorted(dated, key=lambda article: article.head.published_at, reverse=True))

    @cached_property
    def troubles(self) -> tuple[Trouble, ...]:
        """The advertised addresses that lead to no article."""
        return list_troubles(self.last_at) if self.bad_pages else ()

    @property
    def last_at(self) -> datetime:
        """The end of the last publication day: the site's own present."""
        return _midnight(self.first_on) + timedelta(days=self.day_count)

    @cached_property
    def duplicates(self) -> dict[str, str]:
        """Record id of each planned exact copy -> that of the earlier article with the same body."""
        return {a.id: a.copy_of.id for a in self.articles if a.copy_of and not a.is_near}

    @cached_property
    def near_duplicates(self) -> dict[str, str]:
        """The same for the copies with another first paragraph."""
        return {a.id: a.copy_of.id for a in self.articles if a.copy_of and a.is_near}

    @cached_property
    def sidebar(self) -> str:
        """The same beside every article."""
        heads = [article.head for article in self.newest_first[: 2 * SIDEBAR_COUNT]]
        return render_sidebar(heads[SIDEBAR_COUNT:], heads[:SIDEBAR_COUNT])

    @cached_property
    def sitemap_urls(self) -> dict[tuple[int, int], tuple[str, ...]]:
        """(Year, month) in Moscow -> the addresses in its sitemap; of moved articles only the oldest address."""
        found: dict[tuple[int, int], list[str]] = {}
        for article in reversed(self.newest_first):
            at = article.head.published_at.astimezone(MOSCOW)
            found.setdefault((at.year, at.month), []).append(article.sitemap_url)
        if self.troubles:
            last = max(found, default=(self.last_at.year, self.last_at.month))
            found.setdefault(last, []).extend(trouble.url for trouble in self.troubles if trouble.in_sitemap)
        return {month: tuple(urls) for month, urls in found.items()}

    @cached_property
    def advertised(self) -> dict[str, str]:
        """Every address in a feed or a sitemap -> its final outcome.

        `stored`, `duplicate` (of it and its original all but one are: the fuller or earlier one is not), `quarantined`,
        `excluded`, `blocked`, `missing`.
        """
        found = {trouble.url: trouble.outcome for trouble in self.troubles}
        for article in self.newest_first:
            outcome = "duplicate" if article.copy_of else "stored"
            found[article.sitemap_url] = outcome
        for article in (article for name in FEEDS for article in self.list_feed(name)):
            found[article.url] = found[article.sitemap_url]
        return found

    def list_feed(self, name: str) -> tuple["Article", ...]:
        """The articles in a feed, the newest first."""
        return tuple([article for article in self.newest_first if FEEDS[name](article.head)][:FEED_COUNT])

    def count_outcomes(self) -> Counter[str]:
        """Outcome -> articles and other advertised addresses that end in it; all addresses of an article are one."""
        of_articles = Counter("duplicate" if a.copy_of else "stored" for a in self.newest_first)
        return of_articles + Counter(trouble.outcome for trouble in self.troubles)


@dataclass(frozen=True)
class Article:
    """One article of a site. Its text is made anew at each call: a large site costs no memory."""

    site: Site = field(repr=False)
    index: int
    head: Head
    seed_page: SeedPage | None = None
    copy_of: "Article | None" = None
    is_near: bool = False

    @property
    def id(self) -> str:
        """The record id."""
        return self.head.id

    @property
    def url(self) -> str:
        """The publisher's address of it now."""
        return self.head.url

    @property
    def path(self) -> str:
        """Its address without the origin."""
        return self.head.path

    @property
    def sitemap_url(self) -> str:
        """What the sitemap calls it: months are not rewritten when a slug changes."""
        return self.url.removesuffix(self.head.path) + self.head.old_paths[0] if self.head.old_paths else self.url

    def write(self) -> Story:
        """What it says."""
        if self.seed_page:
            return write_seed_story(self.seed_page)
        rng = self._rng("text")
        if self.copy_of:
            story = self.copy_of.write()
            return rewrite_opening(story, rng, self.head) if self.is_near else story
        return write_story(rng, self.head, choose_furniture(self.site.furniture_period, self.site.donation))

    def page_html(self) -> str:
        """Its page."""
        articles = self.site.articles
        cluster = [articles[(self.index + step) % len(articles)].head for step in range(1, CLUSTER_COUNT + 2)]
        story = self.write()
        if self.site.planted:
            block = HtmlBlock(tuple(Paragraph(text) for text in self.site.planted))
            story = replace(story, blocks=(*story.blocks[:1], block, *story.blocks[1:]))
        return render_page(self.head, story, self.site.sidebar, cluster)

    @property
    def expected(self) -> dict[str, Any]:
        """The record that a perfect reader makes of the page."""
        return build_record(self.head, self.write())

    def _rng(self, purpose: str) -> random.Random:
        return _rng(self.site, self.index, purpose)


def _rng(site: Site, index: int, purpose: str) -> random.Random:
    return random.Random(f"{site.seed}/{index}/{purpose}")


def _plan_articles(site: Site) -> Iterator[Article]:
    pages = SEED_PAGES[: site.article_count]
    for index, page in enumerate(pages):
        yield Article(site, index, plan_seed_head(page), seed_page=page)
    count = site.article_count - len(pages)
    step = timedelta(days=site.day_count) / max(count, 1)
    originals: list[Article] = []
    for nth in range(count):
        article = _plan_article(site, len(pages) + nth, _midnight(site.first_on) + nth * step, originals)
        if not article.copy_of and article.head.kind in COPIED_KINDS and not article.head.is_archive:
            originals.append(article)
        yield article


def _plan_article(site: Site, index: int, at: datetime, originals: list[Article]) -> Article:
    rng = _rng(site, index, "head")
    published_at = at.replace(microsecond=0)
    number = FIRST_NUMBER + index
    original, is_near = _choose_original(site, rng, originals)
    head = plan_head(rng, number, original.head.kind if original else rng.choice(site.kinds), published_at)
    if original:
        # The text names its author where it is an opinion's, and its agencies: the copy has the same.
        told = original.head
        head = replace(head, authors=told.authors, agencies=told.agencies, byline=told.byline)
    if rng.random() < site.moved_share and not head.is_archive:
        head = move_head(head, rng)
    return Article(site, index, head, copy_of=original, is_near=is_near)


def _choose_original(site: Site, rng: random.Random, originals: list[Article]) -> tuple[Article | None, bool]:
    chance = rng.random()
    if len(originals) < ARTICLES_BEFORE_COPIES or chance >= site.duplicate_share + site.near_duplicate_share:
        return None, False
    return rng.choice(originals), chance >= site.duplicate_share


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), MOSCOW).astimezone(UTC)
