"""The content of the whole site: its articles, the URLs it advertises, and the outcome of each in a perfect run."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from replica.chrome import render_sidebar
from replica.feed import FEED_COUNT, FEEDS, is_listed
from replica.furniture import choose_furniture
from replica.model import MOSCOW, SECTIONS, Head, HtmlBlock, Paragraph, Story, View, slugify
from replica.page import render_container, render_page
from replica.record import build_record
from replica.seed import SEED_PAGES, SeedPage
from replica.trouble import Trouble, list_troubles
from replica.writing import (
    ArticleSpec,
    move_head,
    plan_head,
    plan_seed_head,
    rewrite_opening,
    write_seed_story,
    write_story,
)

FIRST_NUMBER = 82_600
"""The publisher's ids in October 2023, when the generated articles begin."""
HEADLINE_ATTEMPTS = 8
"""Attempts to find a headline that no other article has."""
ARTICLES_BEFORE_COPIES = 5
"""Generated articles that must exist before one can be a copy of another."""
SIDEBAR_COUNT = 6
CLUSTER_COUNT = 4
DEFAULT_KINDS = ("article", "article", "article", "opinion")
COPIED_KINDS = frozenset({"article", "opinion"})


@dataclass(frozen=True)
class Site:
    """A site. Deterministic: the same values make the same bytes. Articles are written when they are requested."""

    article_count: int
    """The five seeds, then generated articles, the oldest first, including planned copies."""
    seed: int = 0
    kinds: tuple[str, ...] = DEFAULT_KINDS
    """Drawn evenly: article, opinion, gallery, video, podcast, live, archive, sponsored (branded content, a notice
    before the article), partner (a label above the headline), picture (an article that has only a picture)."""
    furniture_period: int = 6
    """1 to 6: the donation message and teaser of the generated pages."""
    donation: tuple[str, ...] | None = None
    """Another donation message, paragraph by paragraph."""
    duplicate_share: float = 0.02
    """Share of generated articles that have another's body under another id and headline."""
    near_duplicate_share: float = 0.01
    """Share of generated articles that differ from another only in the first paragraph."""
    moved_share: float = 0.02
    """Share of generated articles for which the sitemap names a former URL, which redirects."""
    bad_pages: bool = True
    """Advertise some URLs that do not lead to an article."""
    first_on: date = date(2023, 10, 1)
    day_count: int = 366
    """Publication days of the generated articles, from `first_on`, evenly distributed."""
    planted: tuple[str, ...] = ()
    """Paragraphs of furniture within the text of every page, which belong in no record."""
    ahead_from: date = date(2025, 1, 1)
    """From this publication day on, the feeds' dates are Moscow time labelled as UTC: three hours ahead."""
    has_midnight_articles: bool = False
    """The first generated article of each month was published as the month began, and is in no sitemap."""
    russian_count: int = 0
    """Articles of the Russian edition, whose ids are a separate sequence."""
    reserved: tuple[str, ...] = ()
    """Patterns of paths that the host's `tdmrep.json` reserves from text and data mining. Empty: there is no file."""

    def __reduce__(self) -> tuple[type["Site"], tuple[object, ...]]:
        """Pickle the values alone, from which a child process makes the same site."""
        return Site, astuple(self)

    @cached_property
    def articles(self) -> tuple["Article", ...]:
        """All articles, archive pages included."""
        return tuple(_plan_articles(self))

    @cached_property
    def by_number(self) -> dict[int, "Article"]:
        """The publisher's id -> the article, archive pages excluded."""
        return {article.head.number: article for article in self.articles if not article.head.is_archive}

    @cached_property
    def archived_by_number(self) -> dict[int, "Article"]:
        """Number on the old site -> the archive page."""
        return {article.head.number: article for article in self.articles if article.head.is_archive}

    @cached_property
    def by_slug(self) -> dict[str, "Article"]:
        """Slug -> the newest article that has it."""
        return {slugify(article.head.headline): article for article in self.articles}

    @cached_property
    def by_tag(self) -> dict[str, list["Article"]]:
        """Slug of a tag -> the articles that have it, the newest first."""
        found: dict[str, list[Article]] = {}
        for article in self.newest_first:
            for tag in article.write().tags:
                found.setdefault(slugify(tag), []).append(article)
        return found

    @cached_property
    def russian(self) -> tuple["Article", ...]:
        """The Russian edition, the newest first."""
        return tuple(_plan_russian(self))

    @cached_property
    def newest_first(self) -> tuple["Article", ...]:
        """The articles in feeds, listings and sitemaps: no archive pages."""
        dated = [article for article in self.articles if not article.head.is_archive]
        return tuple(sorted(dated, key=lambda article: article.head.published_at, reverse=True))

    @cached_property
    def troubles(self) -> tuple[Trouble, ...]:
        """The advertised URLs that do not lead to an article."""
        return list_troubles(self.last_at) if self.bad_pages else ()

    @property
    def last_at(self) -> datetime:
        """The end of the last publication day: the site's own present."""
        return _midnight(self.first_on) + timedelta(days=self.day_count)

    @property
    def today(self) -> date:
        """The last publication day, in Moscow."""
        return (self.last_at - timedelta(seconds=1)).astimezone(MOSCOW).date()

    @cached_property
    def duplicates(self) -> dict[str, str]:
        """Record id of each planned exact copy -> that of the earlier article with the same body."""
        return {a.id: a.copy_of.id for a in self.articles if a.copy_of and not a.is_near}

    @cached_property
    def near_duplicates(self) -> dict[str, str]:
        """The same for copies with another first paragraph."""
        return {a.id: a.copy_of.id for a in self.articles if a.copy_of and a.is_near}

    @cached_property
    def sidebar(self) -> str:
        """The sidebar, the same beside every article."""
        heads = [article.head for article in self.newest_first[: 2 * SIDEBAR_COUNT]]
        return render_sidebar(heads[SIDEBAR_COUNT:], heads[:SIDEBAR_COUNT])

    @cached_property
    def sitemap_urls(self) -> dict[tuple[int, int], tuple[str, ...]]:
        """(Year, month) in Moscow -> the URLs in its sitemap; only the oldest URL of a moved article."""
        found: dict[tuple[int, int], list[str]] = {}
        for article in reversed([article for article in self.newest_first if article.is_in_sitemap]):
            at = article.head.published_at.astimezone(MOSCOW)
            found.setdefault((at.year, at.month), []).append(article.sitemap_url)
        if self.troubles:
            last = max(found, default=(self.last_at.year, self.last_at.month))
            found.setdefault(last, []).extend(trouble.url for trouble in self.troubles if trouble.in_sitemap)
        return {month: tuple(urls) for month, urls in found.items()}

    @cached_property
    def advertised(self) -> dict[str, str]:
        """Every URL in a feed, a sitemap or a section's listing -> its final outcome.

        `stored`, `duplicate` (of a copy and its original, the fuller or earlier one is `stored`), `quarantined`,
        `excluded`, `blocked`, `missing`.
        """
        found = {trouble.url: trouble.outcome for trouble in self.troubles}
        fed = {article.url for name in FEEDS for article in self.list_feed(name)}
        for article in self.newest_first:
            outcome = "duplicate" if article.copy_of else "stored"
            if article.is_in_sitemap:
                found[article.sitemap_url] = outcome
            if article.url in fed or any(is_listed(article.head, section) for section in SECTIONS):
                found[article.url] = outcome
        return found

    def list_feed(self, name: str) -> tuple["Article", ...]:
        """Return the articles in a feed, the newest first."""
        return tuple([article for article in self.newest_first if FEEDS[name](article.head)][:FEED_COUNT])

    def count_outcomes(self) -> Counter[str]:
        """Return outcome -> number of articles and other advertised URLs; all URLs of an article count once."""
        of_articles = Counter("duplicate" if a.copy_of else "stored" for a in self.newest_first)
        return of_articles + Counter(trouble.outcome for trouble in self.troubles)


@dataclass(frozen=True)
class Article:
    """One article of a site. Its text is generated at each call, so a large site costs no memory."""

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
        """Its current URL."""
        return self.head.url

    @property
    def path(self) -> str:
        """Its current URL without the origin."""
        return self.head.path

    @property
    def sitemap_url(self) -> str:
        """Its URL in the sitemap: months are not rewritten when a slug changes."""
        return self.url.removesuffix(self.head.path) + self.head.old_paths[0] if self.head.old_paths else self.url

    @property
    def is_plain(self) -> bool:
        """Whether another article can copy it: not branded content, an archive page or a bare picture."""
        return self.head.story_key.split("/", 1)[0] in COPIED_KINDS

    @property
    def is_in_sitemap(self) -> bool:
        """Whether a sitemap names it: not branded content, nor an article published at the instant a month began."""
        at = self.head.published_at.astimezone(MOSCOW)
        return not self.head.is_sponsored and not (at.day == 1 and at.time() == time())

    @property
    def viewed_at(self) -> datetime:
        """The modification time in its page's metadata at the first view."""
        return self.site.last_at + timedelta(hours=1, seconds=self.index)

    def write(self) -> Story:
        """Write its story."""
        if self.seed_page:
            return write_seed_story(self.seed_page)
        rng = self._rng("text")
        if self.copy_of:
            story = replace(self.copy_of.write(), seo_title=None)  # it would have the other's headline
            return rewrite_opening(story, rng, self.head) if self.is_near else story
        furniture = choose_furniture(self.site.furniture_period, self.site.donation)
        return write_story(rng, self.head, furniture, is_picture=self.head.story_key.startswith("picture/"))

    def view(self, *, is_saved: bool = False) -> View:
        """Return what its page shows beside it."""
        others = self.site.articles if self.head.edition == "en" else self.site.russian
        *cluster, below = (others[(self.index + step) % len(others)].head for step in range(1, CLUSTER_COUNT + 2))
        return View(
            self.site.today,
            self.viewed_at,
            self.site.sidebar,
            tuple(cluster),
            below if is_saved else None,
            has_posts=is_saved,
        )

    def page_html(self, *, is_saved: bool = False) -> str:
        """Render its page; if saved by a browser, with what scripts added: a live blog's posts, an article below."""
        return render_page(self.head, self._write_planted(), self.view(is_saved=is_saved))

    def container_html(self, older: int | None) -> str:
        """Render the bare article, with the number of the next older one."""
        attributes = f' data-next-id="{older}"' if older else ""
        return render_container(self.head, self._write_planted(), self.view(), attributes=attributes)

    def _write_planted(self) -> Story:
        """Write its story with the furniture planted within the text of all pages."""
        story = self.write()
        if not self.site.planted:
            return story
        block = HtmlBlock(tuple(Paragraph(text) for text in self.site.planted))
        return replace(story, blocks=(*story.blocks[:1], block, *story.blocks[1:]))

    @property
    def expected(self) -> dict[str, Any]:
        """The record that a perfect reader makes of the page."""
        return build_record(self.head, self.write())

    def _rng(self, purpose: str) -> random.Random:
        return _rng(self.site, self.index, purpose if self.head.edition == "en" else f"{purpose}/{self.head.edition}")


def _rng(site: Site, index: int, purpose: str) -> random.Random:
    return random.Random(f"{site.seed}/{index}/{purpose}")


def _plan_articles(site: Site) -> Iterator[Article]:
    pages = SEED_PAGES[: site.article_count]
    for index, page in enumerate(pages):
        yield Article(site, index, plan_seed_head(page), seed_page=page)
    count = site.article_count - len(pages)
    step = timedelta(days=site.day_count) / max(count, 1)
    originals: list[Article] = []
    slugs: set[str] = set()
    began_at = _midnight(site.first_on) + step / 2
    for nth in range(count):
        at = began_at + nth * step
        if site.has_midnight_articles and _month(at) != _month(at - step):
            at = at.astimezone(MOSCOW).replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        elif at.replace(second=0, microsecond=0) == _midnight(at.astimezone(MOSCOW).date().replace(day=1)):
            at += timedelta(minutes=1)  # else no sitemap would name it
        article = _plan_article(site, len(pages) + nth, at, originals, slugs)
        slugs.add(slugify(article.head.headline))
        if not article.copy_of and article.head.kind in COPIED_KINDS and article.is_plain:
            originals.append(article)
        yield article


def _month(at: datetime) -> int:
    return at.astimezone(MOSCOW).month


def _plan_article(site: Site, index: int, at: datetime, originals: list[Article], slugs: set[str]) -> Article:
    rng = _rng(site, index, "head")
    original, is_near = _choose_original(site, rng, originals)
    kind = original.head.kind if original else rng.choice(site.kinds)
    key = original.head.story_key if original else f"{kind}/{site.seed}/{index}"
    spec = ArticleSpec(FIRST_NUMBER + index, kind, at.replace(microsecond=0), key)
    head = plan_head(rng, spec)
    for _ in range(HEADLINE_ATTEMPTS):
        if slugify(head.headline) not in slugs:
            break
        head = plan_head(rng, spec)
    if original:
        # The text names its agencies and section, and an opinion's author: the copy keeps them.
        source = original.head
        head = replace(
            head, authors=source.authors, agencies=source.agencies, byline=source.byline, section=source.section
        )
    if head.is_archive and slugify(head.headline) in slugs:
        head = replace(head, headline=f"{head.headline}, Part {index}")  # only its slug identifies it
    if rng.random() < site.moved_share and not head.is_archive:
        head = move_head(head, rng)
    return Article(site, index, head, copy_of=original, is_near=is_near)


def _plan_russian(site: Site) -> Iterator[Article]:
    for nth in reversed(range(site.russian_count)):
        rng = _rng(site, nth, "russian")
        at = _midnight(site.first_on) + timedelta(days=site.day_count) * (nth + 1) / (site.russian_count + 1)
        spec = ArticleSpec(FIRST_NUMBER + nth, "article", at.replace(microsecond=0), f"russian/{site.seed}/{nth}", "ru")
        yield Article(site, nth, plan_head(rng, spec))


def _choose_original(site: Site, rng: random.Random, originals: list[Article]) -> tuple[Article | None, bool]:
    chance = rng.random()
    if len(originals) < ARTICLES_BEFORE_COPIES or chance >= site.duplicate_share + site.near_duplicate_share:
        return None, False
    return rng.choice(originals), chance >= site.duplicate_share


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), MOSCOW).astimezone(UTC)
