"""Exports: the articles as files that other programs load, each with a data card beside it.

The same articles give the same bytes, in the file and in the card.
"""

import codecs
import gc
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from schemas.export import CARD_SUFFIX, ArticleFilter, Exported, FileFormat, Format
from storage.articles.article import count_wanted, iterate_blocks
from storage.engine import FILE_SUFFIXES, Database
from storage.export.block import Block
from storage.export.datacard import CardCounts
from storage.export.line import write_csv, write_jsonl
from storage.export.sink import (
    STANDARD_OUTPUT,
    ExportUnwritable,
    Sink,
    Writable,
    audit_place,
    compressing,
    is_lasting,
    opening,
)

ExportListener = Callable[[int, int], None]
"""Hears of the articles that are written, and of those that there are."""


def export_articles(
    database: Database,
    path: Path,
    kind: FileFormat,
    wanted: ArticleFilter | None = None,
    tell: ExportListener | None = None,
    spared: Collection[Path] = (),
) -> Exported:
    """Write the articles to a file, whole or not at all, and a data card beside it.

    To standard output (`-`), a pipe or a device they are written as they come, and without a card. Nothing is written
    in place of the archive's own files: its database, and what lies in the folders to be spared.

    Raises:
        ExportUnwritable: the file cannot be written.
        BrokenPipeError: whoever read the pipe has enough.
    """
    if path != STANDARD_OUTPUT:
        audit_place(path)
        _spare_archive(database, path, spared)
    tally, wanted = CardCounts(), wanted or ArticleFilter()
    card_path = path.with_name(path.name + CARD_SUFFIX) if is_lasting(path) else None
    # Both are complete before either takes its name; the file first.
    with _opening_card(card_path) as card_sink, opening(path) as sink:
        with database.read_still() as session, _old_objects_at_rest():
            blocks = tally.watch(iterate_blocks(session, wanted))
            _write(sink, kind, _told(blocks, count_wanted(session, wanted), tell) if tell else blocks)
        if card_path and card_sink:
            card = tally.make_card(path.name, kind, sink, wanted)
            card_sink.write(f"{card.model_dump_json(indent=2)}\n".encode())
            card_path.unlink(missing_ok=True)  # it speaks of the former file, and would soon lie beside the new one
    return Exported(
        path=str(path),
        format=kind.format,
        compression=kind.compression,
        count=tally.article_count,
        bytes=sink.byte_count,
        sha256=sink.sha256,
        card=str(card_path) if card_path else None,
    )


def _opening_card(path: Path | None) -> AbstractContextManager[Sink | None]:
    return opening(path) if path else nullcontext()


def _spare_archive(database: Database, path: Path, spared: Collection[Path]) -> None:
    place = path.resolve()
    if database.engine.dialect.name == "sqlite":
        own = Path(database.engine.url.database or "").resolve()
        if place.parent == own.parent and place.name in {f"{own.name}{suffix}" for suffix in FILE_SUFFIXES}:
            raise ExportUnwritable(f"{path} is the archive's own database")
    for folder in spared:
        if place.is_relative_to(folder.resolve()):
            raise ExportUnwritable(f"{path} lies among the archive's own files, in {folder}")


@contextmanager
def _old_objects_at_rest() -> Iterator[None]:
    """The garbage collector leaves alone what was there before.

    The blocks that come and go would have it look through all loaded modules every few thousand articles: that takes
    as long as writing them.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _told(blocks: Iterable[Block], total_count: int, tell: ExportListener) -> Iterator[Block]:
    done_count = 0
    tell(done_count, total_count)
    for block in blocks:
        yield block
        done_count += len(block["id"])
        tell(done_count, total_count)


def _write(sink: Sink, kind: FileFormat, blocks: Iterable[Block]) -> None:
    if kind.format is Format.PARQUET:
        from storage.export.parquet import write_parquet

        write_parquet(sink, blocks)
        return
    with compressing(sink, kind.compression) as file:
        if kind.has_bom:
            file.write(codecs.BOM_UTF8)
        LINE_WRITERS[kind.format](file, blocks)


LINE_WRITERS: dict[Format, Callable[[Writable, Iterable[Block]], None]] = {
    Format.JSONL: write_jsonl,
    Format.CSV: write_csv,
}
