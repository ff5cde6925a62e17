"""Exports: the articles as files that other programs load. The same articles give the same bytes."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
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


STANDARD_OUTPUT = Path("-")
"""The path that means standard output, as other programs have it."""

PLACES = ("/dev/", "/proc/")
"""What lies here is never replaced: `/dev/stdout` may lead to a file, and is not that file's name."""


def export_articles(database: Database, path: Path, kind: Format, wanted: ArticleFilter | None = None) -> int:
    """Write the articles to a file, whole or not at all; answers how many.

    To standard output (`-`), a pipe or a device they are written as they come.

    Raises:
        ExportUnwritable: the file cannot be written.
        BrokenPipeError: whoever read the pipe has enough.
    """
    _spare_database(database, path)
    with _opened(path) as file, database.read() as session:
        return WRITERS[kind](file, iterate_articles(session, wanted))


def _spare_database(database: Database, path: Path) -> None:
    own = Path(database.engine.url.database or "")
    if path.exists() and own.is_file() and path.samefile(own):
        raise ExportUnwritable(f"{path} is the archive's own database")


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with _choose_way(path) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ExportUnwritable(f"{path} cannot be written: {error.strerror or error}") from None


def _choose_way(path: Path) -> AbstractContextManager[TextIO]:
    if path == STANDARD_OUTPUT:
        return _standard_output()
    if path.is_dir():
        raise ExportUnwritable(f"{path} is a directory")
    if str(path.absolute()).startswith(PLACES) or (path.exists() and not path.is_file()):
        return path.open("a", encoding="utf-8", newline="")
    return _replacing(path.resolve())  # behind a link stands the file that is meant


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Standard output as UTF-8 with the line ends that are written, whatever the terminal's; it stays open."""
    sys.stdout.flush()
    file = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        yield file
        file.flush()
    finally:
        file.detach()


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """A file that takes its name when it is complete: no reader ever sees half an export."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
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
