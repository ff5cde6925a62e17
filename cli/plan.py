"""The command `plan`: what an archive of some size costs."""

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.option import AsJson, between

if TYPE_CHECKING:
    from schemas.plan import Plan, PlannedStep


class DatabaseKind(StrEnum):
    """The databases: as `pipeline.plan` names them, repeated here so that `--help` need not load it."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def plan(
    articles: Annotated[
        int, typer.Option("--articles", metavar="COUNT", callback=between(1), help="Articles of the archive.")
    ],
    database: Annotated[
        DatabaseKind, typer.Option(metavar="KIND", help=f"The database: {', '.join(DatabaseKind)}.")
    ] = DatabaseKind.SQLITE,
    delay: Annotated[
        float, typer.Option(metavar="SECONDS", callback=between(0), help="Between two requests to the publisher.")
    ] = 2.0,
    cores: Annotated[
        int | None,
        typer.Option(
            metavar="COUNT", callback=between(1), help="Cores. By default, this machine's.", show_default=False
        ),
    ] = None,
    memory: Annotated[
        float | None,
        typer.Option(
            metavar="GB", callback=between(0.1), help="Memory. By default, this machine's.", show_default=False
        ),
    ] = None,
    page: Annotated[
        float, typer.Option(metavar="KB", callback=between(0.1), help="Size of a page in a WARC file, compressed.")
    ] = 20.0,
    *,
    as_json: AsJson = False,
) -> None:
    """Reckon what an archive of that size costs: time, disk and memory, step by step, and where one machine ends."""
    from cli.render import print_json
    from pipeline.plan import Machine, make_plan

    memory_bytes = int(memory * 1e9) if memory else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    machine = Machine(database.value, cores or os.cpu_count() or 1, memory_bytes, delay, int(page * 1e3))
    planned = make_plan(articles, machine)
    if as_json:
        print_json(planned.model_dump(mode="json"))
    else:
        _render(planned)


def _render(planned: "Plan") -> None:
    from cli.render import console, print_sentences, print_table

    console.print(
        f"{_say_count(planned.article_count, 'article')}, {planned.database}, {_say_count(planned.core_count, 'core')},"
        f" {planned.memory_bytes / 1e9:.0f} GB of memory, {planned.delay_seconds:g} s between requests",
        highlight=False,
    )
    columns = ("", "requests", "time", "CPU", "disk", "memory")
    print_table("to have the archive", columns, map(_list_cells, planned.build))
    print_table("to use it", columns, map(_list_cells, planned.use))
    console.print(
        f"complete in {_say_time(planned.seconds)}, with {_say_bytes(planned.disk_bytes)} on the disk;"
        " a backup takes the same again\n",
        highlight=False,
    )
    if planned.limits:
        print_sentences("limit", planned.limits, "yellow")
    else:
        console.print("one machine is enough", highlight=False)


def _list_cells(step: "PlannedStep") -> tuple[str, ...]:
    return (
        step.name,
        f"{step.request_count:,}" if step.request_count else "",
        _say_time(step.seconds),
        _say_time(step.processor_seconds),
        _say_bytes(step.disk_bytes),
        _say_bytes(step.memory_bytes),
    )


def _say_count(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"), (1, "s"))


def _say_time(seconds: float) -> str:
    if not seconds:
        return ""
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= 2 * size), UNITS[-1])
    return f"{seconds / size:,.0f} {unit}" if seconds >= 1 else "under 1 s"


SMALLEST_BYTES = 100_000


def _say_bytes(count: int) -> str:
    if not count:
        return ""
    if count < SMALLEST_BYTES:
        return "under 0.1 MB"
    size, unit = next(((size, unit) for size, unit in ((1e12, "TB"), (1e9, "GB")) if count >= size), (1e6, "MB"))
    return f"{count / size:,.{1 if count < 10 * size else 0}f} {unit}"
