"""Builds the record that a perfect reader makes of an article: its body, pictures and other fields."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from replica.model import (
    SECTIONS,
    SITE,
    Block,
    BlockQuote,
    BulletList,
    Element,
    Head,
    HeaderBlock,
    HtmlBlock,
    Image,
    ImageBlock,
    InfoBlock,
    InlineFigure,
    OldHtmlBlock,
    Paragraph,
    QuoteBlock,
    SliderBlock,
    Story,
    Subhead,
    Table,
    Verse,
)


def list_paragraphs(block: Block) -> list[str]:
    """Return the paragraphs that a block adds to the body, as in the page."""
    match block:
        case HtmlBlock(elements):
            return [text for element in elements for text in _list_texts(element)]
        case HeaderBlock(text):
            return [text]
        case QuoteBlock(lines, cite):
            return ["\n".join(lines), f"– {cite}"]
        case InfoBlock(title, paragraphs):
            return [title, *paragraphs]
        case OldHtmlBlock(paragraphs):
            return list(paragraphs)
        case _:
            return []


def _list_texts(element: Element) -> tuple[str, ...]:
    match element:
        case BulletList(texts) | BlockQuote(texts):
            return texts
        case Paragraph(text) | Subhead(text):
            return (text,)
        case Table(rows):
            return tuple(" | ".join(row) for row in rows)
        case Verse(lines):
            return ("\n".join(lines),)
        case _:
            return ()


def _list_parts(story: Story) -> Iterator[Block]:
    """Yield the blocks of the content and of a live blog's posts, in reading order."""
    yield from story.blocks
    for post in story.posts:
        yield from post.blocks


def build_body(story: Story) -> str:
    """Return the expected body: plain spaces, paragraphs separated by a blank line."""
    paragraphs = [text for block in _list_parts(story) for text in list_paragraphs(block)]
    opening = [story.intro] if story.intro else []
    return "\n\n".join([*opening, *story.summary, *paragraphs]).replace("\u00a0", " ")


def list_images(story: Story) -> list[Image]:
    """Return the article's pictures in page order."""
    found = [story.image] if story.image else []
    found += story.gallery
    for block in _list_parts(story):
        match block:
            case ImageBlock(image):
                found.append(image)
            case SliderBlock(images):
                found.extend(images)
            case HtmlBlock(elements):
                found += [element.image for element in elements if isinstance(element, InlineFigure)]
            case _:
                pass
    return found


def build_record(head: Head, story: Story) -> dict[str, Any]:
    """Return the expected record of an article, in the form of an export."""
    return {
        "id": head.id,
        "site": SITE,
        "edition": head.edition,
        "language": head.edition,
        "url": head.url,
        "kind": head.kind,
        "headline": head.headline,
        "subtitle": story.subtitle,
        "authors": list(head.authors),
        "agencies": list(dict.fromkeys((*head.agencies, *story.trailing_agencies))),
        "section": SECTIONS[head.section],
        "sponsor": head.sponsor,
        "tags": list(story.tags),
        "published_at": utc_text(head.published_at),
        "modified_at": utc_text(head.modified_at) if head.is_updated else None,
        "body": build_body(story),
        "images": [
            {"url": image.url, "caption": image.caption, "credit": image.credit} for image in list_images(story)
        ],
    }


def utc_text(at: datetime) -> str:
    """Format a time as `2024-03-05T09:12:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
