"""Writes the files of a static site: each appears under its name only when complete, and only if it is another.

A killed run leaves a journal of the files that it began. The next one makes sure of these, and goes on.
"""

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from schemas.failure import RunFailure, UsageFailure
from schemas.process import INHERITED_UMASK
from storage.atomic_file import USER_FILE_MODE
from storage.static_site.manifest import Manifest, StaticFile

STATE_NAME = ".broadsheet"
"""A folder in the site's: by it, a folder is known to be ours."""

MANIFEST_NAME = "manifest.db"
JOURNAL_NAME = "journal"
FOLDER_MODE = 0o777 & ~INHERITED_UMASK


class FolderUnusable(UsageFailure):
    """The folder cannot become a static site, or is not one of ours; the message is one line."""


class FolderUnwritable(RunFailure):
    """A file cannot be written: the disk is full, or the folder's rights were changed."""


class SiteFolder:
    """The folder of a static site."""

    def __init__(self, root: Path, manifest: Manifest, journal: IO[str]) -> None:
        self._root = root
        self.manifest = manifest
        self._journal = journal
        self._known_folders: set[Path] = set()
        self.written_count = 0
        self.deleted_count = 0

    @property
    def manifest_path(self) -> Path:
        """The file of the manifest, which other processes may read."""
        return self._root / STATE_NAME / MANIFEST_NAME

    def write(self, path: str, body: bytes) -> StaticFile:
        """Make sure that a file has this content.

        Not flushed to the disk: after a power cut its size may be wrong, which the next run finds.
        """
        made = StaticFile(path, hashlib.sha256(body).digest(), len(body))
        if self.manifest.find_file(path) == made and self._has_size(made):
            return made
        target = self._begin(path)
        part = target.with_name(f".{target.name}.part")
        part.unlink(missing_ok=True)
        with part.open("xb") as file:  # no link that someone planted is followed
            file.write(body)
        part.chmod(USER_FILE_MODE)
        part.replace(target)
        self.written_count += 1
        return made

    def is_complete(self, files: Iterable[StaticFile]) -> bool:
        """Whether all of these files are there, with their sizes."""
        return all(self._has_size(one) for one in files)

    def delete(self, files: Iterable[StaticFile]) -> None:
        """Delete files, and the folders that become empty."""
        for one in files:
            target = self._locate(one.path)
            target.unlink(missing_ok=True)
            self.deleted_count += 1
            for parent in target.parents:
                if parent == self._root:
                    break
                try:
                    parent.rmdir()
                except OSError:
                    break
                self._known_folders.discard(parent)

    def commit(self) -> None:
        """Keep what was written and stored until now, whatever happens to this process."""
        self.manifest.commit()
        self._journal.truncate(0)

    def finish(self) -> None:
        """Keep everything, also if the machine fails."""
        os.sync()
        self.commit()

    def _has_size(self, file: StaticFile) -> bool:
        try:
            return (self._root / file.path).stat().st_size == file.byte_count
        except OSError:
            return False

    def _begin(self, path: str) -> Path:
        """Note that a file is begun; return its path."""
        target = self._locate(path)
        self._journal.write(f"{path}\n")
        self._journal.flush()
        if target.parent not in self._known_folders:
            self._make_folder(target.parent)
        return target

    def _locate(self, path: str) -> Path:
        known = self._root / path
        return known if known.parent in self._known_folders else _locate(self._root, path)

    def _make_folder(self, folder: Path) -> None:
        for one in reversed([folder, *folder.parents]):
            if one.is_relative_to(self._root) and not one.is_dir():
                one.mkdir()
                one.chmod(FOLDER_MODE)
        self._known_folders.add(folder)


@contextmanager
def opening_site(folder: Path, protected: Iterable[Path] = ()) -> Iterator[SiteFolder]:
    """Open a new or empty folder, or that of a site, for one process at a time.

    Raises:
        FolderUnusable: it is another folder, inside a protected one, or in use.
        FolderUnwritable: a file cannot be written.
    """
    root = folder.resolve()
    state = root / STATE_NAME
    try:
        _check_folder(folder, root, protected)
        is_new = not root.exists()
        state.mkdir(parents=True, exist_ok=True)
        if is_new:  # who may look into another folder is its owner's choice
            root.chmod(FOLDER_MODE)
    except OSError as error:
        raise FolderUnusable(f"{folder} cannot be written: {error.strerror or error}") from None
    try:
        # Opened for appending before it is locked: another process must not lose its journal.
        with (state / JOURNAL_NAME).open("a+", encoding="utf-8", errors="surrogateescape") as journal:
            _lock(folder, journal)
            with Manifest(state / MANIFEST_NAME) as manifest:
                site = SiteFolder(root, manifest, journal)
                _recover(root, manifest, journal)
                yield site
    except OSError as error:
        raise FolderUnwritable(f"{folder} cannot be written: {error.strerror or error}") from None
    except sqlite3.OperationalError as error:
        raise FolderUnwritable(f"{folder} cannot be written: {error}") from None
    except sqlite3.DatabaseError:
        raise FolderUnusable(f"{folder}/{STATE_NAME} is damaged: delete the folder, and publish anew") from None


def _check_folder(folder: Path, root: Path, protected: Iterable[Path]) -> None:
    if any(root.is_relative_to(own.resolve()) for own in protected):
        raise FolderUnusable(f"{folder} is inside the archive's own folders")
    if not root.parent.is_dir():
        raise FolderUnusable(f"{folder} cannot be written: there is no folder {folder.parent}")
    if root.exists() and not root.is_dir():
        raise FolderUnusable(f"{folder} is not a folder")
    is_ours = (root / STATE_NAME / JOURNAL_NAME).is_file()
    if not is_ours and root.exists() and any(one.name != STATE_NAME for one in root.iterdir()):
        raise FolderUnusable(f"{folder} is not empty, and no site was published there")


def _lock(folder: Path, journal: IO[str]) -> None:
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderUnusable(f"another command publishes to {folder} just now") from None


def _locate(root: Path, path: str) -> Path:
    """Return the place of a file. What the folder says of itself may be forged, and it may have links.

    Raises:
        FolderUnusable: the place is outside of the folder.
    """
    target = root / path
    if ".." in target.parts or not target.is_relative_to(root) or target.parent.resolve() != target.parent:
        raise FolderUnusable(f"{path} leads out of {root}: links and foreign paths are not followed")
    return target


def _recover(root: Path, manifest: Manifest, journal: IO[str]) -> None:
    """Make sure of the files that a run began and did not finish: delete those that the manifest does not know."""
    journal.seek(0)
    for line in journal:
        if not line.endswith("\n"):
            break  # the kill came before the file was touched
        path = line.rstrip("\n")
        if not path.isprintable():
            continue  # a power cut left it
        target = _locate(root, path)
        target.with_name(f".{target.name}.part").unlink(missing_ok=True)
        if not manifest.doubt(path):
            target.unlink(missing_ok=True)
    manifest.commit()
    journal.truncate(0)
