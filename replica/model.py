"""What an article of the replica is made of, and which text of it is the body."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

WWW = "https://www.themoscowtimes.com"
STATIC = "https://static.themoscowtimes.com"
SITE = "moscow-times"
EDITION = "en"
MOSCOW = ZoneInfo("Europe/Moscow")

SECTIONS = {
    "news": ("News", "news"),
    "ukraine-war": ("Ukraine War", "ukraine_war"),
    "opinion": ("Opinion", "opinion"),
    "business": ("Business", "business"),
    "meanwhile": ("Meanwhile", "meanwhile"),
    "arts-and-life": ("Arts and Life", "city"),
    "climate": ("Climate", "climate"),
    "diaspora": ("Diaspora", "diaspora"),
    "in-depth": ("In-Depth", "indepth"),
}
"""Path -> (the name that the page shows, the internal key that JSON-LD has)."""


@dataclass(frozen=True)
class Paragraph:
    """One `<p>`. Non-breaking spaces in it are the page's; the body has plain ones."""

    text: str


@dataclass(frozen=True)
class Subhead:
    """An `<h2>` within an html block."""

    text: str


@dataclass(frozen=True)
class BulletList:
    """A `<ul>`: each item is a paragraph of the body, without a bullet."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class BlockQuote:
    """A `<blockquote>` within an html block, of one or more paragraphs."""

    paragraphs: tuple[str, ...]


Element = Paragraph | Subhead | BulletList | BlockQuote


@dataclass(frozen=True)
class HtmlBlock:
    """`article__block--html`: running text."""

    elements: tuple[Element, ...]


@dataclass(frozen=True)
class HeaderBlock:
    """`article__block--header`: a subhead of its own, part of the body."""

    text: str


@dataclass(frozen=True)
class QuoteBlock:
    """`article__block--quote`: a pull quote and whose it is: two paragraphs of the body."""

    text: str
    cite: str


@dataclass(frozen=True)
class Image:
    """A picture with its caption and credit apart."""

    url: str
    caption: str | None
    credit: str | None


@dataclass(frozen=True)
class ImageBlock:
    """`article__block--image`."""

    image: Image


@dataclass(frozen=True)
class GalleryBlock:
    """The pictures of a gallery, each with its caption: no text of a body."""

    images: tuple[Image, ...]


@dataclass(frozen=True)
class LiveBlock:
    """Where a live blog's posts appear. The page has none of them: `/live/ID/0` does, as JSON."""

    posts: tuple[tuple[datetime, tuple[str, ...]], ...]
    """Each post's time and paragraphs, the oldest first."""


@dataclass(frozen=True)
class OldHtmlBlock:
    """The one html block of an `/archive/` page: layout tables and spacer images around the paragraphs."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class FurnitureBlock:
    """A block that is no part of the text: `article` (related), `newsletter`, `aside`, `embed`, `link`."""

    type: str
    headline: str = ""


Block = HtmlBlock | HeaderBlock | QuoteBlock | ImageBlock | GalleryBlock | LiveBlock | OldHtmlBlock | FurnitureBlock


@dataclass(frozen=True)
class Furniture:
    """What surrounds the text of one page."""

    teaser: str | None
    """`ad-free`, `support`, or None."""
    donation: tuple[str, ...]
    """The paragraphs of the donation message; empty for a page without one."""
    payment: tuple[str, ...] = ()
    """The words of its form."""


@dataclass(frozen=True)
class Head:
    """What is known of an article before its text is made: cheap, for feeds, sitemaps and addresses."""

    number: int
    """The publisher's id, the digits after the `a`."""
    kind: str
    headline: str
    section: str
    """The section's path."""
    published_at: datetime
    modified_at: datetime
    authors: tuple[str, ...]
    agencies: tuple[str, ...]
    byline: tuple[str, ...]
    """The names as the byline has them: `AFP`, `NAME for AFP`."""
    old_paths: tuple[str, ...] = ()
    """Addresses that it had before, each with another slug or date: they redirect."""
    is_archive: bool = False
    """Imported old stock at `/archive/SLUG`: no date in the address, raw old HTML, no tags, in no sitemap."""

    @property
    def id(self) -> str:
        """The record id."""
        return f"{SITE}:{EDITION}:{self.path.removeprefix('/') if self.is_archive else self.number}"

    @cached_property
    def path(self) -> str:
        """Where it is now."""
        if self.is_archive:
            return f"/archive/{slugify(self.headline)}-{self.number}"
        return article_path(self.published_at, self.headline, self.number)

    @property
    def url(self) -> str:
        """The publisher's address of it now."""
        return WWW + self.path


@dataclass(frozen=True)
class Story:
    """What an article says."""

    subtitle: str | None
    intro: str | None
    blocks: tuple[Block, ...]
    image: Image | None
    tags: tuple[str, ...]
    furniture: Furniture
    trailing_agencies: tuple[str, ...] = ()
    """Named in brackets in the last paragraph, which is no part of the body."""
    author_blurb: str | None = None
    has_markup: bool = True
    """Some words are emphasised or linked."""


def article_path(published_at: datetime, headline: str, number: int) -> str:
    """`/YYYY/MM/DD/SLUG-aID`: the date is Moscow's."""
    return f"/{published_at.astimezone(MOSCOW):%Y/%m/%d}/{slugify(headline)}-a{number}"


_NO_SLUG = re.compile(r"[^a-z0-9]+")


def slugify(text: str) -> str:
    """Lower-case words joined by hyphens, letters and digits only."""
    return _NO_SLUG.sub("-", text.lower().replace("'", "")).strip("-")


def list_paragraphs(block: Block) -> list[str]:
    """The paragraphs that a block adds to the body, as the page has them."""
    match block:
        case HtmlBlock(elements):
            return [text for element in elements for text in _texts(element)]
        case HeaderBlock(text):
            return [text]
        case QuoteBlock(text, cite):
            return [text, cite]
        case OldHtmlBlock(paragraphs):
            return list(paragraphs)
        case LiveBlock(posts):
            return [paragraph for _, paragraphs in posts for paragraph in paragraphs]
        case _:
            return []


def _texts(element: Element) -> tuple[str, ...]:
    match element:
        case BulletList(texts) | BlockQuote(texts):
            return texts
        case Paragraph(text) | Subhead(text):
            return (text,)


def build_body(story: Story) -> str:
    """The body that a record must have: plain spaces, paragraphs parted by a blank line."""
    paragraphs = [text for block in story.blocks for text in list_paragraphs(block)]
    return "\n\n".join([story.intro, *paragraphs] if story.intro else paragraphs).replace("\u00a0", " ")


def build_record(head: Head, story: Story) -> dict[str, Any]:
    """The record expected of an article, named and formed as an export has it."""
    return {
        "id": head.id,
        "site": SITE,
        "edition": EDITION,
        "language": "en",
        "url": head.url,
        "kind": head.kind,
        "headline": head.headline,
        "subtitle": story.subtitle,
        "authors": list(head.authors),
        "agencies": list(dict.fromkeys((*head.agencies, *story.trailing_agencies))),
        "section": SECTIONS[head.section][0],
        "tags": list(story.tags),
        "published_at": utc_text(head.published_at),
        "modified_at": utc_text(head.modified_at),
        "body": build_body(story),
        "images": [vars(image) for image in list_images(story)],
    }


def list_images(story: Story) -> list[Image]:
    """The article's pictures in the page's order."""
    found = [story.image] if story.image else []
    for block in story.blocks:
        match block:
            case ImageBlock(image):
                found.append(image)
            case GalleryBlock(images):
                found.extend(images)
            case _:
                pass
    return found


def utc_text(at: datetime) -> str:
    """`2024-03-05T09:12:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moscow_text(at: datetime) -> str:
    """`2024-03-05T12:12:00+03:00`: how the publisher's pages write a time."""
    return at.astimezone(MOSCOW).isoformat(timespec="seconds")
