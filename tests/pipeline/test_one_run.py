"""One run at a time per database, from whatever folder or machine it is started."""

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from pipeline.archive import RunInProgress, open_archive
from pipeline.ingest import ingest_once
from pipeline.run import FOLDER_ID, name_holder
from pipeline.run import running as running_run
from replica.server import running
from replica.site import Site
from schemas.settings import Settings
from storage.schema import tables
from tests.pipeline.asking import SITE, pages_of
from tests.pipeline.killing import PLAIN_COMMAND, make_victim, read_facts

MakeSettings = Callable[..., Settings]


@pytest.fixture
def site() -> Site:
    """Replace the other tests' site: every URL of this one leads to an article."""
    return SITE


def test_two_runs_at_once_on_one_database_fetch_each_page_once(make_settings: MakeSettings, tmp_path: Path) -> None:
    with running(SITE) as server:
        settings = make_settings(origins=dict(server.origins), delay_seconds=0.02)
        url = f"sqlite:///{tmp_path / 'shared.db'}"
        folders = [tmp_path / "one", tmp_path / "two"]
        victims = [
            make_victim(settings, PLAIN_COMMAND, BROADSHEET_DATA_DIR=str(folder), BROADSHEET_DATABASE_URL=url)
            for folder in folders
        ]
        processes = [victim.start() for victim in victims]
        for process in processes:
            process.communicate(timeout=120)
        assert sorted(process.returncode for process in processes) == [0, 1]
        late = processes.index(next(process for process in processes if process.returncode))
        assert victims[late].run()["problems"] == []
        assert set(Counter({path: server.requests[path] for path in pages_of(server.requests)}).values()) == {1}
    assert len(read_facts(make_settings(database_url=url))) == len(SITE.newest_first)


def test_a_run_on_another_machine_is_named_and_an_expired_lease_is_taken_over(
    settings: Settings, make_settings: MakeSettings, tmp_path: Path
) -> None:
    elsewhere = make_settings(data_dir=tmp_path / "elsewhere", database_url=settings.database_url)
    elsewhere = elsewhere.model_copy(update={"origins": settings.origins})
    with (
        open_archive(settings, writable=True) as archive,
        running_run(archive, "ingest", "moscow-times", {}) as first,
    ):
        with pytest.raises(RunInProgress, match=first.id):
            ingest_once(elsewhere, "moscow-times", "feeds")
        with archive.database.begin() as session:
            past = datetime.now(UTC) - timedelta(seconds=1)
            session.execute(update(tables.LeaseRow).values(expires_at=past, host="elsewhere"))
        report = ingest_once(elsewhere, "moscow-times", "feeds", 0)
    assert any(first.id in note for note in report.notes)


def name_folder(settings: Settings) -> str:
    with open_archive(settings, writable=True) as archive:
        return name_holder(archive)


def test_a_copied_data_folder_is_another_and_a_moved_one_is_the_same(
    make_settings: MakeSettings, tmp_path: Path
) -> None:
    first, copied, moved = (make_settings(data_dir=tmp_path / name) for name in ("first", "copied", "moved"))
    name = name_folder(first)
    shutil.copytree(first.data_dir, copied.data_dir)  # with the times of its files, as `cp -a`
    assert name_folder(copied) != name
    assert name_folder(first) == name
    first.data_dir.rename(moved.data_dir)
    assert name_folder(moved) == name


def test_an_empty_folder_id_is_replaced(make_settings: MakeSettings, tmp_path: Path) -> None:
    both = [make_settings(data_dir=tmp_path / name) for name in ("one", "two")]
    for settings in both:
        settings.spool_dir.mkdir(parents=True)
        (settings.spool_dir / FOLDER_ID).touch()
    one, two = map(name_folder, both)
    assert one != two
    assert (both[0].spool_dir / FOLDER_ID).read_text().strip()


def test_a_run_in_a_copied_data_folder_does_not_take_over(
    settings: Settings, make_settings: MakeSettings, tmp_path: Path
) -> None:
    copied = make_settings(data_dir=tmp_path / "copied", database_url=settings.database_url, origins=settings.origins)
    with open_archive(settings, writable=True) as archive, running_run(archive, "ingest", "moscow-times", {}) as first:
        shutil.copytree(settings.spool_dir, copied.spool_dir)
        with pytest.raises(RunInProgress, match=first.id):
            ingest_once(copied, "moscow-times", "feeds")


def test_the_next_run_in_a_data_folder_does_not_wait_for_a_dead_one(settings: Settings) -> None:
    with (
        open_archive(settings, writable=True) as archive,
        running_run(archive, "ingest", "moscow-times", {}) as first,
        running_run(archive, "ingest", "moscow-times", {}) as second,
    ):
        assert any(first.id in note for note in second.notes)
