"""URLs in private networks are never requested, however they are reached or spelled."""

from collections.abc import Callable

from pytest_httpserver import HTTPServer

from pipeline.ingest import ingest_once
from replica.answer import Answer
from replica.handler import Asked
from replica.server import running
from replica.site import Site
from schemas.settings import Settings

HOSTS = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "localhost",
    "localhost.", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[fec0::1]",
    "[::]", "0", "%31%32%37.0.0.1", "www.themoscowtimes.com@127.0.0.1",
)  # fmt: skip
"""All but `fec0::1` lead to this machine on some system or through some gateway; `localhost` is a name that does."""


def make_sitemap(urls: list[str]) -> Answer:
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return Answer(f"<sitemapindex>{entries}</sitemapindex>".encode(), "application/xml")


def make_cdx(urls: list[str]) -> Answer:
    lines = [f"org,example)/ 20240101000000 {url} text/html 200 AAAA 100" for url in urls]
    return Answer("\n".join(["1", *lines]).encode(), "text/plain")


def test_no_sitemap_no_index_and_no_part_of_a_page_leads_into_a_private_network(
    make_settings: Callable[..., Settings],
) -> None:
    with HTTPServer("127.0.0.1") as listener:  # answers 500 to whatever reaches it, and notes that
        port = listener.port
        asked_paths: list[str] = []

        def lead_away(asked: Asked) -> Answer | None:
            """Children of sitemaps, URLs in an index, redirects of sources, pages and their posts."""
            asked_paths.append(asked.path)
            place = len(asked_paths) % len(HOSTS)
            if asked.path.endswith("/sitemap.xml"):
                return make_sitemap(
                    [f"http://{host}:{port}/sitemap/2024-{1 + at % 12}.xml" for at, host in enumerate(HOSTS)]
                )
            if asked.path.startswith("/cdx"):
                return make_cdx([f"http://{host}:{port}/cdx?page=1" for host in HOSTS])
            if asked.path.startswith(("/live/", "/rss/")) or "newsmap-" in asked.path:
                return Answer(b"", status=302, location=f"http://{HOSTS[place]}:{port}{asked.path}")
            return None

        site = Site(24, kinds=("live", "article"), bad_pages=False)
        with running(site, thread=True, fault=lead_away) as server:
            index = {"https://index.example.org": server.origins["https://www.themoscowtimes.com"]}
            settings = make_settings(origins=server.origins | index)
            report = ingest_once(settings, "moscow-times", "all", cdx_url="https://index.example.org/cdx?url=x")
    assert listener.log == []
    for part in ("/sitemap.xml", "/cdx", "/live/", "/rss/", "newsmap-"):
        assert any(part in path for path in asked_paths), part
    assert report.outcomes["stored"] > 0
    refused = [problem for problem in report.problems if "RedirectRefused: named by" in problem]
    assert len(refused) == len(HOSTS)
