"""An archive of real captures: the replica's pages and posts, a hostile page, imported files, a page that changed."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from replica.route import find_answer
from replica.site import Site
from schemas.settings import Settings
from spiders.warc import Exchange, WarcWriter

HOST = "https://www.themoscowtimes.com"
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
PAGE_COUNT = 24
KINDS = ("article", "opinion", "gallery", "video", "live", "archive")

CHANGED = 90001
HOSTILE = 90002
ROW_URL = f"{HOST}/2024/10/03/a-row-a90003"

OLD_SENTENCE = "The bridge over the river was opened by the mayor on Monday morning, the city said."
NEW_SENTENCE = "The bridge over the river was opened by the governor on Tuesday morning, the city said."
PLANT = (
    "<script>window.hacked=1</script><img src='https://evil.example/x.png' onerror='window.hacked=1'>"
    "<svg><script>window.hacked=1</script><use href='https://evil.example/s.svg'/></svg>"
    "<style>@import url(https://evil.example/a.css);body{background:url(https://evil.example/b.png)}</style>"
    "<meta http-equiv=refresh content='0;url=https://evil.example/'><base href='https://evil.example/'>"
    "<iframe src='https://evil.example/'></iframe><a href='javascript:window.hacked=1' ping=https://evil.example/>go</a>"
    "<form action='https://evil.example/'><button formaction='https://evil.example/'>send</button></form>"
)


def url_of(number: int, slug: str = "a-bridge") -> str:
    return f"{HOST}/2024/10/01/{slug}-a{number}"


def page_of(number: int, *paragraphs: str, headline: str = "A Bridge Is Opened") -> bytes:
    """A page as the publisher makes them."""
    url = url_of(number)
    inner = "".join(f"<p>{one}</p>" for one in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><title>{headline} - The Moscow Times</title>'
        f'<link rel="canonical" href="{url}"><meta property="og:title" content="{headline}">'
        '<meta property="article:published_time" content="2024-10-01T10:00:00+03:00"></head><body>'
        f'<article class="article"><header><h1>{headline}</h1></header><div class="article__content">'
        f'<div class="article__block article__block--html">{inner}</div></div></article></body></html>'
    ).encode()


FILLER = tuple(
    f"Residents of district number {number} have waited for it for years, and many of them came to see it."
    for number in range(5)
)


def _list_exchanges() -> Iterator[tuple[str, str, bytes]]:
    site = Site(PAGE_COUNT, kinds=KINDS, bad_pages=False)
    for article in site.articles:
        yield article.url, "text/html", article.page_html().encode()
        if article.head.kind == "live":
            path = f"/live/{article.head.number}/0"
            yield f"{HOST}{path}", "application/json", find_answer(site, "www", path).body
    yield url_of(CHANGED), "text/html", page_of(CHANGED, OLD_SENTENCE, *FILLER)
    yield url_of(CHANGED), "text/html", page_of(CHANGED, NEW_SENTENCE, *FILLER[1:], headline="A Bridge Is Opened Late")
    yield url_of(HOSTILE), "text/html", page_of(HOSTILE, f"{PLANT}{OLD_SENTENCE}", *FILLER, PLANT)


def write_captures(folder: Path, exchanges: Iterable[tuple[str, str, bytes]] = ()) -> Path:
    """Write a WARC file as a crawl does, by default of everything, and return it."""
    with WarcWriter(folder, site="elsewhere", run_id="elsewhere") as writer:
        for number, (url, media_type, body) in enumerate(exchanges or _list_exchanges()):
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}; charset=utf-8\r\nX-Number: {number}\r\n\r\n".encode()
            )
            request = f"GET {url} HTTP/1.1\r\nUser-Agent: a test\r\n\r\n".encode()
            ref = writer.write_exchange(Exchange(url, START + timedelta(hours=number), request, head, body))
    return folder / ref.warc


def make_archive(settings: Settings, folder: Path) -> None:
    """Import the captures, a text and a row of a table."""
    text = next((Path(__file__).parents[2] / "seeds").glob("004*"))
    table = folder / "table.jsonl"
    body = "\\n\\n".join((OLD_SENTENCE, *FILLER))
    table.write_text(f'{{"url": "{ROW_URL}", "headline": "A Row", "body": "{body}", "date": "2024-10-03T10:00:00Z"}}\n')
    with open_archive(settings, writable=True) as archive:
        report = import_paths(archive, [write_captures(folder / "warc"), text, table])
    assert not report.problems
