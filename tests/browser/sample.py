"""The archive that the browser is shown: the replica's articles, a changed one, and everything that can be planted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from replica.answer import Answer
from replica.handler import Asked
from replica.server import running
from replica.site import Article, Site
from schemas.article import Image
from schemas.outcome import Outcome
from schemas.settings import Settings
from storage.ledger.outcome import store_outcomes
from storage.schema import tables
from tests.storage.sample import START, quarantine, read
from tests.web.test_hostile import HOSTILE

SITE = Site(
    40,
    kinds=("article", "article", "opinion", "gallery", "video", "podcast", "live"),
    duplicate_share=0.1,
    near_duplicate_share=0.1,
    day_count=200,
)

ORIGINALS = {one.copy_of.id for one in SITE.articles if one.copy_of}


def ends_alone(article: Article) -> bool:
    """Say whether an article has no duplicate, and its page its last paragraph letter for letter."""
    has_duplicate = article.copy_of or article.id in ORIGINALS
    return article.is_plain and not has_duplicate and read_end(article) in article.page_html()


def read_end(article: Article) -> str:
    """Return the last paragraph of an article."""
    return str(article.expected["body"]).rsplit("\n\n", 1)[-1]


CHANGED, PLANTED, QUIET = [one for one in SITE.newest_first if one.head.kind == "article" and ends_alone(one)][:3]
"""An article that is changed, one whose page has scripts planted, and one without any of this."""

ELSEWHERE = "http://elsewhere.example"
RUN = f"window.top.marker = window.marker = 'planted'; fetch('{ELSEWHERE}/fetched')"

NEW_HEADLINE = "Somebody Changed This Headline"
NEW_WORDS = "Quite another ending that nobody had expected."

PLANTED_HEAD = f"""
<script>{RUN}</script><script src="{ELSEWHERE}/script.js"></script><base href="{ELSEWHERE}/">
<meta http-equiv="refresh" content="1;url={ELSEWHERE}/refreshed"><link rel="stylesheet" href="{ELSEWHERE}/style.css">
<link rel="preload" as="image" href="{ELSEWHERE}/preload.png"><link rel="dns-prefetch" href="//prefetch.example">
<style>@import "{ELSEWHERE}/import.css"; @font-face {{ font-family: x; src: url({ELSEWHERE}/font.woff) }}
body {{ background: url({ELSEWHERE}/background.png); font-family: x }}</style></head>"""

PLANTED_BODY = f"""
<img src="{ELSEWHERE}/image.png" onerror="{RUN}"><img src=x onerror="{RUN}"><img srcset="{ELSEWHERE}/set.png 2x">
<svg onload="{RUN}"><image href="{ELSEWHERE}/svg.png"/><use href="{ELSEWHERE}/use.svg#x"/><script>{RUN}</script></svg>
<iframe src="javascript:{RUN}"></iframe><iframe srcdoc="<script>{RUN}</script>"></iframe>
<iframe src="{ELSEWHERE}/frame"></iframe><object data="{ELSEWHERE}/object"></object><embed src="{ELSEWHERE}/embed">
<video autoplay poster="{ELSEWHERE}/poster.png"><source src="{ELSEWHERE}/video.mp4" onerror="{RUN}"></video>
<audio autoplay src="{ELSEWHERE}/audio.mp3"></audio><input autofocus onfocus="{RUN}">
<details open ontoggle="{RUN}"></details>
<form action="{ELSEWHERE}/form"><button formaction="javascript:{RUN}">Planted button</button></form>
<a href="javascript:{RUN}">Planted link</a><a href="{ELSEWHERE}/link" ping="{ELSEWHERE}/ping">Planted other link</a>
<div style="background: url({ELSEWHERE}/style.png); position: fixed; inset: 0"
 onpointermove="{RUN}">Planted cover</div>
<table background="{ELSEWHERE}/table.png"><tr><td>Planted table</td></tr></table><math href="javascript:{RUN}">m</math>
<noscript><p title="</noscript><img src=x onerror={RUN}>"></noscript>
<template><script>{RUN}</script></template></body>"""

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3


def answer(asked: Asked) -> Answer | None:
    """Change one article from its second request on, and plant scripts in another's page."""
    if asked.path == CHANGED.path and asked.count > 1:
        return Answer(change(CHANGED).encode())
    if asked.path == PLANTED.path:
        return Answer(plant(PLANTED.page_html()).encode(), headers=(("X-Planted", f"<script>{RUN}</script>"),))
    return None


def change(article: Article) -> str:
    """Return the page with another headline, and other words in its last paragraph."""
    last = read_end(article)
    return article.page_html().replace(article.head.headline, NEW_HEADLINE).replace(last, f"{last} {NEW_WORDS}")


def plant(page: str) -> str:
    """Return the page with all that runs and loads in its head, its body and its paragraphs."""
    page = page.replace("</head>", PLANTED_HEAD, 1).replace("</body>", PLANTED_BODY, 1)
    return page.replace("<body", f'<body onload="{RUN}" background="{ELSEWHERE}/body.png"', 1).replace(
        "<p>", f'<p onmouseover="{RUN}" onclick="{RUN}">'
    )


def make_archive(folder: Path) -> Settings:
    """Make the archive in a folder; return its settings."""
    with running(SITE, fault=answer) as server:
        settings = Settings(
            data_dir=folder,
            contact="test@example.org",
            delay_seconds=0,
            concurrency=8,
            origins=dict(server.origins),
        )
        ingest_once(settings, "moscow-times", "sitemaps")
        with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
            due_at = datetime.now(UTC) - timedelta(seconds=1)
            session.execute(update(tables.Entry).values(next_try_at=due_at))
        ingest_once(settings, "moscow-times", "sitemaps")
    with open_archive(settings, writable=True) as archive, archive.database.begin() as session:
        outcomes: list[Outcome] = [
            read(1, 1, **plant_fields("one")),
            read(2, 2, **plant_fields("two")),
            read(3, 3, headline=LONG_WORD, subtitle=LONG_WORD, body=LONG_WORD, section=LONG_WORD, tags=(LONG_WORD,)),
            quarantine(4, 4, f"<script>{RUN}</script>"),
            quarantine(5, 5, LONG_WORD),
        ]
        store_outcomes(session, outcomes, run_id=None, now=START)
    return settings


def plant_fields(name: str) -> dict[str, Any]:
    """Return a value with a script for each field of a record; the name keeps two records from being duplicates."""
    runs = f'"\'><script>{RUN}</script><img src=x onerror="{RUN}"><svg onload="{RUN}"> planted'
    return HOSTILE | {
        "headline": f"Headline {runs}",
        "subtitle": f"Subtitle {runs}",
        "body": f"{name} {runs}\n\n{runs}",
        "authors": (f"Author {runs}",),
        "section": f"Section {runs}",
        "tags": (f"Tag {runs}", f"javascript:{RUN}"),
        "url": f"javascript:{RUN}",
        "images": (Image(url=f"javascript:{RUN}", caption=runs, credit=runs),),
        "sources": {"headline": runs, "body": runs},
        "flags": (runs,),
    }
