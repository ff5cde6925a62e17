"""Renders what surrounds the content of every page: head, navigation, sidebar, footer."""

from collections.abc import Iterable
from functools import cache
from html import escape

from replica.furniture import COPYRIGHT
from replica.model import SECTIONS, STATIC, WWW, Head

_TOPICS = ("kremlin", "economy", "sanctions", "regions", "courts", "protests", "energy", "military", "health", "sport")
_STYLE_RULE_COUNT = 40
_SCRIPT_LINE_COUNT = 25
"""Both bring a page to the size of the publisher's, 20 to 30 kB."""


def render_document(meta: str, main: str, language: str = "en") -> str:
    """Render a complete page: `meta` goes into its head, `main` between navigation and footer."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"{meta}\n{_assets()}\n</head>\n<body>\n{_navigation()}\n{main}\n{_footer()}\n</body>\n</html>\n"
    )


def render_simple_page(title: str, text: str) -> str:
    """Render a page that is not an article: a title and one line."""
    meta = f"<title>{escape(title)} - The Moscow Times</title>"
    return render_document(meta, f'<main class="page"><h1>{escape(title)}</h1><p>{escape(text)}</p></main>')


def render_cards(heads: Iterable[Head]) -> str:
    """Render the excerpt cards of listings and clusters, which have no date."""
    return "\n".join(_card(head, "article-excerpt-default") for head in heads)


def render_lead_card(head: Head) -> str:
    """Render the first card of a section's page."""
    return _card(head, "article-excerpt-lead")


def render_sidebar(most_read: Iterable[Head], newest: Iterable[Head]) -> str:
    """Render the two lists beside every article."""
    return (
        '<aside class="sidebar"><section class="sidebar__section"><div class="sidebar__section__header">Most read</div>'
        f'{_links(most_read)}</section><section class="sidebar__section">'
        f'<div class="sidebar__section__header">Just in</div>{_links(newest)}</section></aside>'
    )


def _links(heads: Iterable[Head]) -> str:
    items = "".join(
        f'<li class="listed-articles__item"><a href="{head.url}" title="{escape(head.headline)}">'
        f'<h5 class="listed-article__title">{escape(head.headline)}</h5></a></li>'
        for head in heads
    )
    return f'<ul class="listed-articles">{items}</ul>'


def _card(head: Head, css_class: str) -> str:
    title, name = escape(head.headline), SECTIONS[head.section]
    # The Russian edition's cards have only the link.
    data = f' data-url="{head.url}" data-title="{title}"' if head.edition == "en" else ""
    return (
        f'<div class="{css_class} {css_class}--{head.kind}" data-id="{head.number}"{data}>'
        f'<a class="{css_class}__link" href="{head.url}"><span class="label {css_class}__label">{name}</span>'
        f'<h3 class="{css_class}__headline">{title}</h3>'
        f'<span class="readtime">{head.number % 6 + 1} Min read</span></a></div>'
    )


@cache
def _assets() -> str:
    rules = "\n".join(
        f".grid__col--{n} {{ flex: 0 0 {n}%; max-width: {n}%; padding: {n % 7}px; }}" for n in range(_STYLE_RULE_COUNT)
    )
    lines = "\n".join(
        f'window.site.modules.push({{ name: "module-{n}", defer: {str(n % 2 == 0).lower()} }});'
        for n in range(_SCRIPT_LINE_COUNT)
    )
    return (
        f'<link rel="shortcut icon" href="{STATIC}/img/icons/favicon.ico">\n<style>\n{rules}\n</style>\n'
        f"<script>\nwindow.site = {{ modules: [] }};\n{lines}\n</script>"
    )


@cache
def _navigation() -> str:
    sections = "".join(
        f'<li class="nav__item"><a href="{WWW}/{path}" title="{name}">{name}</a></li>'
        for path, name in SECTIONS.items()
    )
    topics = "".join(
        f'<li class="nav__item"><a href="{WWW}/all-about/{topic}" title="{topic}">{topic.title()}</a></li>'
        for topic in _TOPICS
    )
    return (
        '<nav class="nav-expanded"><div class="nav-overlay"></div><ul class="nav__list">'
        f'{sections}</ul><ul class="nav__list nav__list--topics">{topics}</ul></nav>\n'
        f'<header class="site-header"><a class="site-header__logo" href="{WWW}/">The Moscow Times</a>'
        f'<ul class="navigation__list">{sections}</ul><a class="site-header__contribute" href="{WWW}/contribute">'
        "Contribute today</a></header>"
    )


@cache
def _footer() -> str:
    pages = ("about", "podcasts", "videos", "galleries", "newsletters", "page/rss", "page/privacy-policy")
    links = "".join(f'<li><a href="{WWW}/{page}">{page.rsplit("/", 1)[-1].title()}</a></li>' for page in pages)
    return f'<footer class="footer"><ul class="footer__links">{links}</ul><p>{COPYRIGHT}</p></footer>'
