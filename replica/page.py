"""Renders an article page in the structure that the publisher's article pages have."""

import random
from html import escape

from replica.block import render_block, render_figure, render_text
from replica.chrome import render_cards, render_document
from replica.furniture import DISCLAIMER, TEASERS
from replica.meta import render_meta
from replica.model import MOSCOW, SECTIONS, WWW, Head, HtmlBlock, Story, slugify
from replica.writing import EDITED_AFTER


def render_page(head: Head, story: Story, sidebar: str, cluster: list[Head]) -> str:
    """The whole page; the last head of `cluster` is the article that loads below."""
    *cards, below = cluster
    main = "\n".join(
        (
            f'<div class="container article-container" id="article-id-{head.number}" data-page-id="{head.number}">',
            _teaser(story),
            '<article class="article article--default">',
            _header(head, story),
            _byline(head),
            render_figure(story.image, "article__featured-image", "featured-image") if story.image else "",
            f'<div class="article__intro">{render_text(story.intro, None)}</div>' if story.intro else "",
            _content(head, story),
            _bottom(head, story),
            "</article>",
            sidebar,
            f'<section class="cluster"><h3 class="cluster__header">Read more</h3>{render_cards(cards)}</section>',
            "</div>",
            _next_article(below),
        )
    )
    return render_document(render_meta(head, story), main)


def _teaser(story: Story) -> str:
    if not story.furniture.teaser:
        return ""
    lines = "".join(f"<p>{escape(line)}</p>" for line in TEASERS[story.furniture.teaser])
    return f'<div class="contribute-teaser">{lines}</div>'


def _header(head: Head, story: Story) -> str:
    label = f'<span class="label">{SECTIONS[head.section][0]}</span>' if head.kind != "article" else ""
    return (
        f'<header class="article__header">{label}<h1><a href="{head.url}">{escape(head.headline)}</a></h1>'
        f"<h2>{escape(story.subtitle or '')}</h2></header>"
    )


def _byline(head: Head) -> str:
    if head.is_archive:
        names = _join([f'<span class="byline__author__name">{escape(name)}</span>' for name in head.byline])
    else:
        names = _join(
            [
                f'<a href="{WWW}/author/{slugify(name)}" class="byline__author__name" title="{escape(name)}">'
                f"{escape(name)}</a>"
                for name in head.byline
            ]
        )
    parts = f'<div class="byline__author">By {names}</div>{_time(head)}'
    shown = f"<!-- {parts} -->" if head.kind == "live" else parts
    return f'<div class="article__byline byline"><div class="byline__details">{shown}</div></div>'


def _time(head: Head) -> str:
    """The only time that the page shows: the update's, where there was a late one."""
    is_edited = head.modified_at - head.published_at > EDITED_AFTER
    at = (head.modified_at if is_edited else head.published_at).astimezone(MOSCOW)
    written = at.replace(tzinfo=None) if head.kind == "gallery" else at
    prefix = "Updated: " if is_edited else ""
    return (
        f'<time class="byline__datetime timeago" datetime="{written.isoformat(timespec="seconds")}">'
        f"{prefix}{at:%B} {at.day}, {at.year}</time>"
    )


def _join(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _content(head: Head, story: Story) -> str:
    """All blocks; the agencies' credit is the last paragraph of the last block of text."""
    rng = random.Random(head.number) if story.has_markup else None
    blocks = [render_block(block, rng) for block in story.blocks]
    if story.trailing_agencies:
        last = max(index for index, block in enumerate(story.blocks) if isinstance(block, HtmlBlock))
        credit = f"<p>({escape(', '.join(story.trailing_agencies))})</p>"
        blocks[last] = blocks[last].removesuffix("</div>") + credit + "</div>"
    inner = "\n".join(blocks)
    return f'<div class="article__content-container"><div class="article__content">\n{inner}\n</div></div>'


def _bottom(head: Head, story: Story) -> str:
    """What follows the text inside the same container."""
    blurb = f'<div class="author-blurb"><p>{escape(story.author_blurb)}</p></div>' if story.author_blurb else ""
    disclaimer = f'<div class="article__disclaimer">{DISCLAIMER[0]}</div>' if head.kind == "opinion" else ""
    links = ", ".join(f'<a href="{WWW}/all-about/{slugify(tag)}">{escape(tag)}</a>' for tag in story.tags)
    tags = f'<div class="article__tags">Read more about: {links}</div>' if story.tags else ""
    # The blurb is printed twice: beside the text, and below it for narrow screens.
    return "\n".join((blurb, disclaimer, blurb, tags, _donation(story)))


def _donation(story: Story) -> str:
    message, payment = story.furniture.donation, story.furniture.payment
    if not message:
        return ""
    lines = "".join(f"<p>{escape(line)}</p>" for line in message)
    form = "".join(f"<span>{escape(word)}</span>" for word in payment)
    return f'<div class="contribute-banner">{lines}<div class="contribute-banner__form">{form}</div></div>'


def _next_article(below: Head) -> str:
    """The article that loads on scroll: its text is not this page's."""
    return (
        f'<div class="container article-container" id="article-id-{below.number}" data-page-id="{below.number}">'
        f'<article class="article article--default"><header class="article__header"><h1><a href="{below.url}">'
        f'{escape(below.headline)}</a></h1></header>{_byline(below)}<div class="article__content">'
        '<div class="article__block article__block--html"><p>This paragraph belongs to the article below, and to no '
        "record of the page that it hangs on.</p></div></div></article></div>"
    )
