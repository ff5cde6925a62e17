"""The search of a published site, over an index in several parts."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipeline.archive import open_archive
from pipeline.redaction import redact
from schemas.export import ArticleFilter
from schemas.settings import Settings
from tests.browser.watch import Watch
from tests.web.sample import article_id, fill
from web.static_site.build import Options, publish_site

pytestmark = pytest.mark.browser

YEARS = range(2015, 2021)
ARTICLES: dict[int, dict[str, Any]] = {
    number: {
        "headline": f"Story {number}",
        # The oldest says it most often: by relevance, it is another order than by date.
        "body": f"Alone number{number}. " + "Sanctions. " * (10 - number),
        "section": ("news", "opinion")[number % 2],
        "published_at": datetime(year, 6, 1, tzinfo=UTC),
    }
    for number, year in enumerate(YEARS, 1)
} | {7: {"headline": "Story 7", "body": "Alone number7. Sanctions.", "section": "news", "published_at": None}}
"""An article of each year, and one without a date."""

TAKEN_DOWN = {8: {"headline": "Story 8", "body": "Alone number8. Sanctions.", "section": "other"}}


ASKED: list[str] = []
"""The files of the index that the browser has asked for, its worker's too: the part, the kind, the name."""


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/pagefind/"):
            ASKED.append(self.path.removeprefix("/pagefind/"))
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with two articles in a part of the index, one of which was taken down after the site was published."""
    folder = Path(tmp_path_factory.mktemp("published"))
    settings = Settings(data_dir=folder / "data")
    with open_archive(settings, writable=True) as archive:
        fill(archive.database, ARTICLES | TAKEN_DOWN)
    with ThreadPoolExecutor(1) as thread:  # Playwright has an event loop in this one
        thread.submit(publish, settings, folder / "site").result()
        redact(settings, article_id(8), "a request")
        thread.submit(publish, settings, folder / "site").result()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder / "site"))) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def publish(settings: Settings, folder: Path) -> None:
    with open_archive(settings, writable=False) as archive:
        publish_site(archive, folder, ArticleFilter(), Options(part_count=2))


@pytest.fixture
def page(base_url: str, browser: Browser) -> Iterator[Page]:
    """A page that asks no other host, and in which nothing fails."""
    watch = Watch()
    ASKED.clear()
    with browser.new_context(base_url=base_url) as context:
        watch.attach(context)
        yield context.new_page()
    assert watch.list_foreign(base_url) == []
    assert (watch.errors, watch.messages) == ([], [])


def search(page: Page, query: str) -> list[str]:
    """Return the headlines of the hits, which the page counts too."""
    page.goto(f"/index.html?{query}")
    page.locator("#heading").filter(has_text=re.compile("article")).wait_for()
    found = page.locator("#hits h2").all_inner_texts()
    assert page.locator("#heading").inner_text().startswith(f"{len(found)} article")
    return found


def read_counts(page: Page, name: str) -> dict[str, str]:
    values = page.locator(f"[data-name={name}] li")
    return {one.locator("span").first.inner_text(): one.locator(".count").inner_text() for one in values.all()}


def test_an_article_of_each_part_is_found(page: Page) -> None:
    assert {number: search(page, f"q=number{number}") for number in ARTICLES} == {
        number: [f"Story {number}"] for number in ARTICLES
    }


def test_all_words_must_occur_though_some_parts_lack_one(page: Page) -> None:
    assert search(page, "q=number4+sanctions") == ["Story 4"]
    assert search(page, "q=number4+number5") == []
    assert search(page, "q=%22alone+number3%22") == ["Story 3"]
    assert len(search(page, "q=sanct")) == len(ARTICLES)  # the beginning of a word


def test_hits_of_all_parts_are_in_one_order(page: Page) -> None:
    stories = [f"Story {number}" for number in range(1, 7)]
    assert search(page, "q=sanctions")[:2] == stories[:2]
    assert search(page, "q=sanctions&sort=newest") == [*stories[::-1], "Story 7"]
    assert search(page, "q=sanctions&sort=oldest") == ["Story 7", *stories]
    assert search(page, "sort=newest") == [*stories[::-1], "Story 7"]


def test_hits_of_all_parts_are_counted_and_filtered(page: Page) -> None:
    page.goto("/index.html")
    page.wait_for_selector("[data-name=section]")
    at_first = read_counts(page, "section")
    assert at_first == {"news": "4", "opinion": "3"}
    assert ASKED == ["parts.json"]
    assert search(page, "q=sanctions") != []
    assert read_counts(page, "section") == at_first
    assert read_counts(page, "year") == {str(year): "1" for year in YEARS}
    assert search(page, "section=opinion") == ["Story 5", "Story 3", "Story 1"]
    assert read_counts(page, "year") == {"2019": "1", "2017": "1", "2015": "1"}


def test_a_year_is_searched_in_its_part_alone(page: Page) -> None:
    assert search(page, "year=2015") == ["Story 1"]
    assert len({path.split("/")[0] for path in ASKED if "/" in path}) < len(YEARS) / 2
    page.locator("#chips a").click()
    page.locator("#start").wait_for()
    assert search(page, "year=2050") == []


def test_what_was_taken_down_is_found_no_more(page: Page) -> None:
    assert search(page, "q=%22alone+number8%22") == []
    assert "Story 8" not in search(page, "q=story&sort=newest")
    assert search(page, "section=other") == []
