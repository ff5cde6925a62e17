"""Runs of two publishers in one data folder: one is killed, the other goes on; another default changes nothing."""

import json
import sys
import threading
from datetime import date
from pathlib import Path

from sqlalchemy import select

from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from pipeline.site_choice import choose_site
from replica import meduza, pangea
from replica.pages import serving
from schemas.settings import Settings
from storage.runs.run import list_runs
from storage.schema.tables import Article, RunStatus
from tests.pipeline.killing import END_SECONDS, find_breaches, find_children, kill, make_victim
from tests.waiting import wait_until

COMMAND = """
import sys
from pipeline.ingest import ingest_once
from schemas.settings import load_settings
print(ingest_once(load_settings(), sys.argv[1], "all").model_dump_json())
"""

PAGES = {meduza.ORIGIN: meduza.make_pages()[meduza.ORIGIN], pangea.VOA: pangea.make_pages()[pangea.VOA]}
DAYS = {
    f"meduza:en:{meduza.PATH.removeprefix('/en/')}": date(2024, 5, 7),
    f"meduza:en:{meduza.NEWS_PATH.removeprefix('/en/')}": date(2024, 5, 6),
    "voa:en:7588001": date(2024, 4, 27),
}
"""Each in its publisher's time zone; the first and the last are another day in UTC."""


class Gate:
    """Holds the second article page of one site, and the only one of the other, until both wait there."""

    def __init__(self) -> None:
        self._meduza_count = 0
        self._opened = threading.Event()
        self.are_held = {site: threading.Event() for site in ("meduza", "voa")}

    def __call__(self, path: str) -> None:
        """Wait here if the path is one to hold."""
        self._meduza_count += path in {meduza.PATH, meduza.NEWS_PATH}
        site = "voa" if path == pangea.VOA_PATH else "meduza"
        if path == pangea.VOA_PATH or (path in {meduza.PATH, meduza.NEWS_PATH} and self._meduza_count > 1):
            self.are_held[site].set()
            self._opened.wait(END_SECONDS)

    def open(self) -> None:
        """Hold nothing any more."""
        self._opened.set()


def make_settings(folder: Path, origins: dict[str, str]) -> Settings:
    return Settings(data_dir=folder / "data", delay_seconds=0, concurrency=1, origins=origins, contact="a@example.org")


def read_days(settings: Settings) -> dict[str, date | None]:
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        return {row.id: row.published_on for row in session.scalars(select(Article))}


def test_a_killed_run_of_one_site_leaves_that_of_another_undisturbed_and_both_complete(tmp_path: Path) -> None:
    gate = Gate()
    with serving(PAGES, gate) as origins:
        settings = make_settings(tmp_path, origins)
        with open_archive(settings, writable=True):
            pass
        victim = make_victim(settings, (sys.executable, "-c", COMMAND))
        with victim.start("meduza") as killed, victim.start("voa") as other:
            try:
                wait_until(lambda: all(one.is_set() for one in gate.are_held.values()), END_SECONDS)
                for pid in (*find_children(killed.pid), killed.pid):
                    kill(pid)
                killed.communicate(timeout=END_SECONDS)
                assert other.poll() is None
            finally:
                gate.open()
            output, _ = other.communicate(timeout=END_SECONDS)
        assert json.loads(output)["problems"] == []
        assert read_days(settings).get("voa:en:7588001") == DAYS["voa:en:7588001"]
        report = ingest_once(settings, "meduza", "all")
    assert report.problems == ()
    assert read_days(settings) == DAYS
    assert not list(find_breaches(settings))
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        ends = {site: [run.status for run in list_runs(session, site=site)] for site in ("meduza", "voa")}
    assert ends == {"meduza": [RunStatus.COMPLETED, RunStatus.INTERRUPTED], "voa": [RunStatus.COMPLETED]}


def test_another_default_in_the_same_folder_continues_each_sites_work(tmp_path: Path) -> None:
    with serving(PAGES) as origins:
        first = make_settings(tmp_path, origins).model_copy(update={"sites": ("meduza", "voa")})
        moved = first.model_copy(update={"sites": ("voa", "meduza")})
        stored = [ingest_once(one, choose_site(one), "all").outcomes.get("stored", 0) for one in (first, moved)]
        again = [ingest_once(one, choose_site(one), "all") for one in (moved, first)]
    assert stored == [2, 1]
    assert [(one.site, one.problems, one.outcomes.get("stored", 0)) for one in again] == [
        ("voa", (), 0),
        ("meduza", (), 0),
    ]
    assert read_days(first) == read_days(moved) == DAYS
    assert not list(find_breaches(first))
