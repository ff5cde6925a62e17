"""What the page of an article's captures shows, in words."""

from typing import NamedTuple
from urllib.parse import urlencode

from pipeline.replay import ArchivedCapture
from schemas.article import ArticleRecord
from schemas.capture import CaptureRef, CaptureSummary
from schemas.table import ROW_MEDIA_TYPE
from sites import get_site
from web.page import quote_path_part
from web.record_response import PROBLEMS

NOT_MODIFIED = 304
REDIRECTS = range(300, 400)
ERRORS = 400

RECORDS_PATH = "/api/v1/records"


class CaptureRow(NamedTuple):
    """A capture in the list."""

    summary: CaptureSummary
    what: str
    url: str
    is_shown: bool
    """Whether it is the one that the page shows."""


class CaptureView:
    """The captures of an article, and the one that is shown, prepared for their page."""

    def __init__(self, record: ArticleRecord, captures: list[CaptureSummary], shown: ArchivedCapture) -> None:
        self._record = record
        self._captures = captures
        self.shown = shown
        self.summary = shown.summary

    @property
    def rows(self) -> list[CaptureRow]:
        """The captures, the newest first."""
        return [
            CaptureRow(one, self.describe(one), link_capture("/capture", self._record.id, one.ref), one == self.summary)
            for one in reversed(self._captures)
        ]

    def describe(self, capture: CaptureSummary) -> str:
        """Return what a capture is, in a few words."""
        if capture.ref.is_lost:
            return "lost"
        if capture.url is None:
            return "row of an imported table" if capture.media_type == ROW_MEDIA_TYPE else "imported file"
        if capture.status == NOT_MODIFIED:
            return "unchanged, says the server"
        if capture.status in REDIRECTS:
            return "redirect"
        if capture.status >= ERRORS:
            return "error page"
        is_part = get_site(self._record.site).recognize_companion(capture.url) is not None
        return "posts of the live blog" if is_part else "page"

    @property
    def problem(self) -> str:
        """Why the capture cannot be shown; empty if it can."""
        return PROBLEMS[self.shown.state][1] if self.shown.state in PROBLEMS else ""

    @property
    def heads(self) -> list[tuple[str, str]]:
        """The heads of the records, each with its name."""
        record, request = self.shown.record, self.shown.request
        found = [
            ("Request", request.http_head if request else ""),
            ("Response", record.http_head if record else ""),
            ("WARC record", record.warc_head if record else ""),
            ("WARC record of the request", request.warc_head if request else ""),
        ]
        return [one for one in found if one[1]]

    @property
    def frame_url(self) -> str:
        """The URL of the frame with the page, at the first marked passage."""
        return link_capture("/capture-page", self._record.id, self.summary.ref)

    @property
    def source_url(self) -> str:
        """The URL of the page's source."""
        return link_capture("/capture-source", self._record.id, self.summary.ref)

    @property
    def record_url(self) -> str:
        """The URL of the WARC record."""
        return link_record(self._record.id, self.summary.ref)


def link_capture(path: str, article_id: str, ref: CaptureRef) -> str:
    """Return the URL of a page about a capture."""
    query = urlencode({"warc": ref.warc, "offset": ref.offset})
    return f"{path}/{quote_path_part(article_id)}?{query}"


def link_record(article_id: str, ref: CaptureRef) -> str:
    """Return the URL of the WARC record of a capture."""
    return link_capture(RECORDS_PATH, article_id, ref)
