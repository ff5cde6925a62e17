"""Renders article pages in the publisher's structure."""

import random
from html import escape

from replica.block import render_block, render_figure, render_gallery_item, render_saved_post, render_text
from replica.chrome import render_cards, render_document
from replica.furniture import CAMPAIGN, DISCLAIMER, PARTNER_LABEL, TEASERS
from replica.meta import name_section, render_meta
from replica.model import MOSCOW, WWW, Head, HtmlBlock, Story, View, moscow_text, slugify

_DATA_TYPES = {"gallery", "video", "podcast"}


def render_page(head: Head, story: Story, view: View) -> str:
    """Render the whole page."""
    cards = render_cards(view.cluster)
    main = "\n".join(
        (
            render_container(head, story, view),
            view.sidebar,
            f'<section class="cluster"><h3 class="cluster__header">Read more</h3>{cards}</section>',
            _next_article(view.below) if view.below else "",
        )
    )
    return render_document(render_meta(head, story, view), main, head.edition)


def render_container(head: Head, story: Story, view: View, *, attributes: str = "") -> str:
    """Render the article's container alone."""
    is_live = head.kind == "live"
    # A live blog has neither id nor type: only its script has its number.
    names = "" if is_live else f' id="article-id-{head.number}" data-page-id="{head.number}"'
    kind = head.kind if head.kind in _DATA_TYPES else "default"
    section = name_section(head)
    mark = "" if is_live else f'<div class="gtm-section" data-section="{section}" data-type="{kind}"></div>'
    inner = _gallery(head, story, view) if head.kind == "gallery" else _article(head, story, view)
    return "\n".join(
        (
            f'<div class="container article-container"{names}{attributes}>',
            mark,
            _teaser(story),
            _campaign() if head.is_sponsored else "",
            f'<article class="article article--{section.replace("-", "_")}">',
            inner,
            _bottom(head, story),
            "</article>",
            "" if head.is_archive else f'<a class="article__pdf" href="{head.url}/pdf">Print</a>',
            "</div>",
        )
    )


def _teaser(story: Story) -> str:
    if not story.furniture.teaser:
        return ""
    lines = "".join(f"<p>{escape(line)}</p>" for line in TEASERS[story.furniture.teaser])
    return f'<div class="contribute-teaser">{lines}</div>'


def _campaign() -> str:
    """Render the notice before branded content."""
    return (
        f'<div class="campaign__header"><a class="campaign__logo" href="{WWW}/plus">MT+</a>'
        f'<div class="campaign__disclaimer">{escape(CAMPAIGN)}</div></div>'
    )


def _article(head: Head, story: Story, view: View) -> str:
    """Render header, byline, picture, intro and content, for every kind except galleries."""
    summary = "".join(f"<p>{escape(text)}</p>" for text in story.summary)
    header = _header(head, story) + (f'<div class="live-intro">{summary}</div>' if head.kind == "live" else "")
    return "\n".join(
        (
            f'<div class="article__header-column">{header}</div>',
            _byline(head),
            render_figure(story.image, "article__featured-image", "featured-image") if story.image else "",
            f'<div class="article__intro">{render_text(story.intro, None)}</div>' if story.intro else "",
            f'<div class="article__content-container">{_content(head, story, view)}</div>',
        )
    )


def _gallery(head: Head, story: Story, view: View) -> str:
    """Render a gallery: header and byline in a first content element, then the pictures, the text in a second one."""
    at = head.published_at.astimezone(MOSCOW)
    names = join_names(
        [
            f'<a href="{_author_url(head, name)}" class="article__author__name">{escape(name)}</a>'
            for name in head.byline
        ],
        head.edition,
    )
    items = "\n".join(render_gallery_item(image) for image in story.gallery)
    return (
        f'<div class="article__content">{_header(head, story)}<div class="article__author">By {names}</div>'
        f'<div class="article__date">{at:%B} {at.day}, {at.year}</div></div>\n'
        f'<div class="article__gallery">{items}</div>\n{_content(head, story, view)}'
    )


def _header(head: Head, story: Story) -> str:
    label = f'<span class="label">{head.label}</span>' if head.label else ""
    if head.sponsor:
        label += (
            f'<span class="label label--partner">{PARTNER_LABEL}</span>'
            f'<a class="label label--partners" href="{WWW}/partner/{slugify(head.sponsor)}">{escape(head.sponsor)}</a>'
        )
    # An archive page's headline links to a dated URL that does not exist.
    url = f"{WWW}/{head.published_at:%Y/%m/%d}/{slugify(head.headline)}" if head.is_archive else head.url
    return (
        f'<header class="article__header">{label}<h1><a href="{url}">{escape(head.headline)}</a></h1>'
        f"<h2>{escape(story.subtitle or '')}</h2></header>"
    )


def _author_url(head: Head, name: str) -> str:
    return f"{head.origin}/author/{slugify(name)}"


def _byline(head: Head) -> str:
    if head.is_archive:
        names = [f'<span class="byline__author__name">{escape(name)}</span>' for name in head.byline]
    else:
        names = [
            f'<a href="{_author_url(head, name)}" class="byline__author__name" title="{escape(name)}">'
            f"{escape(name)}</a>"
            for name in head.byline
        ]
    prefix = "" if head.kind == "podcast" or head.edition == "ru" else "By "
    parts = f'<div class="byline__author">{prefix}{join_names(names, head.edition)}</div>{_time(head)}'
    shown = f"<!-- {parts} -->" if head.kind == "live" else parts
    return f'<div class="article__byline byline"><div class="byline__details">{shown}</div></div>'


def _time(head: Head) -> str:
    """Render the only time on the page: that of a late update if there was one."""
    shown_at = head.modified_at if head.is_updated else head.published_at
    at = shown_at.astimezone(MOSCOW)
    time = (
        f'<time class="byline__datetime timeago" datetime="{moscow_text(shown_at)}">{at:%B} {at.day}, {at.year}</time>'
    )
    return f"Updated: {time}" if head.is_updated else time


def join_names(names: list[str], edition: str = "en") -> str:
    """Join names as `A, B and C`."""
    *first, last = names
    return f"{', '.join(first)} {'и' if edition == 'ru' else 'and'} {last}" if first else last


def _content(head: Head, story: Story, view: View) -> str:
    if head.kind == "live":
        posts = "\n".join(render_saved_post(post, view.today) for post in story.posts) if view.has_posts else ""
        return (
            f'<div class="article__content"><div class="live-posts" data-live="1">{posts}</div></div>'
            f'<script>window.site.live = "/live/{head.number}/0";</script>'
        )
    rng = random.Random(head.number) if story.has_markup else None
    blocks = [render_block(block, rng, view.today) for block in story.blocks]
    if story.trailing_agencies:
        last = max(index for index, block in enumerate(story.blocks) if isinstance(block, HtmlBlock))
        credit = f"<p>({escape(', '.join(story.trailing_agencies))})</p>"
        blocks[last] = blocks[last].removesuffix("</div>") + credit + "</div>"
    inner = "\n".join(blocks)
    return f'<div class="article__content">\n{inner}\n</div>'


def _bottom(head: Head, story: Story) -> str:
    """Render what follows the text inside the same article element."""
    blurb = f'<div class="author-blurb"><p>{escape(story.author_blurb)}</p></div>' if story.author_blurb else ""
    disclaimer = f'<div class="article__disclaimer">{DISCLAIMER[0]}</div>' if head.is_opinion else ""
    links = ", ".join(f'<a href="{head.origin}/tag/{slugify(tag)}">{escape(tag)}</a>' for tag in story.tags)
    title = "Read more about" if head.edition == "en" else "Читайте ещё"
    tags = f'<div class="article__tags">{title}: {links}</div>' if story.tags else ""
    # The blurb is printed twice: beside the text, and below it for narrow screens.
    return "\n".join((disclaimer, blurb, blurb, tags, _donation(story)))


def _donation(story: Story) -> str:
    message, payment = story.furniture.donation, story.furniture.payment
    if not message:
        return ""
    lines = "".join(f"<p>{escape(line)}</p>" for line in message)
    form = "".join(f"<span>{escape(word)}</span>" for word in payment)
    return f'<div class="contribute-banner">{lines}<div class="contribute-banner__form">{form}</div></div>'


def _next_article(below: Head) -> str:
    """Render the article that loads on scroll, whose text is not part of this page's."""
    return (
        f'<div class="container article-container" id="article-id-{below.number}" data-page-id="{below.number}">'
        f'<article class="article article--news"><header class="article__header"><h1><a href="{below.url}">'
        f'{escape(below.headline)}</a></h1></header>{_byline(below)}<div class="article__content">'
        '<div class="article__block article__block--html"><p>This paragraph belongs to the article below, and to no '
        "record of the page that it hangs on.</p></div></div></article></div>"
    )
