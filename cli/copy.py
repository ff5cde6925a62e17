"""The command `copy`: copy the archive's database into another one."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.option import AsJson
from schemas.printing import print_line

if TYPE_CHECKING:
    from storage.copying.database_copy import DatabaseCopy


def copy(
    to: Annotated[
        str,
        typer.Option(metavar="URL", help="An empty database: sqlite:////path/to/file.db or postgresql://HOST/NAME."),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Copy the whole database into an empty one, then compare the two. WARC files are not copied."""
    from cli.progress import showing_progress
    from cli.render import print_json
    from pipeline.database_copy import copy_archive
    from schemas.settings import load_settings

    with showing_progress():
        copied = copy_archive(load_settings(), to)
    print_json(copied.model_dump(mode="json")) if as_json else _render(copied)


def _render(copied: "DatabaseCopy") -> None:
    from cli.render import print_table

    rows = ((one.name, str(one.count), one.checksum or "rebuilt") for one in copied.tables)
    print_table("identical in both", ("table", "count", "checksum"), rows)
    print_line(f"copied {copied.source} to {copied.target}")
