"""Exports what a search finds, in every format."""

import os
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Annotated, BinaryIO

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import StreamingResponse

from schemas.export import FileFormat, Format
from storage.export.file import write_blocks
from storage.search.reading import iterate_found
from web.context import Context, InContext
from web.search_parameters import SearchParameters

router = APIRouter(include_in_schema=False)

CHUNK_BYTES = 1 << 16

MEDIA_TYPES = {
    Format.JSONL: "application/jsonl; charset=utf-8",
    Format.CSV: "text/csv; charset=utf-8",
    Format.PARQUET: "application/vnd.apache.parquet",
}


@router.get("/export.{file_format}")
def export_found(
    context: InContext, file_format: Format, asked: Annotated[SearchParameters, Query()]
) -> StreamingResponse:
    """Return a file with the articles that match."""
    _ = asked.query  # raises before anything is written if it cannot be read
    if not context.export_places.acquire(blocking=False):
        raise HTTPException(503, "Other exports are being made: try again in a minute.", {"Retry-After": "60"})
    try:
        file = _write_file(context, file_format, asked)
    except OSError as error:  # its words name folders of the server
        raise HTTPException(503, "The server has no room for this export.") from error
    finally:
        context.export_places.release()
    headers = {
        "Content-Disposition": f'attachment; filename="broadsheet.{file_format}"',
        "Content-Length": str(os.fstat(file.fileno()).st_size),
    }
    return StreamingResponse(_read_chunks(file), media_type=MEDIA_TYPES[file_format], headers=headers)


def _write_file(context: Context, file_format: Format, asked: SearchParameters) -> BinaryIO:
    """Return a file without a name: nothing is left of it, however this process ends."""
    file: BinaryIO = TemporaryFile()  # noqa: SIM115 - it is read later, chunk by chunk
    try:
        with context.patient_archive.database.read_snapshot() as session:
            write_blocks(file, FileFormat(format=file_format), iterate_found(session, asked.q, asked.filter))
        file.flush()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _read_chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
