"""Renders the blocks that an article's content is made of."""

import json
import random
from html import escape

from replica.furniture import NEWSLETTER, NO_MEDIA
from replica.model import (
    STATIC,
    WWW,
    Block,
    BlockQuote,
    BulletList,
    Element,
    FurnitureBlock,
    GalleryBlock,
    HeaderBlock,
    HtmlBlock,
    Image,
    ImageBlock,
    LiveBlock,
    OldHtmlBlock,
    Paragraph,
    QuoteBlock,
    Story,
    Subhead,
    moscow_text,
)

_MARKED = ("<em>{}</em>", "<strong>{}</strong>", f'<a href="{WWW}/all-about/kremlin">{{}}</a>')
_FEWEST_WORDS_TO_MARK = 8
_MARKED_SHARE = 0.5
"""Of paragraphs: as many with markup as without, so that a reader meets both."""


def render_block(block: Block, rng: random.Random | None) -> str:  # noqa: PLR0911 - one for each kind
    """One block; with `rng` some of its words are emphasised or linked."""
    match block:
        case HtmlBlock(elements):
            return _wrap("html", "\n".join(_element(element, rng) for element in elements))
        case HeaderBlock(text):
            return _wrap("header", f"<h2>{escape(text)}</h2>")
        case QuoteBlock(text, cite):
            return _wrap(
                "quote",
                f'<blockquote class="article__quote">{escape(text)}</blockquote><cite>{escape(cite)}</cite>',
            )
        case ImageBlock(image):
            return _wrap("image", render_figure(image, "article__image", "image"))
        case GalleryBlock(images):
            return _wrap("images", "\n".join(render_figure(image, "article__image", "image") for image in images))
        case LiveBlock():
            return '<div class="live-posts" data-live="1"></div>'
        case OldHtmlBlock(paragraphs):
            return _wrap("html", _old_html(paragraphs))
        case _:
            return _furniture_block(block)


def _wrap(block_type: str, inner: str) -> str:
    return f'<div class="article__block article__block--{block_type}">\n{inner}\n</div>'


def _element(element: Element, rng: random.Random | None) -> str:
    match element:
        case Paragraph(text):
            return f"<p>{render_text(text, rng)}</p>"
        case Subhead(text):
            return f"<h2>{escape(text)}</h2>"
        case BulletList(items):
            return f"<ul>{''.join(f'<li>{render_text(item, rng)}</li>' for item in items)}</ul>"
        case BlockQuote(paragraphs):
            return f"<blockquote>{''.join(f'<p>{render_text(text, rng)}</p>' for text in paragraphs)}</blockquote>"


def render_text(text: str, rng: random.Random | None) -> str:
    """The text as HTML, three words of some paragraphs emphasised or linked."""
    words = escape(text, quote=False).replace("\u00a0", "&nbsp;").split(" ")
    if rng and len(words) >= _FEWEST_WORDS_TO_MARK and rng.random() < _MARKED_SHARE:
        start = rng.randrange(len(words) - 4)
        words[start : start + 3] = [rng.choice(_MARKED).format(" ".join(words[start : start + 3]))]
    return " ".join(words)


def _old_html(paragraphs: tuple[str, ...]) -> str:
    """As it was made around 2000: a layout table, spacer images, upper-case tags left open."""
    rows = "".join(f"<P>{escape(text, quote=False)}\n" for text in paragraphs)
    spacer = f'<IMG SRC="{STATIC}/img/spacer.gif" WIDTH=1 HEIGHT=1 ALT="">'
    return f'<TABLE BORDER=0 WIDTH="100%"><TR><TD WIDTH=10>{spacer}</TD><TD VALIGN=top>{rows}</TD></TR></TABLE>{spacer}'


def _furniture_block(block: FurnitureBlock) -> str:
    match block.type:
        case "article":
            inner = (
                f'<a class="related-article" href="{WWW}/news"><span class="related-article__label">news</span>'
                f'<h3 class="related-article__title">{escape(block.headline)}</h3>'
                '<span class="related-article__cta">Read more</span></a>'
            )
        case "newsletter":
            title, text, terms = (escape(line) for line in NEWSLETTER)
            inner = f'<div class="newsletterbox"><h4>{title}</h4><p>{text}</p><p>{terms}</p></div>'
        case "embed":
            inner = f'<div class="embed"><iframe src="about:blank"></iframe><p>{NO_MEDIA}</p></div>'
        case "aside":
            inner = f"<aside><h4>Context</h4><p>{escape(block.headline)}</p></aside>"
        case _:
            inner = f'<a href="{WWW}/in-depth">{escape(block.headline)}</a>'
    return _wrap(block.type, inner)


def render_figure(image: Image, css_class: str, alias: str) -> str:
    """A picture; the caption and the credit are two spans side by side."""
    parts = (("caption", image.caption), ("credits", image.credit))
    spans = " ".join(
        f'<span class="{css_class}__{name} {alias}__{name}">{escape(text)}</span>' for name, text in parts if text
    )
    return (
        f'<figure class="{css_class} {alias}"><img src="{image.url}" alt=""><figcaption>{spans}</figcaption></figure>'
    )


def render_live(story: Story) -> str:
    """What `/live/ID/0` answers: the newest post first."""
    posts = [post for block in story.blocks if isinstance(block, LiveBlock) for post in block.posts]
    found = [
        {
            "id": index,
            "time": moscow_text(at),
            "body": [{"type": "html", "html": "".join(f"<p>{escape(text, quote=False)}</p>" for text in paragraphs)}],
        }
        for index, (at, paragraphs) in enumerate(posts, start=1)
    ]
    return json.dumps(found[::-1])
