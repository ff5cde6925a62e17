"""Renders the metadata in an article page's head: title, meta tags, JSON-LD."""

import hashlib
import json
from datetime import timedelta
from html import escape
from typing import Any

from replica.model import BREADCRUMB_PATHS, SECTIONS, STATIC, Head, Story, View, moscow_text
from replica.record import build_body

_DESCRIPTION_LENGTH = 160
"""Characters of the text that replace a missing subtitle."""
_PREFIXES = {"video": "Video | ", "gallery": "Gallery | ", "podcast": "Podcast | "}
_FIRST_ISSUE = 4_800
"""A number of the printed edition that is plausible for the replica's years."""
_EXPIRES_AFTER = timedelta(days=365)


def describe(head: Head, story: Story) -> str:
    """Return the summary for feeds and meta tags."""
    text = story.subtitle or build_body(story).replace("\n\n", " ") or head.headline
    return text if len(text) <= _DESCRIPTION_LENGTH else text[:_DESCRIPTION_LENGTH].rsplit(None, 1)[0] + "…"


def name_section(head: Head) -> str:
    """Return the section as the site's metadata give it: only these two values, whatever the real section is."""
    return "ukraine_war" if head.section == "ukraine-war" else "news"


def render_meta(head: Head, story: Story, view: View) -> str:
    """Render title, canonical link, meta tags and the four JSON-LD scripts, of which the first is invalid JSON."""
    title = story.seo_title or (head.headline if head.is_archive else f"{head.headline} - The Moscow Times")
    # The opinion flag takes precedence over the type.
    prefix = "Opinion | " if head.is_opinion else _PREFIXES.get(head.kind, "")
    image = _card_url(head)
    properties = {
        "og:title": title,
        "og:description": prefix + describe(head, story),
        "og:image": image,
        "og:url": head.url,
        "og:type": "article",
        "og:site_name": "The Moscow Times",
        "article:author": head.byline[0],
        "article:published_time": moscow_text(head.published_at),
        "article:modified_time": moscow_text(view.viewed_at),
        "article:section": name_section(head),
        "article:tag": ", ".join(story.tags),
    }
    tags = "\n".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items())
    keywords = ", ".join(story.seo_keywords or story.tags)
    return (
        f'<title>{escape(title)}</title>\n<link rel="canonical" href="{head.url}">\n'
        '<meta name="googlebot" content="noarchive">\n'
        f'<meta name="keywords" content="{escape(keywords)}">\n{tags}\n'
        + "\n".join(
            f'<script type="application/ld+json">{text}</script>'
            for text in _list_json_ld(head, _describe_article(head, story, view) | {"keywords": keywords})
        )
    )


def _card_url(head: Head) -> str:
    """Return the URL of the social card, an image generated from the headline."""
    digest = hashlib.md5(head.headline.encode(), usedforsecurity=False).hexdigest()
    return f"{STATIC}/image/og/{digest[:2]}/{head.number}__{digest}.jpg"


def _describe_article(head: Head, story: Story, view: View) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": head.url},
        "headline": head.headline,
        "description": describe(head, story),
        "image": [_card_url(head)],
        "dateCreated": moscow_text(head.published_at),
        "datePublished": moscow_text(head.published_at),
        "dateModified": moscow_text(view.viewed_at),
        "expires": moscow_text(head.published_at + _EXPIRES_AFTER),
        "printEdition": str(_FIRST_ISSUE + head.number % 1_000),
        "articleSection": name_section(head),
        # Only the first, however many the byline has.
        "author": {"@type": "Person", "name": head.byline[0]},
        "publisher": {"@type": "Organization", "name": "The Moscow Times"},
    }


def _list_json_ld(head: Head, article: dict[str, Any]) -> list[str]:
    organization = {"@context": "https://schema.org", "@type": "NewsMediaOrganization", "name": "The Moscow Times"}
    path = BREADCRUMB_PATHS.get(head.section, head.section)
    # The site's own list lacks the name of the lectures.
    name = "" if head.section in BREADCRUMB_PATHS else SECTIONS[head.section]
    items = [
        {"@type": "ListItem", "position": 1, "item": {"@id": f"{head.origin}/", "name": "The Moscow Times"}},
        {"@type": "ListItem", "position": 2, "item": {"@id": f"{head.origin}/{path}", "name": name}},
        {"@type": "ListItem", "position": 3, "item": {"@id": head.url, "name": head.headline}},
    ]
    crumbs = {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}
    # The trailing comma makes it invalid.
    website = f'{{"@context": "https://schema.org", "@type": "WebSite", "url": "{head.origin}/", "name": "MT",}}'
    return [website, *(json.dumps(part).replace("</", "<\\/") for part in (article, crumbs, organization))]
