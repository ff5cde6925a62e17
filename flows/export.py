"""The flow `export`: the articles as one file under the data folder, which the next one replaces."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.artifacts import store_report
from flows.final_state import make_final_state
from flows.hooks import notify
from pipeline.archive import open_archive
from schemas.export import ArticleFilter, Exported, FileFormat, Format
from schemas.settings import load_settings
from storage.export.file import export_articles

FOLDER = "exports"
"""Under the data folder."""

TIMEOUT_SECONDS = 6 * 3_600
"""A million articles take minutes, from a busy database perhaps an hour."""


@flow(
    name="export",
    flow_run_name="export {file_format}",
    persist_result=False,
    timeout_seconds=TIMEOUT_SECONDS,
    on_failure=[notify],
    on_crashed=[notify],
)
def export(file_format: Format = Format.PARQUET, *, include_duplicates: bool = False) -> State[Exported]:
    """Write all articles into `DATA_DIR/exports/articles.FORMAT`, with a data card beside it. Others may go on.

    Args:
        file_format: What to write: typed columns, a record a line, or a table of text.
        include_duplicates: Also duplicates of other articles.
    """
    settings = load_settings()
    path = settings.data_dir / FOLDER / f"articles.{file_format.value}"
    with open_archive(settings, writable=False) as archive:
        path.parent.mkdir(exist_ok=True)
        kind, wanted = FileFormat.choose(path.name), ArticleFilter(include_duplicates=include_duplicates)
        exported = export_articles(archive.database, path, kind, wanted)
    store_report(render_export_markdown(exported), "export", {})
    return make_final_state(exported, (), f"{exported.count} articles")


def render_export_markdown(exported: Exported) -> str:
    """What was written, as a Markdown document."""
    rows = (f"| {name} | {value} |" for name, value in exported.model_dump(mode="json").items())
    return "\n".join((f"# export · {exported.count} articles", "", "| | |", "|---|---|", *rows))
