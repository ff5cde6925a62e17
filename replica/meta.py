"""What an article page says of itself in its head: title, meta tags, JSON-LD."""

import json
from html import escape

from replica.model import SECTIONS, STATIC, WWW, Head, Story, build_body, moscow_text

_DESCRIPTION_LENGTH = 160
"""Characters: how much of the text stands in for a missing subtitle."""
_PREFIXES = {"opinion": "Opinion | ", "video": "Video | ", "gallery": "Gallery | ", "podcast": "Podcast | "}


def describe(head: Head, story: Story) -> str:
    """The summary that feeds and meta tags give."""
    text = story.subtitle or build_body(story) or head.headline
    return text if len(text) <= _DESCRIPTION_LENGTH else text[:_DESCRIPTION_LENGTH].rsplit(None, 1)[0] + "…"


def render_meta(head: Head, story: Story) -> str:
    """Title, canonical link, meta tags and the four JSON-LD scripts, of which the first is invalid JSON."""
    section = SECTIONS[head.section][0]
    image = story.image.url if story.image else f"{STATIC}/img/share_default.jpg"
    properties = {
        "og:title": f"{head.headline} - The Moscow Times",
        "og:description": _PREFIXES.get(head.kind, "") + describe(head, story),
        "og:image": image,
        "og:url": head.url,
        "og:type": "article",
        "og:site_name": "The Moscow Times",
        "article:author": head.byline[0],
        "article:published_time": moscow_text(head.published_at),
        "article:modified_time": moscow_text(head.modified_at),
        "article:section": section,
        "article:tag": ", ".join(story.tags),
    }
    tags = "\n".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items())
    return (
        f"<title>{escape(head.headline)} - The Moscow Times</title>\n"
        f'<link rel="canonical" href="{head.url}">\n<meta name="googlebot" content="noarchive">\n'
        f'<meta name="keywords" content="{escape(", ".join(story.tags))}">\n{tags}\n{_json_ld(head, story, image)}'
    )


def _json_ld(head: Head, story: Story, image: str) -> str:
    organization = {"@context": "https://schema.org", "@type": "NewsMediaOrganization", "name": "The Moscow Times"}
    section = {"@type": "ListItem", "position": 1, "item": {"@id": f"{WWW}/{head.section}", "name": head.section}}
    crumbs = {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": [section]}
    article = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": head.url},
        "headline": head.headline,
        "description": describe(head, story),
        "image": [image],
        "datePublished": moscow_text(head.published_at),
        "dateModified": moscow_text(head.modified_at),
        "keywords": ", ".join(story.tags),
        "articleSection": SECTIONS[head.section][1],
        "author": {"@type": "Person", "name": head.byline[0]},
        "publisher": {"@type": "Organization", "name": "The Moscow Times"},
    }
    website = f'{{"@context": "https://schema.org", "@type": "WebSite", "url": "{WWW}/", "name": "The Moscow Times",}}'
    texts = (website, *(json.dumps(part).replace("</", "<\\/") for part in (article, crumbs, organization)))
    return "\n".join(f'<script type="application/ld+json">{text}</script>' for text in texts)
