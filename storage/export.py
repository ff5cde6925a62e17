"""Exports: the articles as files that other programs load. The same articles give the same bytes."""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from schemas.article import ArticleRecord
from storage.article import ArticleFilter, iterate_articles
from storage.database import Database

Format = Literal["jsonl", "csv"]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet takes a cell that starts so (full-width signs too) for a formula, and runs it."""


class ExportUnwritable(RuntimeError):  # noqa: N818 - it states a fact
    """The file cannot be written; the message is one line."""


def export_articles(database: Database, path: Path, kind: Format, wanted: ArticleFilter | None = None) -> int:
    """Write the articles to a file, whole or not at all; answers how many.

    Raises:
        ExportUnwritable: the file cannot be written.
    """
    with _replacing(path) as file, database.read() as session:
        return WRITERS[kind](file, iterate_articles(session, wanted))


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """A file that takes its name when it is complete: no reader ever sees half an export."""
    if path.is_dir():
        raise ExportUnwritable(f"{path} is a directory")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise ExportUnwritable(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def _write_jsonl(file: TextIO, records: Iterable[ArticleRecord]) -> int:
    count = 0
    for record in records:
        file.write(record.model_dump_json() + "\n")
        count += 1
    return count


def _write_csv(file: TextIO, records: Iterable[ArticleRecord]) -> int:
    """RFC 4180, one column for each field; lists and mappings as JSON in their cell."""
    writer = csv.writer(file)
    names = list(ArticleRecord.model_fields)
    writer.writerow(names)
    count = 0
    for record in records:
        values = record.model_dump(mode="json")
        writer.writerow([_render_cell(values[name]) for name in names])
        count += 1
    return count


def _render_cell(value: object) -> object:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_STARTS):
        return f"'{value}"  # the spreadsheets' own mark for "this is text"
    return value


WRITERS: dict[Format, Callable[[TextIO, Iterable[ArticleRecord]], int]] = {"jsonl": _write_jsonl, "csv": _write_csv}
