"""The file of redactions beside the WARC files: one decision a line, never changed, only added to.

It is what counts: a database made anew takes the redactions from here. With a store of WARC files, the store has it
too, and both are kept equal to their union.
"""

from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from schemas.failure import UsageFailure
from schemas.redaction import Decision
from storage.atomic_file import flush, replace_file
from storage.warc.remote import StoreUnreachable
from storage.warc.store import WarcStore

FILE_NAME = "redactions.jsonl"


class RedactionsUnusable(UsageFailure):
    """The file of redactions cannot be opened or written; the message is one line."""


class RedactionsDamaged(RedactionsUnusable):
    """The file of redactions has a damaged line, so it is unknown what must stay out."""


class StoredDecisions:
    """The decisions of an archive, in order of time."""

    def __init__(self, warcs: WarcStore) -> None:
        """Read the local file, and the store's.

        Raises:
            RedactionsDamaged: one of them is damaged.
            RedactionsUnusable: the local one cannot be opened.
        """
        self._warcs = warcs
        self._path = warcs.folder / FILE_NAME
        try:
            data = self._path.read_bytes() if self._path.exists() else b""
        except OSError as error:
            raise RedactionsUnusable(f"{self._path} cannot be read: {error.strerror}") from None
        self._local = _read_lines(data, str(self._path))
        self._remote: list[str] = []
        self.unreachable: str | None = None
        """Why the store could not be read; what it has is then unknown."""
        if warcs.remote:
            try:
                self._remote = _read_lines(warcs.remote.read_bytes(FILE_NAME), f"{warcs.remote.shown}/{FILE_NAME}")
            except StoreUnreachable as error:
                self.unreachable = str(error)
        self._lines = _sort({*self._local, *self._remote})

    def list_decisions(self) -> list[Decision]:
        """Return all decisions, oldest first."""
        return [Decision.model_validate_json(line) for line in self._lines]

    def add(self, decisions: Sequence[Decision]) -> None:
        """Add decisions to the file, durably; to the store's copy too, if it responds.

        Raises:
            RedactionsUnusable: the file cannot be written; nothing was decided then.
        """
        self._lines = _sort({*self._lines, *(one.model_dump_json(exclude_defaults=True) for one in decisions)})
        self.write()

    def write(self) -> None:
        """Write each copy that lacks a decision; a killed process leaves either the old file or the new one."""
        data = "".join(f"{line}\n" for line in self._lines).encode()
        if self._local != self._lines:
            try:
                with replace_file(self._path) as file:
                    file.write(data)
                flush(self._path.parent)
            except OSError as error:
                raise RedactionsUnusable(f"{self._path} cannot be written: {error.strerror}") from None
            self._local = self._lines
        if self._warcs.remote and self._remote != self._lines and self.unreachable is None:
            try:
                self._warcs.remote.put_bytes(FILE_NAME, data)
                self._remote = self._lines
            except StoreUnreachable as error:
                self.unreachable = str(error)


def _read_lines(data: bytes, name: str) -> list[str]:
    lines = data.decode("utf-8", "backslashreplace").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            Decision.model_validate_json(line)
        except ValidationError:
            raise RedactionsDamaged(
                f"{name}, line {number}: this is no redaction; restore the file from a backup"
            ) from None
    return lines


def _sort(lines: Iterable[str]) -> list[str]:
    return sorted(lines, key=lambda line: (Decision.model_validate_json(line).at, line))
