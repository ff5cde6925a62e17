"""What the archive covers, as JSON, under `/api/v1/coverage`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from pipeline.coverage import (
    QuarantinePage,
    RunPage,
    SourcesReport,
    find_quarantined,
    find_run_record,
    read_quarantine,
    read_runs,
    read_unstored,
)
from pipeline.status import Status, read_status
from storage.ledger.quarantine import LARGEST_NUMBER, QuarantineRecord
from storage.reports.calendar import YearCount
from storage.reports.completeness import SectionCount
from storage.reports.unstored import ReasonCount, UnstoredPage
from storage.runs.run import RunRecord
from web.api_model import Problem
from web.context import InContext
from web.coverage_parameters import (
    CoverageParameters,
    MissingParameters,
    QuarantineParameters,
    RunParameters,
    Year,
)
from web.coverage_reader import CoverageReader
from web.page import respond
from web.rate_limit import check_rate
from web.routes.api import JSON, respond_json
from web.routes.runs import MAX_ID_LETTERS

router = APIRouter(
    prefix="/api/v1/coverage",
    dependencies=[Depends(check_rate)],
    responses={status: {"model": Problem} for status in (400, 404, 429, 503)},
)

Asked = Annotated[CoverageParameters, Query()]


class SectionList(BaseModel):
    """The stored articles by month and section."""

    sections: list[SectionCount]


class ReasonList(BaseModel):
    """What is not stored, by state and reason."""

    reasons: list[ReasonCount]


@router.get("", response_model=Status, response_model_exclude={"checked_at"})
def get_coverage(request: Request, context: InContext) -> Response:
    """Return the ledger by state, completeness by month, and the last runs."""
    status = read_status(context.archive).model_dump_json(by_alias=True, exclude={"checked_at"})
    return respond(request, status.encode(), JSON)


@router.get("/days/{year}", response_model=YearCount)
def get_days(request: Request, context: InContext, year: Year, asked: Asked) -> Response:
    """Return what is advertised and stored of each publication day of a year."""
    return respond_json(request, CoverageReader(context, asked.site).read_year(year))


@router.get("/sections", response_model=SectionList)
def list_sections(request: Request, context: InContext, asked: Asked) -> Response:
    """List the stored articles by month and section."""
    counts, _ = CoverageReader(context, asked.site).read_sections()
    return respond_json(request, SectionList(sections=counts))


@router.get("/sources", response_model=SourcesReport)
def list_sources(request: Request, context: InContext, asked: Asked) -> Response:
    """List the sources, what each advertised, and when it was last read."""
    report, _ = CoverageReader(context, asked.site).read_sources()
    return respond_json(request, report)


@router.get("/reasons", response_model=ReasonList)
def list_reasons(request: Request, context: InContext, asked: Asked) -> Response:
    """Count what is not stored by state and reason."""
    return respond_json(request, ReasonList(reasons=CoverageReader(context, asked.site).read_reasons()))


@router.get("/missing", response_model=UnstoredPage)
def list_missing(request: Request, context: InContext, asked: Annotated[MissingParameters, Query()]) -> Response:
    """List advertised articles that are not stored, newest first."""
    CoverageReader(context, asked.site)
    return respond_json(request, read_unstored(context.archive, asked.filter, asked.limit, asked.cursor))


@router.get("/quarantine", response_model=QuarantinePage)
def list_quarantine(request: Request, context: InContext, asked: Annotated[QuarantineParameters, Query()]) -> Response:
    """List quarantined captures, newest first."""
    CoverageReader(context, asked.site)
    page = read_quarantine(context.archive, asked.limit, site=asked.site, reason=asked.reason, cursor=asked.cursor)
    return respond_json(request, page)


@router.get("/quarantine/{number}", response_model=QuarantineRecord)
def get_quarantined(
    request: Request, context: InContext, number: Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]
) -> Response:
    """Return a quarantined capture."""
    return respond_json(request, find_quarantined(context.archive, number))


@router.get("/runs", response_model=RunPage)
def list_runs(request: Request, context: InContext, asked: Annotated[RunParameters, Query()]) -> Response:
    """List the runs with their reports, newest first."""
    CoverageReader(context, asked.site)
    return respond_json(request, read_runs(context.archive, asked.limit, site=asked.site, cursor=asked.cursor))


@router.get("/runs/{run_id}", response_model=RunRecord)
def get_run(request: Request, context: InContext, run_id: Annotated[str, Path(max_length=MAX_ID_LETTERS)]) -> Response:
    """Return a run with its report."""
    return respond_json(request, find_run_record(context.archive, run_id))
