"""Exports what a search finds, in every format."""

import os
from collections.abc import Iterator, Mapping
from tempfile import TemporaryFile
from typing import Annotated, BinaryIO

from anyio import from_thread
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from schemas.export import FileFormat, Format
from storage.export.block import Block
from storage.export.file import write_blocks
from storage.search.reading import iterate_found
from web.context import Context, InContext
from web.guard import IS_HEAD
from web.search_parameters import SearchParameters

router = APIRouter(include_in_schema=False)

CHUNK_BYTES = 1 << 16

MEDIA_TYPES = {
    Format.JSONL: "application/jsonl; charset=utf-8",
    Format.CSV: "text/csv; charset=utf-8",
    Format.PARQUET: "application/vnd.apache.parquet",
}


class FileStream(StreamingResponse):
    """A response with a file, which is closed with it: also if the client goes away in the middle."""

    def __init__(self, file: BinaryIO, media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(_read_chunks(file), media_type=media_type, headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


@router.get("/export.{file_format}")
def export_found(
    request: Request, context: InContext, file_format: Format, asked: Annotated[SearchParameters, Query()]
) -> Response:
    """Return a file with the articles that match."""
    _ = asked.query  # raises before anything is written if it cannot be read
    headers = {"Content-Disposition": f'attachment; filename="broadsheet.{file_format}"'}
    media_type = MEDIA_TYPES[file_format]
    if IS_HEAD in request.scope:
        return StreamingResponse(iter(()), media_type=media_type, headers=headers)  # without a length: none is known
    if not context.export_places.acquire(blocking=False):
        raise HTTPException(503, "Other exports are being made: try again in a minute.", {"Retry-After": "60"})
    try:
        file = _write_file(request, context, file_format, asked)
    except OSError as error:  # its words name folders of the server
        raise HTTPException(503, "The server has no room for this export.") from error
    finally:
        context.export_places.release()
    headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
    return FileStream(file, media_type=media_type, headers=headers)


def _write_file(request: Request, context: Context, file_format: Format, asked: SearchParameters) -> BinaryIO:
    """Return a file without a name: nothing is left of it, however this process ends."""
    file: BinaryIO = TemporaryFile()  # noqa: SIM115 - it is read later, chunk by chunk
    try:
        with context.patient_archive.database.read_snapshot() as session:
            blocks = _stop_without_client(request, iterate_found(session, asked.q, asked.filter))
            write_blocks(file, FileFormat(format=file_format), blocks)
        file.flush()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _stop_without_client(request: Request, blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield blocks until the client closes its connection.

    Raises:
        HTTPException: it did.
    """
    for block in blocks:
        if from_thread.run(request.is_disconnected):
            raise HTTPException(400, "The client did not wait for this export.")
        yield block


def _read_chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
