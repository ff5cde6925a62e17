"""An article to read: its text, where each value comes from, duplicates, citations."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.citation import CitationStyle, render_citation
from web.article_view import ArticleView
from web.context import InContext, Link, Published
from web.page import render_page, respond

router = APIRouter(include_in_schema=False)

ARTICLE_TAB = Link("Text", "/article", 1)

PUBLISHED = (
    Published("/article"),
    Published("/cite/bibtex", ".bib"),
    Published("/cite/ris", ".ris"),
    Published("/cite/csl", ".json"),
)

CITATION_TYPES = {
    CitationStyle.BIBTEX: "application/x-bibtex",
    CitationStyle.RIS: "application/x-research-info-systems",
    CitationStyle.CSL: "application/vnd.citationstyles.csl+json",
}


@router.get("/article/{article_id:path}")
def show_article(request: Request, context: InContext, article_id: str) -> Response:
    """Show an article by its id, or by any of its URLs."""
    details = context.articles.find_details(article_id)
    return render_page(request, "article.html", view=ArticleView(details), record=details.record, details=details)


@router.get("/cite/{style}/{article_id:path}")
def cite_article(request: Request, context: InContext, style: CitationStyle, article_id: str) -> Response:
    """Return a citation of an article."""
    record = context.articles.find_record(article_id)
    return respond(request, render_citation(record, style).encode(), f"{CITATION_TYPES[style]}; charset=utf-8")
