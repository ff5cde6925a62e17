"""The runs: plots over time, a list, a page for each; and all pictures of the coverage pages."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response

from pipeline.coverage import find_run_record, read_runs
from pipeline.report import OUTCOME_MEANINGS, STATE_MEANINGS, list_reading_rows
from web.context import InContext, Published
from web.coverage_page import render_coverage
from web.coverage_parameters import CoverageParameters, RunParameters
from web.coverage_reader import CoverageReader
from web.month_plot import NAME as MONTHS
from web.month_plot import make_month_plot
from web.page import respond
from web.plot import MEDIA_TYPE, NARROW, SECURITY_POLICY, WIDE, render_plot
from web.run_plots import make_run_plots

router = APIRouter(include_in_schema=False, prefix="/coverage")

PUBLISHED = (
    Published("/coverage/runs", is_of_article=False, is_exact=True),
    Published("/coverage/plots", "", is_of_article=False),
)
"""Not a page for each run: there may be ten thousand, and their parameters are the operator's."""

MAX_ID_LETTERS = 100

KILLED = "It ended without a report: it was killed, or its machine went down. The next run continues its work."


@router.get("/runs")
def show_runs(request: Request, context: InContext, asked: Annotated[RunParameters, Query()]) -> Response:
    """Show the plots, and a page of runs."""
    reader = CoverageReader(context, asked.site)
    plots = {} if asked.cursor else make_run_plots(reader.read_runs())
    page = read_runs(context.archive, asked.limit, site=asked.site, cursor=asked.cursor)
    return render_coverage(request, "runs.html", reader, asked=asked, page=page, plots=plots)


@router.get("/runs/{run_id}")
def show_run(request: Request, context: InContext, run_id: Annotated[str, Path(max_length=MAX_ID_LETTERS)]) -> Response:
    """Show what the report of a run says."""
    run = find_run_record(context.archive, run_id)
    return render_coverage(
        request,
        "run.html",
        CoverageReader(context),
        run=run,
        report=run.report,
        reading=list(list_reading_rows(run.report.reading)) if run.report else [],
        outcome_meanings=OUTCOME_MEANINGS,
        state_meanings=STATE_MEANINGS,
        killed=KILLED,
    )


@router.get("/plots/{name}.svg")
def show_plot(
    request: Request, context: InContext, name: str, asked: Annotated[CoverageParameters, Query()]
) -> Response:
    """Return a picture, wide or narrow."""
    reader = CoverageReader(context, asked.site)
    base, _, narrow = name.partition("-")
    if base == MONTHS:
        plot = make_month_plot(reader.read_months().months)
    else:
        plots = make_run_plots(reader.read_runs())
        if base not in plots:
            raise HTTPException(404)
        plot = plots[base]
    svg = render_plot(plot, NARROW if narrow else WIDE)
    return respond(request, svg, MEDIA_TYPE, headers={"Content-Security-Policy": SECURITY_POLICY})
