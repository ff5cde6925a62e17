"""The progress of a run, as a listener hears it."""

from collections.abc import Callable

from pipeline.ingest import ingest_once
from pipeline.progress import Progress, listening
from replica.answer import Answer
from replica.handler import Asked
from replica.server import running
from replica.site import Site
from schemas.settings import Settings
from tests.pipeline.asking import is_page
from tests.waiting import wait_until

PAGE_COUNT = 5
SOURCE = "/rss/news"


def test_a_run_names_each_source_and_counts_pages_while_they_are_fetched(
    make_settings: Callable[..., Settings], site: Site
) -> None:
    heard: list[Progress] = []
    asked_pages: list[str] = []

    def hold(asked: Asked) -> Answer | None:
        """Hold a source until it has been named, and the last page until an earlier one has been counted."""
        if asked.path == SOURCE:
            wait_until(lambda: any(one.detail.endswith(SOURCE) for one in heard))
        if is_page(asked.path):
            asked_pages.append(asked.path)
            if len(asked_pages) == PAGE_COUNT:
                wait_until(lambda: any(one.stage == "fetch" and one.done_count for one in heard))
        return None

    with running(site, thread=True, fault=hold) as server, listening(heard.append):
        settings = make_settings(origins=dict(server.origins), concurrency=1)
        ingest_once(settings, "moscow-times", "feeds", limit=PAGE_COUNT)
    sources = {one.detail for one in heard if one.stage == "discover"}
    assert any(url.endswith(SOURCE) for url in sources)
    fetched = [one for one in heard if one.stage == "fetch"]
    assert any(0 < one.done_count < PAGE_COUNT for one in fetched)
    assert (fetched[-1].done_count, fetched[-1].total_count, fetched[-1].unit) == (PAGE_COUNT, PAGE_COUNT, "pages")
    assert [one.done_count for one in fetched] == sorted(one.done_count for one in fetched)
