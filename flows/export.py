"""The flow `export`: write the articles to files in the data folder, which the next run replaces."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.artifacts import store_report
from flows.final_state import make_final_state
from flows.hooks import notify
from pipeline.archive import open_archive
from pipeline.export import write_exports
from schemas.export import ArticleFilter, Exported, Format
from schemas.settings import load_settings

TIMEOUT_SECONDS = 6 * 3_600
"""A million articles take minutes, or perhaps an hour from a busy database."""


@flow(
    name="export",
    flow_run_name="export {file_format}",
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
    on_failure=[notify],
    on_crashed=[notify],
)
def export(
    file_format: Format = Format.PARQUET, *, include_duplicates: bool = False, by_site: bool = False
) -> State[Exported]:
    """Write all articles to `DATA_DIR/exports/articles.FORMAT`, with a data card beside it. Other runs may continue.

    Args:
        file_format: Typed columns (Parquet), a record per line (JSON Lines), or a text table (CSV).
        include_duplicates: Include duplicates of other articles.
        by_site: If there are articles of several publishers, also write those of each to `articles-SITE.FORMAT`.
    """
    with open_archive(load_settings(), writable=False) as archive:
        wanted = ArticleFilter(include_duplicates=include_duplicates)
        exported, *_ = write_exports(archive, file_format, wanted, by_site=by_site)
    store_report(render_export_markdown(exported), "export", {})
    return make_final_state(exported, (), f"{exported.count} articles")


def render_export_markdown(exported: Exported) -> str:
    """Return the export's summary as a Markdown document."""
    rows = (f"| {name} | {value} |" for name, value in exported.model_dump(mode="json").items())
    return "\n".join((f"# export · {exported.count} articles", "", "| | |", "|---|---|", *rows))
