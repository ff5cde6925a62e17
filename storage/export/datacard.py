"""What goes by in an export, counted for its data card. Nothing is held of the articles themselves."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.metadata import version

from schemas.export import (
    MEANINGS,
    ArticleFilter,
    DataCard,
    FieldCard,
    FileFormat,
    TimeSpan,
    list_notes,
)
from storage.export.block import FIELDS, Block
from storage.export.sink import Sink

COUNTED = ("site", "language", "kind", "extractor")
TIMES = ("published_at", "fetched_at")
UNKNOWN = "unknown"
"""Under this is counted what is null."""


class CardCounts:
    """Counts blocks on their way."""

    def __init__(self) -> None:
        self.article_count = 0
        self._word_count = 0
        self._filled: Counter[str] = Counter()
        self._values: dict[str, Counter[str | None]] = {name: Counter() for name in COUNTED}
        self._ends: dict[str, tuple[datetime, ...]] = dict.fromkeys(TIMES, ())
        self._bodies = hashlib.sha256()

    def watch(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks, each counted."""
        for block in blocks:
            self._count(block)
            yield block

    def make_card(self, name: str, kind: FileFormat, sink: Sink, wanted: ArticleFilter) -> DataCard:
        """Of the file of this name, which holds what was counted, and was written to this sink."""
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
