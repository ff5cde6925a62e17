"""The database goes away in the middle of a run: the run ends cleanly, and the next one completes it."""

from collections import Counter
from collections.abc import Callable, Iterator

import psycopg
import pytest

from pipeline.ingest import ingest_once
from replica.server import running
from replica.site import Site
from schemas.settings import Settings
from tests.pipeline.asking import is_page
from tests.pipeline.killing import PLAIN_COMMAND, find_breaches, make_victim, read_facts
from tests.postgresql import WITH_TABLES, PostgreSQL
from tests.waiting import wait_until

SITE = Site(300, bad_pages=False, moved_share=0)
STORED_FIRST = 40
"""Number of stored articles at which the database goes away."""


@pytest.fixture
def server_of_database() -> Iterator[PostgreSQL]:
    found = PostgreSQL()
    yield found
    found.stop()


def count_articles(database: PostgreSQL) -> int:
    with psycopg.connect(database.url(WITH_TABLES)) as connection:
        row = connection.execute("SELECT count(*) FROM article").fetchone()
    assert row
    return int(row[0])


def test_a_database_that_stops_in_the_middle_of_a_run_costs_nothing(
    server_of_database: PostgreSQL, make_settings: Callable[..., Settings]
) -> None:
    url = server_of_database.url(WITH_TABLES)
    with running(SITE) as server:
        settings = make_settings(origins=dict(server.origins), database_url=url, delay_seconds=0.02, concurrency=2)
        victim = make_victim(settings, PLAIN_COMMAND, BROADSHEET_DATABASE_URL=url)
        with victim.start() as process:
            wait_until(lambda: count_articles(server_of_database) >= STORED_FIRST or process.poll() is not None)
            assert process.poll() is None
            server_of_database.crash()
            process.communicate(timeout=60)
        assert process.returncode == 1
        server_of_database.restart()
        first_count = count_articles(server_of_database)
        assert STORED_FIRST <= first_count < len(SITE.articles)
        assert list(find_breaches(settings)) == []
        report = victim.run()
        assert report["problems"] == []
        pages = {path: count for path, count in server.requests.items() if is_page(path)}
    assert len(read_facts(settings)) == len(SITE.articles) == len(pages)
    # What had been fetched lay in WARC files; a few pages were on the wire.
    assert sum((Counter(pages) - Counter(dict.fromkeys(pages, 1))).values()) <= settings.concurrency
    assert list(find_breaches(settings)) == []
    assert ingest_once(settings, "moscow-times", "sitemaps").outcomes.keys() <= {
        "not-modified",
        "robots",
        "source-read",
    }
