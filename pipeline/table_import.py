"""Imports tables of texts: each row becomes a WARC record of ours, and is read like any other imported file.

A part of the table is written and loaded before the next one is read, so memory does not grow with the file. What a
killed import has written is loaded, and counted, by the next run; it finds these rows then, as `resumed`.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import datetime
from typing import NamedTuple

from extraction.row import ValueUnusable, find_fetched_at
from pipeline.archive import Archive
from pipeline.load import PARALLEL_BYTES, load_batches
from pipeline.progress import report_progress
from pipeline.run import Run, now
from schemas.report import ImportedFile
from schemas.table import ROW_MEDIA_TYPE, Row
from spiders.warc import WarcWriter
from storage.captures.imported import find_imported_digests, list_row_digests
from storage.ledger.quarantine import find_imported_reasons
from storage.redactions.synchronization import find_redacted_digests
from storage.table.file import Table, TableUnusable
from storage.table.payload import render_row
from storage.table.problem import RowUnusable
from storage.warc.store import IMPORT_SITE

PART_COUNT = 1_000
"""Rows that are written before they are loaded: four batches, so that several processes have something to read."""

PART_BYTES = 16 * 1024 * 1024
"""Bytes of such rows, which are in memory."""

SHOWN_COUNT = 20
"""Rows that a report names for each file: a screenful."""

REASON_CHARS = 300
"""Of a row's reasons in a report. The quarantine has all of them."""

ROW_OUTCOMES = ("stored", "unchanged", "revised", "restored", "duplicate", "not-newer", "quarantined", "redacted")


class _Packed(NamedTuple):
    """A row as it is stored."""

    row: Row
    payload: bytes
    sha256: str


def import_tables(archive: Archive, run: Run, tables: Iterable[tuple[str, Table]]) -> None:
    """Write the rows of tables to a WARC file of ours, load them, and record in the run what became of them.

    With each table comes the file's name in the archive.
    """
    with archive.database.read() as session:
        resumed = list_row_digests(session, run.id)
    size = archive.settings.max_warc_bytes
    with WarcWriter(archive.settings.warc_dir, site=IMPORT_SITE, run_id=run.id, max_file_bytes=size) as writer:
        for url, table in tables:
            _import_table(run, table, _TableImport(archive, run, writer, url, resumed))


def _import_table(run: Run, table: Table, found: "_TableImport") -> None:
    is_large = table.path.stat().st_size >= PARALLEL_BYTES
    with found.archive.reading_in_parallel() if is_large else nullcontext():
        damage = None
        try:
            for row in table.iterate_rows():
                found.add(row)
        except TableUnusable as error:
            damage = str(error)
        found.store_part()
    if damage:
        run.unusable.append(f"{table.path}: {damage}; the rows before are imported")
    if found.first_refused:
        count = f"{found.counts['refused']} of {found.row_count} rows"
        run.unusable.append(f"{table.path}: {count} cannot be read, first {found.first_refused}")
    run.files.append(found.close(table.path.name))


class _TableImport:
    """The import of one table."""

    def __init__(self, archive: Archive, run: Run, writer: WarcWriter, url: str, resumed: set[str]) -> None:
        self.archive = archive
        self.row_count = 0
        self.counts: Counter[str] = Counter()
        self.first_refused: str | None = None
        self._run, self._writer, self._url = run, writer, url
        self._resumed = resumed
        """Digests of rows that an interrupted import wrote, and that this run has loaded and counted already."""
        self._part: dict[str, _Packed] = {}
        """Digest -> row."""
        self._part_bytes = 0
        self._problems: list[tuple[int, str]] = []
        self._problem_count = 0

    def add(self, row: Row) -> None:
        """Take a row, and store those that wait if there are enough."""
        self.row_count += 1
        try:
            packed = self._pack(row)
        except RowUnusable as error:
            self.counts["refused"] += 1
            self._run.counts["refused"] += 1
            self._record_problem(row.number, f"refused: {error}")
            self.first_refused = self.first_refused or f"row {row.number}: {error}"
            return
        if packed.sha256 in self._part:
            self._count_unchanged()
            return
        self._part[packed.sha256] = packed
        self._part_bytes += len(packed.payload)
        if len(self._part) >= PART_COUNT or self._part_bytes >= PART_BYTES:
            self.store_part()

    def store_part(self) -> None:
        """Write and load the rows that wait. Known rows are not written again."""
        self._run.renew_lease()
        with self.archive.database.read() as session:
            known = find_imported_digests(session, self._part)
            reasons = find_imported_reasons(session, known)
            redacted = find_redacted_digests(session, self._part)
        names: dict[str, None] = {}
        for sha256, (row, payload, _) in self._part.items():
            if sha256 in redacted:
                self.counts["redacted"] += 1
                self._run.counts["redacted"] += 1
                continue
            if sha256 in known:
                self._count_known(sha256)
                if found := reasons.get(sha256):
                    self._record_problem(row.number, f"quarantined before: {'; '.join(found)}")
                continue
            uri = f"{self._url}#row={row.number}"
            names[self._writer.write_resource(uri, ROW_MEDIA_TYPE, payload, _find_time(row)).warc] = None
        self._part.clear()
        self._part_bytes = 0
        for name in names:
            self._load(name)
        report_progress("import", self.row_count, None, unit="rows", detail=self._url)

    def close(self, name: str) -> ImportedFile:
        """Return what became of the table's rows."""
        return ImportedFile(
            name=name,
            row_count=self.row_count,
            outcomes={outcome: count for outcome, count in sorted(self.counts.items()) if count > 0},
            problems=tuple(f"row {number}: {problem}" for number, problem in sorted(self._problems)),
            more_problems_count=self._problem_count - len(self._problems),
        )

    def _pack(self, row: Row) -> _Packed:
        if row.values is None:
            raise RowUnusable(row.problem or "unreadable")
        payload = render_row(row.values)
        if len(payload) > (limit := self.archive.settings.max_page_bytes):
            raise RowUnusable(f"larger than BROADSHEET_MAX_PAGE_BYTES ({limit})")
        return _Packed(row, payload, hashlib.sha256(payload).hexdigest())

    def _load(self, name: str) -> None:
        for batch in load_batches(self.archive, self._run, name):
            self.counts.update({outcome: batch.counts.get(outcome, 0) for outcome in ROW_OUTCOMES})
            for url, reasons in batch.quarantined.items():
                self._record_problem(int(url.rpartition("=")[2]), f"quarantined: {'; '.join(reasons)}")

    def _count_known(self, sha256: str) -> None:
        if sha256 in self._resumed:
            self._resumed.discard(sha256)  # the same row again, in this table or another, is unchanged
            self.counts["resumed"] += 1
        else:
            self._count_unchanged()

    def _count_unchanged(self) -> None:
        self.counts["unchanged"] += 1
        self._run.counts["unchanged"] += 1

    def _record_problem(self, number: int, problem: str) -> None:
        self._problem_count += 1
        if len(self._problems) < SHOWN_COUNT:
            self._problems.append((number, problem[:REASON_CHARS]))


def _find_time(row: Row) -> datetime:
    """Return when the text was fetched, as far as the table says. The reader quarantines what is no time."""
    try:
        return find_fetched_at(row.values or {}) or now()
    except ValueUnusable:
        return now()
