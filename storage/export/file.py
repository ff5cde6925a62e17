"""Export articles to files that other programs load, each with a data card beside it.

The same articles give the same bytes, in the file and in the card. Articles are streamed; the card's counts are
collected on the way.
"""

import codecs
import gc
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from schemas.export import (
    MEANINGS,
    ArticleFilter,
    DataCard,
    Exported,
    FieldCard,
    FileFormat,
    Format,
    TimeSpan,
    list_notes,
    name_card,
)
from storage.articles.selection import count_matching, iterate_blocks
from storage.engine import FILE_SUFFIXES, Database
from storage.export.block import FIELDS, Block
from storage.export.line import write_csv, write_jsonl
from storage.export.sink import (
    STANDARD_OUTPUT,
    ExportUnwritable,
    Sink,
    Writable,
    audit_output_path,
    compressing,
    is_lasting,
    opening,
)

ExportListener = Callable[[int, int], None]
"""Called with the number of articles written so far, and in total."""


def export_articles(
    database: Database,
    path: Path,
    kind: FileFormat,
    wanted: ArticleFilter | None = None,
    on_progress: ExportListener | None = None,
    protected: Collection[Path] = (),
) -> Exported:
    """Write the articles to a file, atomically, and a data card beside it.

    Standard output (`-`), a pipe or a device is written to directly, without a card. The archive's own files are never
    overwritten: neither its database nor anything in the `protected` folders.

    Raises:
        ExportUnwritable: the file cannot be written.
        BrokenPipeError: the reader closed the pipe.
    """
    check_path(database, path, protected)
    with database.read_snapshot() as session:
        return write_articles(session, path, kind, wanted, on_progress)


def write_articles(
    session: Session,
    path: Path,
    kind: FileFormat,
    wanted: ArticleFilter | None = None,
    on_progress: ExportListener | None = None,
) -> Exported:
    """Write the articles of a snapshot as `export_articles` does, to a path that was checked."""
    counts, wanted = CardCounts(), wanted or ArticleFilter()
    card_path = path.with_name(name_card(path.name)) if is_lasting(path) else None
    # Both are complete before either is renamed into place, the file first.
    with _opening_card(card_path) as card_sink, opening(path) as sink:
        with _frozen_garbage():
            blocks = counts.watch(iterate_blocks(session, wanted))
            if on_progress:
                blocks = _report_progress(blocks, count_matching(session, wanted), on_progress)
            _write(sink, kind, blocks)
        if card_path and card_sink:
            card = counts.make_card(path.name, kind, sink, wanted)
            card_sink.write(f"{card.model_dump_json(indent=2)}\n".encode())
            card_path.unlink(missing_ok=True)  # the old card must not lie beside the new file
    return Exported(
        path=str(path),
        format=kind.format,
        compression=kind.compression,
        count=counts.article_count,
        bytes=sink.byte_count,
        sha256=sink.sha256,
        card=str(card_path) if card_path else None,
    )


def _opening_card(path: Path | None) -> AbstractContextManager[Sink | None]:
    return opening(path) if path else nullcontext()


def check_path(database: Database, path: Path, protected: Collection[Path]) -> None:
    """Check that a file can be written there without overwriting the archive's own.

    Raises:
        ExportUnwritable: it cannot.
    """
    if path == STANDARD_OUTPUT:
        return
    audit_output_path(path)
    target = path.resolve()
    if database.engine.dialect.name == "sqlite":
        own_path = Path(database.engine.url.database or "").resolve()
        if target.parent == own_path.parent and target.name in {f"{own_path.name}{suffix}" for suffix in FILE_SUFFIXES}:
            raise ExportUnwritable(f"{path} is the archive's own database")
    for folder in protected:
        if target.is_relative_to(folder.resolve()):
            raise ExportUnwritable(f"{path} is inside the archive's own folder {folder}")


@contextmanager
def _frozen_garbage() -> Iterator[None]:
    """Keep the garbage collector from scanning existing objects.

    Otherwise the allocation of blocks has it scan all loaded modules every few thousand articles, which takes as long
    as writing them.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _report_progress(blocks: Iterable[Block], total_count: int, on_progress: ExportListener) -> Iterator[Block]:
    done_count = 0
    on_progress(done_count, total_count)
    for block in blocks:
        yield block
        done_count += len(block["id"])
        on_progress(done_count, total_count)


SMALL_GROUP_BYTES = 2 * 1024 * 1024
"""Bytes of a Parquet file's row group in memory. With 16 MB, a server needs 50 MB more for the same file, less 2 %."""


def write_blocks(file: BinaryIO, kind: FileFormat, blocks: Iterable[Block]) -> None:
    """Write articles to an open file, without a card, in little memory: a server writes several at a time."""
    _write(Sink(file), kind, blocks, SMALL_GROUP_BYTES)


def _write(sink: Sink, kind: FileFormat, blocks: Iterable[Block], group_bytes: int | None = None) -> None:
    if kind.format is Format.PARQUET:
        from storage.export.parquet import GROUP_BYTES, write_parquet

        write_parquet(sink, blocks, group_bytes or GROUP_BYTES)
        return
    with compressing(sink, kind.compression) as file:
        if kind.has_bom:
            file.write(codecs.BOM_UTF8)
        LINE_WRITERS[kind.format](file, blocks)


LINE_WRITERS: dict[Format, Callable[[Writable, Iterable[Block]], None]] = {
    Format.JSONL: write_jsonl,
    Format.CSV: write_csv,
}


COUNTED = ("site", "language", "kind", "extractor")
TIMES = ("published_at", "fetched_at")
UNKNOWN = "unknown"
"""Key under which nulls are counted."""


class CardCounts:
    """Collects the data card's counts while blocks pass through."""

    def __init__(self) -> None:
        self.article_count = 0
        self._word_count = 0
        self._filled: Counter[str] = Counter()
        self._values: dict[str, Counter[str | None]] = {name: Counter() for name in COUNTED}
        self._ends: dict[str, tuple[datetime, ...]] = dict.fromkeys(TIMES, ())
        self._bodies = hashlib.sha256()

    def watch(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield the same blocks, counting each."""
        for block in blocks:
            self._count(block)
            yield block

    def make_card(self, name: str, kind: FileFormat, sink: Sink, wanted: ArticleFilter) -> DataCard:
        """Return the card of the file of this name, which has the counted blocks and was written to this sink."""
        return DataCard(
            file=name,
            format=kind.format,
            compression=kind.compression,
            bytes=sink.byte_count,
            sha256=sink.sha256,
            bodies_sha256=self._bodies.hexdigest(),
            broadsheet=version("broadsheet"),
            filters=wanted,
            article_count=self.article_count,
            duplicate_count=self._filled["duplicate_of"],
            word_count=self._word_count,
            published_at=self._span("published_at"),
            fetched_at=self._span("fetched_at"),
            sites=self._sum("site"),
            languages=self._sum("language"),
            kinds=self._sum("kind"),
            extractors=self._sum("extractor"),
            fields=self._list_fields(),
            notes=list_notes(kind.format),
        )

    def _count(self, block: Block) -> None:
        self.article_count += len(block["id"])
        self._word_count += sum(block["word_count"])
        for name, values in block.items():
            self._filled[name] += len(list(filter(None, values)))
        for name, counter in self._values.items():
            counter.update(block[name])
        for name in TIMES:
            times = [at for at in (*self._ends[name], *block[name]) if at]
            self._ends[name] = (min(times), max(times)) if times else ()
        self._bodies.update("".join(f"{digest}\n" for digest in block["content_sha256"]).encode())

    def _span(self, name: str) -> TimeSpan | None:
        ends = self._ends[name]
        return TimeSpan(first=ends[0], last=ends[-1]) if ends else None

    def _sum(self, name: str) -> dict[str, int]:
        return dict(sorted((value or UNKNOWN, count) for value, count in self._values[name].items()))

    def _list_fields(self) -> tuple[FieldCard, ...]:
        from storage.export.parquet import make_schema

        types = {field.name: str(field.type) for field in make_schema()}
        return tuple(
            FieldCard(name=name, type=types[name], filled_count=self._filled[name], meaning=MEANINGS[name])
            for name in FIELDS
        )
