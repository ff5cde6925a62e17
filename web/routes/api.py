"""The archive as JSON, under `/api/v1`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from pipeline.replay import choose_capture
from pipeline.status import compare_revisions, list_captures
from schemas.revision import Difference
from schemas.search import HitPage
from storage.articles.article import list_articles
from storage.search.reading import read_page
from web.api_model import (
    ArticleDocument,
    ArticlePage,
    CaptureDocument,
    CaptureList,
    PagedParameters,
    Problem,
    RevisionList,
)
from web.capture_view import link_record
from web.context import Context, InContext, Published
from web.page import respond
from web.rate_limit import check_rate
from web.record_response import WARC_TYPE, respond_record

JSON = "application/json"

PUBLISHED = (
    Published("/api/v1/articles", ".json"),
    Published("/api/v1/records", ".warc.gz", is_capture=True),
)

router = APIRouter(
    prefix="/api/v1",
    dependencies=[Depends(check_rate)],
    responses={status: {"model": Problem} for status in (400, 404, 429, 503)},
)

MAX_ID_LETTERS = 2_000
"""More than any URL that the archive has."""

Responses = dict[int | str, dict[str, Any]]
REDACTED: Responses = {410: {"model": Problem, "description": "It was redacted, or erased"}}
RECORD: Responses = {200: {"content": {WARC_TYPE: {}}}}

Asked = Annotated[PagedParameters, Query()]
ArticleId = Annotated[str, Path(description="a record id, or any URL of the article", max_length=MAX_ID_LETTERS)]
Number = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("/search", response_model=HitPage)
def search(request: Request, context: InContext, asked: Asked) -> Response:
    """Search the articles: hits with snippets, the best first; counts by value and day."""
    return respond_json(request, _read_page(context, asked))


@router.get("/articles", response_model=ArticlePage)
def list_records(request: Request, context: InContext, asked: Asked) -> Response:
    """List whole records, in the order that `sort` names; without a query, all of them."""
    page = _read_page(context, asked)
    with context.archive.database.read() as session:
        records = list_articles(session, [hit.id for hit in page.hits])
    found = ArticlePage(articles=records, total_count=page.count.total_count, next_cursor=page.next_cursor)
    return respond_json(request, found)


@router.get("/articles/{article_id:path}", response_model=ArticleDocument, responses=REDACTED)
def get_article(request: Request, context: InContext, article_id: ArticleId) -> Response:
    """Return a record, with its duplicates."""
    details = context.articles.find_details(article_id)
    document = ArticleDocument(
        record=details.record,
        explanation=details.explanation,
        duplicates=list(details.duplicates),
        revision_count=len(details.revisions),
    )
    return respond_json(request, document)


@router.get("/revisions/{article_id:path}", response_model=RevisionList, responses=REDACTED)
def list_revisions(request: Request, context: InContext, article_id: ArticleId) -> Response:
    """List the revisions of an article."""
    details = context.articles.find_details(article_id)
    return respond_json(request, RevisionList(id=details.record.id, revisions=list(details.revisions)))


@router.get("/differences/{article_id:path}", response_model=Difference, responses=REDACTED)
def get_difference(
    request: Request,
    context: InContext,
    article_id: ArticleId,
    before: Annotated[Number, Query(alias="from")] = None,
    after: Annotated[Number, Query(alias="to")] = None,
) -> Response:
    """Return the difference between two revisions of an article; by default the last two."""
    return respond_json(request, compare_revisions(context.archive, article_id, before, after))


@router.get("/captures/{article_id:path}", response_model=CaptureList, responses=REDACTED)
def list_article_captures(request: Request, context: InContext, article_id: ArticleId) -> Response:
    """List the captures of an article's pages."""
    record = context.articles.find_record(article_id)
    captures = [
        CaptureDocument(**dict(one), record_url=link_record(record.id, one.ref))
        for one in list_captures(context.archive, record)
    ]
    return respond_json(request, CaptureList(id=record.id, captures=captures))


@router.get(
    "/records/{article_id:path}",
    response_class=StreamingResponse,
    responses=RECORD | REDACTED,
)
def get_record(
    request: Request,
    context: InContext,
    article_id: ArticleId,
    warc: Annotated[str | None, Query(max_length=MAX_ID_LETTERS, description="`ref.warc` of the capture")] = None,
    offset: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="`ref.offset` of the capture")] = None,
) -> Response:
    """Return the WARC record of a capture, with that of its request, as they lie in the archive.

    By default, it is the capture that the article was read from.
    """
    record = context.articles.find_record(article_id)
    _, summary = choose_capture(context.archive, record, warc, offset)
    return respond_record(request, context.archive, summary)


def respond_json(request: Request, document: BaseModel) -> Response:
    """Return a response with a document as JSON."""
    return respond(request, document.model_dump_json(by_alias=True).encode(), JSON)


def _read_page(context: Context, asked: PagedParameters) -> HitPage:
    return read_page(context.archive.database, context.columns, asked.query, asked.filter, asked.limit, asked.cursor)
