"""Undoing Content-Encoding for the crawl's own eyes; the archive has every body as it came."""

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response


class DecodingMiddleware(HttpCompressionMiddleware):
    """Scrapy's; but a body that cannot be decoded stays as it came: it lies in the archive already."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The response with its body decoded, where that can be done within the size allowed."""
        try:
            return super().process_response(request, response)
        except (IgnoreRequest, OSError, EOFError, ValueError):
            return response
