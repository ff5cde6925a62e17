"""Reckon what an archive of some size costs, from costs of one article that benchmarks measured.

Each constant has its source beside it. `python -m benchmarks plan` measures the processor times again; a test compares
the bytes with a real archive.
"""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.plan import Plan, PlannedStep

MB = 1_000_000
DAY_SECONDS = 86_400

PAGE_BYTES = 20_000
"""Estimated: a page of 100 kB, compressed, with the heads of request and response."""

ARTICLES_PER_SITEMAP = 500
"""The publisher numbered some 94,000 articles in 15 years, with a sitemap for each month."""

FALSE_CANDIDATES = 6e-6
"""Unrelated texts that share a key with a new one, for each text in the archive: measured on 171 English articles of
many publishers (28 times the mean of the cubes of their similarities)."""
MAX_CANDIDATES = 64
"""As `storage.near_duplicates.lsh_index` has it."""
COMPARISON_MS = 0.11
"""Reading and comparing one of them: a profile of 600 bodies of 400 words."""

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class Cost(NamedTuple):
    """What a step costs for one article."""

    step: str
    processor_ms: float
    byte_count: int
    memory_bytes: int
    """Of each of its processes; the most that benchmarks allow or have seen. 0 if it was not measured by itself."""
    source: str
    measured_as: str = ""
    """Its name in `python -m benchmarks plan`; empty if that does not measure it."""
    is_parallel: bool = False
    """Whether it uses all cores."""
    database: str = ""
    """The kind of database that it is the cost of; empty if it is the same with both."""


FETCH, CAPTURES, READ, STORE = "fetch", "WARC files", "read", "store"
SEARCH_INDEX, NEAR_DUPLICATES = "search index", "near-duplicates"
REPROCESS, RELEASE, SERVE = "reprocess", "release", "serve"
WRITING = (STORE, SEARCH_INDEX, NEAR_DUPLICATES)
BUILD = (CAPTURES, READ, *WRITING)

STORE_SOURCE = "python -m benchmarks plan, the work on both indexes included"
COSTS: tuple[Cost, ...] = (
    Cost(FETCH, 7.8, 0, 400 * MB, "python -m benchmarks plan; memory: ingest, all of it", "fetch"),
    Cost(CAPTURES, 0.0, 0, 0, "--page"),
    Cost(READ, 4.9, 0, 170 * MB, "python -m benchmarks plan", "read", is_parallel=True),
    Cost(STORE, 1.1, 5_600, 0, STORE_SOURCE, "store, sqlite", database=SQLITE),
    Cost(STORE, 1.9, 4_600, 0, STORE_SOURCE, "store, postgresql", database=POSTGRESQL),
    Cost(SEARCH_INDEX, 0.0, 6_500, 0, "the tables' sizes", database=SQLITE),
    Cost(SEARCH_INDEX, 0.0, 9_300, 0, "the tables' sizes", database=POSTGRESQL),
    Cost(NEAR_DUPLICATES, 0.0, 900, 0, "python -m benchmarks near-duplicates", database=SQLITE),
    Cost(NEAR_DUPLICATES, 0.0, 3_200, 0, "python -m benchmarks near-duplicates", database=POSTGRESQL),
    Cost(REPROCESS, 4.9, 0, 170 * MB, "as read", is_parallel=True),
    Cost("export", 0.11, 3_600, 300 * MB, "python -m benchmarks plan; memory: store", "export"),
    Cost(RELEASE, 4.8, 2_600, 0, "python -m benchmarks plan", "release"),
    Cost("publish", 20.0, 20_000, 120 * MB, "docs/publish.md", "publish", is_parallel=True),
    Cost("its search", 4.1, 2_600, 1_000 * MB, "docs/publish.md"),
    Cost(SERVE, 0.0, 0, 207 * MB, "docs/serve.md"),
)
"""Measured on 2 cores that did other work at the same time: processor times, which depend on that the least. Bytes are
those of an article of 400 words."""

SERVE_BYTES = 125
"""Of memory, for each article: 219 MB with 100,000 and 331 MB with a million (docs/serve.md)."""

LONG_FETCH_DAYS = 60
LONG_READ_HOURS = 12
LARGE_CAPTURES_BYTES = 1_000_000 * MB
INDEX_MEMORY_SHARE = 0.5
"""Share of the memory that the near-duplicate index may take before it is read from the disk."""
SEARCH_SECONDS = {SQLITE: 0.4e-6, POSTGRESQL: 0.7e-6}
"""p95 of `serve` for a word that most articles have, for each article: measured by `python -m benchmarks reader` with a
million (docs/serve.md)."""
QUERY_SECONDS = 5
"""`BROADSHEET_SERVE_QUERY_SECONDS`, by default."""


class Machine(NamedTuple):
    """What the archive is kept on."""

    database: str
    core_count: int
    memory_bytes: int
    delay_seconds: float
    page_bytes: int = PAGE_BYTES


def make_plan(article_count: int, machine: Machine) -> Plan:
    """Reckon what this number of articles costs on one machine."""
    costs = [cost for cost in COSTS if cost.database in ("", machine.database)]
    costs = [_complete(cost, article_count, machine) for cost in costs]
    steps = [_plan_step(cost, article_count, machine) for cost in costs if cost.step != FETCH]
    crawl = [_plan_discovery(article_count, machine)]
    crawl += [_plan_fetch(cost, article_count, machine) for cost in costs if cost.step == FETCH]
    build = (*crawl, *(step for step in steps if step.name in BUILD))
    computed = sum(step.processor_seconds for step in build) / machine.core_count
    written = sum(step.seconds for step in build if step.name in WRITING)  # by one process
    return Plan(
        article_count=article_count,
        database=machine.database,
        core_count=machine.core_count,
        memory_bytes=machine.memory_bytes,
        delay_seconds=machine.delay_seconds,
        page_bytes=machine.page_bytes,
        build=build,
        use=tuple(step for step in steps if step.name not in BUILD),
        disk_bytes=sum(step.disk_bytes for step in build),
        seconds=max(sum(step.seconds for step in crawl), computed, written),
        limits=tuple(_find_limits(article_count, machine, crawl, steps)),
    )


def count_candidates(article_count: int) -> float:
    """Return how many unrelated texts each article is compared with, on average while the archive grows that large."""
    full_at = MAX_CANDIDATES / FALSE_CANDIDATES
    growing = min(article_count, full_at)
    return (growing * growing * FALSE_CANDIDATES / 2 + (article_count - growing) * MAX_CANDIDATES) / article_count


def _complete(cost: Cost, article_count: int, machine: Machine) -> Cost:
    """Return the cost with what depends on the archive's size or on the publisher's pages."""
    if cost.step in (CAPTURES, RELEASE):
        return cost._replace(byte_count=cost.byte_count + machine.page_bytes)
    if cost.step == NEAR_DUPLICATES:
        return cost._replace(processor_ms=cost.processor_ms + count_candidates(article_count) * COMPARISON_MS)
    if cost.step == SERVE:
        return cost._replace(memory_bytes=cost.memory_bytes + SERVE_BYTES * article_count)
    return cost


def _plan_step(cost: Cost, article_count: int, machine: Machine) -> PlannedStep:
    seconds = cost.processor_ms * article_count / 1e3
    cores = machine.core_count if cost.is_parallel else 1
    return PlannedStep(
        name=cost.step,
        request_count=0,
        seconds=seconds / cores,
        processor_seconds=seconds,
        disk_bytes=cost.byte_count * article_count,
        memory_bytes=cost.memory_bytes * cores if cost.is_parallel else cost.memory_bytes,
        source=cost.source,
    )


def _plan_discovery(article_count: int, machine: Machine) -> PlannedStep:
    request_count = -(-article_count // ARTICLES_PER_SITEMAP)
    return PlannedStep(
        name="discover",
        request_count=request_count,
        seconds=request_count * machine.delay_seconds,
        processor_seconds=0.0,
        disk_bytes=0,
        memory_bytes=0,
        source="the publisher's sitemaps, one for each month",
    )


def _plan_fetch(cost: Cost, article_count: int, machine: Machine) -> PlannedStep:
    planned = _plan_step(cost, article_count, machine)
    seconds = max(article_count * machine.delay_seconds, planned.processor_seconds)
    return planned.model_copy(update={"request_count": article_count, "seconds": seconds})


def _find_step(steps: list[PlannedStep], name: str) -> PlannedStep:
    return next(step for step in steps if step.name == name)


def _find_limits(
    article_count: int, machine: Machine, crawl: list[PlannedStep], steps: list[PlannedStep]
) -> Iterator[str]:
    index_bytes = _find_step(steps, NEAR_DUPLICATES).disk_bytes
    if index_bytes > INDEX_MEMORY_SHARE * machine.memory_bytes:
        yield (
            f"The near-duplicate index takes {index_bytes / 1e9:,.0f} GB, more than half of the memory: what does"
            " not fit is read from the disk, half a megabyte for each article. Add memory first, or at least an SSD."
        )
    read_hours = _find_step(steps, REPROCESS).seconds / 3600
    if read_hours > LONG_READ_HOURS:
        yield (
            f"Reading everything again takes {read_hours:,.0f} hours on this machine."
            " Add cores, or those of other machines (reprocess --on)."
        )
    search_seconds = SEARCH_SECONDS[machine.database] * article_count
    if search_seconds > QUERY_SECONDS:
        yield (
            f"A search for a word that most articles have would take {search_seconds:,.0f} s in serve, which ends it"
            f" after {QUERY_SECONDS} s (BROADSHEET_SERVE_QUERY_SECONDS)."
        )
    captures_bytes = _find_step(steps, CAPTURES).disk_bytes
    if captures_bytes > LARGE_CAPTURES_BYTES:
        yield f"The WARC files take {captures_bytes / 1e12:,.1f} TB. Move them into a store (BROADSHEET_WARC_URL)."
    fetch_days = sum(step.seconds for step in crawl) / DAY_SECONDS
    if fetch_days > LONG_FETCH_DAYS:
        yield (
            f"Requests {machine.delay_seconds:g} s apart take {fetch_days:,.0f} days, and no machine shortens that:"
            " the publisher sets the pace. Several publishers are fetched side by side."
        )
