"""The data model of the replica's articles."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

WWW = "https://www.themoscowtimes.com"
STATIC = "https://static.themoscowtimes.com"
RUSSIAN = "https://ru.themoscowtimes.com"
OLD = "https://old.themoscowtimes.com"
"""The old site, with its own article lists."""
SITE = "moscow-times"
EDITIONS: Mapping[str, str] = {"en": WWW, "ru": RUSSIAN}
"""Edition -> its origin."""
MOSCOW = ZoneInfo("Europe/Moscow")

SECTIONS = {
    "news": "News",
    "ukraine-war": "Ukraine War",
    "opinion": "Opinion",
    "business": "Business",
    "meanwhile": "Meanwhile",
    "arts-and-life": "Arts and Life",
    "climate": "Climate",
    "diaspora": "Diaspora",
    "in-depth": "In-Depth",
    "lectures": "Lecture Series",
}
"""Path of the listing -> the section's name."""
BREADCRUMB_PATHS = {"lectures": "lecture-series"}
"""Sections that the breadcrumb does not name by the path of their listing."""

EDITED_AFTER = timedelta(minutes=10)
"""An update later than this after publication is shown on the page, with "Updated:"."""


@dataclass(frozen=True)
class Image:
    """A picture with separate caption and credit."""

    url: str
    caption: str | None
    credit: str | None
    title: str | None = None
    """Heading above the caption of a gallery's item; it is in no record."""


@dataclass(frozen=True)
class Paragraph:
    """One `<p>`; a line break is `<br>`. Its non-breaking spaces become plain ones in the body."""

    text: str


@dataclass(frozen=True)
class Subhead:
    """A heading within an html block."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class BulletList:
    """A list; each item is a paragraph of the body, without bullet or number."""

    items: tuple[str, ...]
    is_ordered: bool = False


@dataclass(frozen=True)
class BlockQuote:
    """A `<blockquote>` within an html block, of one or more paragraphs."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells; each row is a paragraph of the body, its cells separated by bars."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Verse:
    """A `<pre>`; one paragraph of the body that keeps its lines."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class InlineFigure:
    """A `<figure>` between the paragraphs of an html block."""

    image: Image


@dataclass(frozen=True)
class Frame:
    """An `<iframe>`: no text."""


Element = Paragraph | Subhead | BulletList | BlockQuote | Table | Verse | InlineFigure | Frame


@dataclass(frozen=True)
class HtmlBlock:
    """`article__block--html`: running text."""

    elements: tuple[Element, ...]


@dataclass(frozen=True)
class HeaderBlock:
    """`article__block--header`: a separate subhead, part of the body."""

    text: str


@dataclass(frozen=True)
class QuoteBlock:
    """`article__block--quote`: a pull quote of one or more lines, and its speaker: two paragraphs of the body."""

    lines: tuple[str, ...]
    cite: str


@dataclass(frozen=True)
class ImageBlock:
    """`article__block--image`."""

    image: Image


@dataclass(frozen=True)
class SliderBlock:
    """`article__block--images`: pictures side by side, none in a `figure`."""

    images: tuple[Image, ...]


@dataclass(frozen=True)
class InfoBlock:
    """`article__block--aside`: the newsroom's own infobox or correction, part of the story."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class OldHtmlBlock:
    """The one html block of an `/archive/` page: layout tables and spacer images around the paragraphs."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class FurnitureBlock:
    """A block that is not part of the text: `article` (related), `newsletter`, `embed`, `link`, `scrollama`."""

    type: str
    headline: str = ""


Block = HtmlBlock | HeaderBlock | QuoteBlock | ImageBlock | SliderBlock | InfoBlock | OldHtmlBlock | FurnitureBlock


@dataclass(frozen=True)
class Post:
    """One post of a live blog, made of the same blocks as an article's content."""

    at: datetime
    blocks: tuple[HtmlBlock | ImageBlock | FurnitureBlock, ...]


@dataclass(frozen=True)
class Furniture:
    """The furniture around the text of one page."""

    teaser: str | None
    """`ad-free`, `support`, or None."""
    donation: tuple[str, ...]
    """The paragraphs of the donation message; empty for a page without one."""
    payment: tuple[str, ...] = ()
    """The words of the payment form."""


@dataclass(frozen=True)
class Head:
    """An article's data without its text: cheap, for feeds, sitemaps and URLs."""

    number: int
    """The publisher's id, the digits after the `a`."""
    kind: str
    headline: str
    section: str
    """The path of the section's listing."""
    published_at: datetime
    modified_at: datetime
    """When it was last edited; the page shows only late edits."""
    authors: tuple[str, ...]
    agencies: tuple[str, ...]
    byline: tuple[str, ...]
    """The names as in the byline: `AFP`, `NAME for AFP`."""
    old_paths: tuple[str, ...] = ()
    """Paths of its former URLs, each with another slug or date: they redirect."""
    is_archive: bool = False
    """Imported from the old site, at `/archive/SLUG`: no date in the URL, raw old HTML, no tags, in no sitemap."""
    sponsor: str | None = None
    """The partner named by a label above the headline."""
    is_sponsored: bool = False
    """Branded content at a dated URL, with a notice before the article; in no sitemap, not in `/rss/all`."""
    is_unflagged: bool = False
    """The newsroom chose no section: the breadcrumb says news, but no section's feed or listing names it."""
    label: str | None = None
    """`opinion` or `analysis`, above the headline."""
    edition: str = "en"
    story_key: str = ""
    """The key from which its topic, place and persons are drawn."""

    @property
    def id(self) -> str:
        """The record id."""
        return f"{SITE}:{self.edition}:{self.path.removeprefix('/') if self.is_archive else self.number}"

    @property
    def origin(self) -> str:
        """The origin of its edition."""
        return EDITIONS[self.edition]

    @cached_property
    def path(self) -> str:
        """Its current path."""
        if self.is_archive:
            return f"/archive/{slugify(self.headline)}"
        return article_path(self.published_at, self.headline, self.number)

    @property
    def url(self) -> str:
        """Its current URL."""
        return self.origin + self.path

    @property
    def is_opinion(self) -> bool:
        """Whether it has the opinion flag, whatever its kind."""
        return self.section == "opinion"

    @property
    def is_updated(self) -> bool:
        """Whether the page shows an update; galleries, live blogs and archive pages never do."""
        has_time = self.kind not in {"gallery", "live"} and not self.is_archive
        return has_time and self.modified_at - self.published_at > EDITED_AFTER


@dataclass(frozen=True)
class Story:
    """The text and other content of an article."""

    subtitle: str | None
    intro: str | None
    blocks: tuple[Block, ...]
    image: Image | None
    tags: tuple[str, ...]
    furniture: Furniture
    trailing_agencies: tuple[str, ...] = ()
    """Named in brackets in the last paragraph, which is not part of the body."""
    author_blurb: str | None = None
    has_markup: bool = True
    """Some words are emphasised or linked."""
    gallery: tuple[Image, ...] = ()
    posts: tuple[Post, ...] = ()
    """A live blog's posts, the oldest first; `/live/ID/0` serves them, not the page."""
    summary: tuple[str, ...] = ()
    """Paragraphs above a live blog's posts."""
    seo_title: str | None = None
    """Replaces the headline in the page's title and og:title."""
    seo_keywords: tuple[str, ...] = ()
    """Replace the tags in the keywords."""


@dataclass(frozen=True)
class View:
    """What a page shows besides the article."""

    today: date
    """The day of the visit, which links without an id contain."""
    viewed_at: datetime
    """The modification time in the page's metadata, which changes with every view."""
    sidebar: str = ""
    cluster: tuple[Head, ...] = ()
    below: Head | None = None
    """The article that a script loads on scroll, in pages saved from a browser."""
    has_posts: bool = False
    """Whether the page contains the posts of a live blog, as a browser saves it."""


def article_path(published_at: datetime, headline: str, number: int) -> str:
    """Return `/YYYY/MM/DD/SLUG-aID`, with the date in Moscow."""
    return f"/{published_at.astimezone(MOSCOW):%Y/%m/%d}/{slugify(headline)}-a{number}"


_NO_SLUG = re.compile(r"[^a-z0-9]+")
_LATIN = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziiklmnoprstufye", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ь": "", "ю": "yu", "я": "ya"}
)
LONGEST_SLUG = 153
"""In characters: the longest slug seen."""


def slugify(text: str) -> str:
    """Return the words in lower case, joined by hyphens, with Latin letters and digits only."""
    latin = text.lower().replace("'", "").replace("’", "").translate(_LATIN)
    return _NO_SLUG.sub("-", latin).strip("-")[:LONGEST_SLUG].rstrip("-")


def moscow_text(at: datetime) -> str:
    """Format a time like the publisher's pages: `2024-03-05T12:12:00+03:00`."""
    return at.astimezone(MOSCOW).isoformat(timespec="seconds")
