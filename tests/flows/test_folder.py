"""What the data folder is, before anything lies in it."""

from pathlib import Path

from flows.archive import make_folders
from schemas.settings import Settings


def test_a_data_folder_that_is_made_is_its_owners_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    make_folders(settings)
    folders = (settings.data_dir, settings.warc_dir, settings.spool_dir)
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 3


def test_one_that_is_there_keeps_what_its_owner_gave_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o750)
    make_folders(Settings(data_dir=folder))
    assert folder.stat().st_mode & 0o777 == 0o750
