"""Reprocesses on a cluster whose scheduler and workers are killed at random: the rows must be those of one process."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import update

from benchmarks.cluster import write_files
from pipeline.archive import open_archive
from pipeline.file_import import import_paths
from pipeline.reprocess.reprocess import reprocess
from schemas.settings import Settings
from storage.schema.tables import Article
from tests.pipeline.dask_cluster import DaskCluster, dump

CAPTURE_COUNT = 20_000
KILL_COUNT = 100
WORKER_COUNT = 2
KILL_SECONDS = (1.0, 4.0)
"""Between two kills: at most once the time that a worker needs to start, so that something is read meanwhile."""


def main(capture_count: int = CAPTURE_COUNT, kill_count: int = KILL_COUNT) -> bool:
    """Repeat the command until that many kills happened during it; return whether the rows were always the same."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = write_files(folder, capture_count)
        imported = _import(Settings(data_dir=folder / "imported"), files, None)
        with open_archive(imported, writable=True) as archive, archive.database.begin() as session:
            session.execute(update(Article).where(Article.capture_id % 3 == 0).values(headline="Planted"))
        reread = Settings(data_dir=folder / "reread")
        shutil.copytree(imported.data_dir, reread.data_dir)
        reprocess(reread, apply=True)
        expected = dump(reread)

        def repeat(settings: Settings, on: str) -> None:
            shutil.copytree(imported.data_dir, settings.data_dir)
            reprocess(settings, apply=True, on=on)

        return _disturb(folder, kill_count, repeat, expected)


def _import(settings: Settings, files: Sequence[Path], on: str | None) -> Settings:
    with open_archive(settings, writable=True) as archive:
        import_paths(archive, files, on)
    return settings


def _disturb(folder: Path, kill_count: int, repeat: Callable[[Settings, str], None], expected: object) -> bool:
    killed: Counter[str] = Counter()
    began_at, repetition_count, is_same = time.monotonic(), 0, True
    while is_same and killed.total() < kill_count:
        settings = Settings(data_dir=folder / "disturbed")
        cluster = DaskCluster(folder / "dask", {"BROADSHEET_DATA_DIR": str(settings.data_dir)})
        cluster.start_scheduler()
        for _ in range(WORKER_COUNT):
            cluster.start_worker()
        with cluster.being_killed(kill_count - killed.total(), KILL_SECONDS) as found:
            repeat(settings, cluster.url)
        killed.update(found)
        repetition_count += 1
        is_same = dump(settings) == expected
        shutil.rmtree(settings.data_dir)
    print(f"kills       {killed['worker']:6} of workers, {killed['scheduler']} of the scheduler")
    print(f"repetitions {repetition_count:6} in {time.monotonic() - began_at:.0f} s")
    print(f"all the same {'yes' if is_same else 'no':>5}   target yes")
    return is_same
