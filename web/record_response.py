"""Responds with a WARC record."""

import re

from fastapi import HTTPException, Request
from fastapi.responses import Response, StreamingResponse

from pipeline.archive import Archive
from pipeline.replay import CaptureState, open_records, read_archived
from schemas.capture import CaptureSummary
from storage.warc.remote import StoreUnreachable
from web.page import has_tag

WARC_TYPE = "application/warc"

PROBLEMS = {
    CaptureState.LOST: (404, "This capture is lost: its record, or the WARC file with it, is not there any more."),
    CaptureState.ERASED: (410, "This capture was erased: its record was overwritten when its article was redacted."),
    CaptureState.DAMAGED: (404, "The record of this capture is damaged: it is not what was captured."),
    CaptureState.UNREACHABLE: (503, "The store of the WARC files does not respond: try again later."),
}
"""State -> HTTP status, and the state in words."""

_NOT_A_NAME = re.compile(r"[^A-Za-z0-9]+")


def respond_record(request: Request, archive: Archive, summary: CaptureSummary) -> Response:
    """Return a response with the WARC record of a capture, and that of its request.

    Raises:
        HTTPException: it cannot be read.
    """
    found = read_archived(archive, summary)
    if not found.records or found.state is CaptureState.ERASED:
        raise HTTPException(*PROBLEMS[found.state])
    tag = f'"{summary.ref.sha256[:32]}-{summary.ref.offset}-{found.byte_count}"'
    suffix = ".warc.gz" if found.records[0].is_compressed else ".warc"
    name = _NOT_A_NAME.sub("-", summary.ref.warc.removesuffix(".gz").removesuffix(".warc"))
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if has_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    try:
        chunks = open_records(archive, found)
    except StoreUnreachable as error:
        raise HTTPException(*PROBLEMS[CaptureState.UNREACHABLE]) from error
    except OSError as error:
        raise HTTPException(*PROBLEMS[CaptureState.LOST]) from error
    headers["Content-Disposition"] = f'attachment; filename="{name}-{summary.ref.offset}{suffix}"'
    if found.state is CaptureState.WHOLE:  # the file of a damaged record may end before the record does
        headers["Content-Length"] = str(found.byte_count)
    return StreamingResponse(chunks, media_type=WARC_TYPE, headers=headers)
