"""Undoing Content-Encoding, only where the crawl itself reads the body."""

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

IS_UNREAD = "is_unread"
"""Key of a request's meta: the body goes to the archive, and nobody here reads it."""


class DecodingMiddleware(HttpCompressionMiddleware):
    """Scrapy's, spared for articles. A body that cannot be decoded stays as it came: it lies in the archive already."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The response with its body decoded, where that is wanted and can be done within the size allowed."""
        if request.meta.get(IS_UNREAD):
            return response
        try:
            return super().process_response(request, response)
        except (IgnoreRequest, OSError, EOFError, ValueError):
            return response
