"""The permissions of the data folder."""

from pathlib import Path

from pipeline.archive import make_folders
from pipeline.ingest import ingest_once
from schemas.settings import Settings


def test_a_new_data_folder_is_private_to_its_owner(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    make_folders(settings)
    folders = (settings.data_dir, settings.warc_dir, settings.spool_dir)
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 3


def test_everything_that_a_run_writes_there_is_private_to_its_owner(settings: Settings) -> None:
    ingest_once(settings, "moscow-times", "feeds", limit=5)
    found = list(settings.data_dir.rglob("*"))
    assert {"warc", "spool", "index", "broadsheet.db", "run.lock", "crawl-moscow-times.lock"} <= {
        path.name for path in found
    }
    assert [path for path in found if path.stat().st_mode & 0o077] == []


def test_others_lose_access_to_our_files_in_an_existing_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    for folder in (settings.data_dir, *settings.own_dirs):
        folder.mkdir()
        folder.chmod(0o755)
    files = [settings.data_dir / f"broadsheet.db{suffix}" for suffix in ("", "-wal")]
    for file in files:
        file.touch()
        file.chmod(0o644)
    make_folders(settings)
    assert {folder.stat().st_mode & 0o777 for folder in settings.own_dirs} == {0o750}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o640}


def test_an_existing_folder_keeps_its_own_mode(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o750)
    make_folders(Settings(data_dir=folder))
    assert folder.stat().st_mode & 0o777 == 0o750
