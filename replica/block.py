"""Renders the blocks of an article's content, and a live blog's posts."""

import json
import random
from datetime import date
from html import escape

from replica.furniture import NEWSLETTER, NO_MEDIA
from replica.model import (
    MOSCOW,
    STATIC,
    WWW,
    Block,
    BlockQuote,
    BulletList,
    Element,
    Frame,
    FurnitureBlock,
    HeaderBlock,
    HtmlBlock,
    Image,
    ImageBlock,
    InfoBlock,
    InlineFigure,
    OldHtmlBlock,
    Paragraph,
    Post,
    QuoteBlock,
    SliderBlock,
    Story,
    Subhead,
    Table,
    Verse,
    moscow_text,
    slugify,
)

_MARKED = ("<em>{}</em>", "<strong>{}</strong>", f'<a href="{WWW}/all-about/kremlin">{{}}</a>')
_FIRST_TIME = 1_000_000_000
"""In the URL of posts, numbers from here on are times in seconds (from 2001), smaller ones are numbers of posts."""
_FEWEST_WORDS_TO_MARK = 8
_MARKED_SHARE = 0.5
"""Share of paragraphs with markup: half, so that a reader meets both."""


def render_block(block: Block, rng: random.Random | None, today: date) -> str:  # noqa: PLR0911 - one for each kind
    """Render one block; with `rng`, emphasise or link some of its words."""
    match block:
        case HtmlBlock(elements):
            return _wrap("html", "\n".join(render_element(element, rng) for element in elements))
        case HeaderBlock(text):
            return _wrap("header", f"<h2>{escape(text)}</h2>")
        case QuoteBlock(lines, cite):
            quote = "<br>\n".join(escape(line) for line in lines)
            return _wrap(
                "quote", f'<blockquote class="article__quote">{quote}</blockquote>\n<cite>– {escape(cite)}</cite>'
            )
        case ImageBlock(image):
            return _wrap("image", render_figure(image, "article__image", "image"))
        case SliderBlock(images):
            return _wrap("images", f'<div class="slider">{"".join(_slide(image) for image in images)}</div>')
        case InfoBlock(title, paragraphs):
            inner = "".join(f"<p>{render_text(text, rng)}</p>" for text in paragraphs)
            return _wrap("aside", f'<div class="article__aside"><h3>{escape(title)}</h3>{inner}</div>')
        case OldHtmlBlock(paragraphs):
            return _wrap("html", _old_html(paragraphs))
        case _:
            return _wrap(block.type, _furniture(block, today))


def _wrap(block_type: str, inner: str) -> str:
    return f'<div class="article__block article__block--{block_type}">\n{inner}\n</div>'


def render_element(element: Element, rng: random.Random | None) -> str:  # noqa: PLR0911 - one for each kind
    """Render one element of an html block."""
    match element:
        case Paragraph(text):
            return f"<p>{render_text(text, rng)}</p>"
        case Subhead(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case BulletList(items, is_ordered):
            tag = "ol" if is_ordered else "ul"
            return f"<{tag}>{''.join(f'<li>{render_text(item, rng)}</li>' for item in items)}</{tag}>"
        case BlockQuote(paragraphs):
            return f"<blockquote>{''.join(f'<p>{render_text(text, rng)}</p>' for text in paragraphs)}</blockquote>"
        case Table(rows):
            return f"<table><tbody>{''.join(_row(row) for row in rows)}</tbody></table>"
        case Verse(lines):
            return f"<pre>{escape(chr(10).join(lines))}</pre>"
        case InlineFigure(image):
            return render_figure(image, "inline-image", "image")
        case Frame():
            return '<iframe src="about:blank" width="560" height="315"></iframe>'


def _row(cells: tuple[str, ...]) -> str:
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def render_text(text: str, rng: random.Random | None) -> str:
    """Render the text as HTML; in some paragraphs, emphasise or link three words."""
    words = escape(text, quote=False).replace("\u00a0", "&nbsp;").replace("\n", "<br>\n").split(" ")
    if rng and len(words) >= _FEWEST_WORDS_TO_MARK and rng.random() < _MARKED_SHARE:
        start = rng.randrange(len(words) - 4)
        words[start : start + 3] = [rng.choice(_MARKED).format(" ".join(words[start : start + 3]))]
    return " ".join(words)


def _old_html(paragraphs: tuple[str, ...]) -> str:
    """Render HTML of around 2000: a layout table, spacer images, unclosed upper-case tags."""
    rows = "".join(f"<P>{escape(text, quote=False)}\n" for text in paragraphs)
    spacer = f'<IMG SRC="{STATIC}/img/spacer.gif" WIDTH=1 HEIGHT=1 ALT="">'
    return f'<TABLE BORDER=0 WIDTH="100%"><TR><TD WIDTH=10>{spacer}</TD><TD VALIGN=top>{rows}</TD></TR></TABLE>{spacer}'


def _furniture(block: FurnitureBlock, today: date) -> str:
    title = escape(block.headline)
    match block.type:
        case "article":
            # Such a link has the day of the visit, and no id.
            url = f"{WWW}/{today:%Y/%m/%d}/{slugify(block.headline)}"
            return (
                f'<aside class="article__related-article"><a class="related-article" href="{url}">'
                '<span class="related-article__label">news</span>'
                f'<h3 class="related-article__title">{title}</h3>'
                '<span class="related-article__cta">Read more</span></a></aside>'
            )
        case "newsletter":
            name, text, terms = (escape(line) for line in NEWSLETTER)
            return f'<div class="newsletterbox"><h4>{name}</h4><p>{text}</p><p>{terms}</p></div>'
        case "embed":
            return f'<div class="embed"><iframe src="about:blank"></iframe><p>{NO_MEDIA}</p></div>'
        case "scrollama":
            return '<div class="scrollama" data-steps="4"><div class="scrollama__graphic"></div></div>'
        case _:
            return f'<div class="article__link"><a href="{WWW}/in-depth">{title}</a></div>'


def render_figure(image: Image, css_class: str, alias: str) -> str:
    """Render a picture; caption and credit are two adjacent spans."""
    return (
        f'<figure class="{css_class} {alias}"><img src="{image.url}" alt="">'
        f"{_caption(image, f'{css_class}__{{0}} {alias}__{{0}}')}</figure>"
    )


def _slide(image: Image) -> str:
    return (
        f'<div class="slider__slide"><a href="{image.url}"><img src="{image.url}" alt=""></a>'
        f"{_caption(image, 'slider__{0} image__{0}')}</div>"
    )


def _caption(image: Image, css_class: str) -> str:
    parts = (("caption", image.caption), ("credits", image.credit))
    spans = " ".join(f'<span class="{css_class.format(name)}">{escape(text)}</span>' for name, text in parts if text)
    return f"<figcaption>{spans}</figcaption>"


def render_gallery_item(image: Image) -> str:
    """Render one picture of a gallery, with its texts in attributes and beside it."""
    title, caption, credit = (escape(text or "") for text in (image.title, image.caption, image.credit))
    return (
        f'<div class="article__gallery__item" data-image-title="{title}" data-image-caption="{caption}" '
        f'data-image-credits="{credit}"><img src="{image.url}" alt=""><div class="gallery__item__aside">'
        f"<h6>{title}</h6><p>{caption}</p><span>{credit}</span></div></div>"
    )


def render_posts(story: Story, since: int) -> str:
    """Return the JSON of `/live/ID/FROM`: the posts later than FROM, the oldest first."""
    found = [
        {"id": number, "time": moscow_text(post.at), "body": [_part(block) for block in post.blocks]}
        for number, post in enumerate(story.posts, start=1)
        if since < (number if since < _FIRST_TIME else post.at.timestamp())
    ]
    return json.dumps(found)


def _part(block: HtmlBlock | ImageBlock | FurnitureBlock) -> dict[str, object]:
    match block:
        case HtmlBlock(elements):
            return {"type": "html", "body": "".join(render_element(element, None) for element in elements)}
        case ImageBlock(image):
            return {
                "type": "image",
                "image": {"src": image.url, "caption": image.caption or "", "credits": image.credit or ""},
            }
        case FurnitureBlock("article", headline):
            return {"type": "article", "article": {"title": headline, "url": f"{WWW}/news"}}
        case FurnitureBlock("link", headline):
            return {"type": "link", "link": f"{WWW}/in-depth/{slugify(headline)}"}
        case _:
            return {"type": "embed", "embed": '<iframe src="about:blank"></iframe>'}


def render_saved_post(post: Post, today: date) -> str:
    """Render a post as in a page that a browser saved."""
    blocks = "".join(
        "".join(render_element(element, None) for element in block.elements)
        if isinstance(block, HtmlBlock)
        else render_figure(block.image, "live-post__image", "image")
        if isinstance(block, ImageBlock)
        else _furniture(block, today)
        for block in post.blocks
    )
    at = post.at.astimezone(MOSCOW)
    return (
        f'<div class="live-post"><time class="live-post__date" datetime="{moscow_text(post.at)}">{at:%H:%M}</time>'
        f'<div class="live-post__body">{blocks}</div></div>'
    )
