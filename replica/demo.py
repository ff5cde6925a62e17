"""The demo: runs `broadsheet ingest` against the replica, and compares the archive with the replica's articles.

It uses the pipeline by its command, as a person does. Everything is written to `demo-data/`, where a second run finds
it.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from replica.server import running
from replica.site import Site

ARTICLE_COUNT = 240
KINDS = (*("article",) * 6, "opinion", "opinion", "gallery", "video", "podcast", "live")
"""More of the kinds that the site has more of."""
DEMO_DIR = Path("demo-data")
console = Console()


def main() -> int:
    """Run the demo; return 0 only if every record is as expected."""
    site = Site(ARTICLE_COUNT, kinds=KINDS)
    DEMO_DIR.mkdir(exist_ok=True)
    console.print(f"A replica of the site with {ARTICLE_COUNT} articles, on loopback; the real flow ingests it.")
    console.print("Prefect's temporary server needs some seconds to start …", style="dim")
    with running(site) as server:
        environment = make_environment(server.origins)
        # The report comes as JSON, so that the demo can compare it; its exit status is checked below.
        ended = run_broadsheet(environment, "ingest", "--source", "all", "--json")
        page_requests = count_page_requests(site, server.requests)
    if not ended.stdout:
        console.print("The ingest ended without a report: see above.", style="red")
        return 1
    report = json.loads(ended.stdout)
    render_outcomes(report)
    problems = [*report["problems"], *compare(site, environment)]
    render_conclusion(report, page_requests)
    for problem in problems:
        console.print(Text(f"not as expected: {problem}", style="red"))
    return 1 if problems or ended.returncode else 0


def make_environment(origins: Mapping[str, str]) -> dict[str, str]:
    """Return the demo's settings, as an operator would give them."""
    return os.environ | {
        "BROADSHEET_DATA_DIR": str(DEMO_DIR),
        "BROADSHEET_ORIGINS": json.dumps(dict(origins)),
        "BROADSHEET_CONTACT": "demo@example.org",
        "BROADSHEET_DELAY_SECONDS": "0",  # loopback needs no delay; a live site gets its two seconds
        "BROADSHEET_CONCURRENCY": "8",
        "PREFECT_HOME": str((DEMO_DIR / "prefect").absolute()),
    }


def run_broadsheet(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command, with its log on our standard error."""
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603


def count_page_requests(site: Site, requests: Mapping[str, int]) -> int:
    """Return how many requests to the replica were for article pages."""
    pages = {article.path for article in site.articles}
    return sum(count for path, count in requests.items() if path in pages)


def compare(site: Site, environment: Mapping[str, str]) -> list[str]:
    """List every difference between the replica's articles and the archive's."""
    out = DEMO_DIR / "articles.jsonl"
    run_broadsheet(environment, "export", "--format", "jsonl", "--out", str(out), "--include-duplicates")
    found = {record["id"]: record for record in map(json.loads, out.read_text().splitlines())}
    expected = {article.expected["id"]: article.expected for article in site.articles}
    return [
        *(f"{record_id} is missing" for record_id in sorted(expected.keys() - found.keys())),
        *(f"{record_id} is unexpected" for record_id in sorted(found.keys() - expected.keys())),
        *(
            f"{record_id}: {name} is {found[record_id][name]!r}, not {value!r}"
            for record_id in sorted(expected.keys() & found.keys())
            for name, value in expected[record_id].items()
            if found[record_id][name] != value
        ),
    ]


def render_outcomes(report: Mapping[str, Any]) -> None:
    """Print the state of every URL in a table."""
    table = Table(title="The state of every URL that the site advertises", title_justify="left")
    for column in ("state", "URLs"):
        table.add_column(column, justify="right" if column == "URLs" else "left")
    for state, count in report["ledger"].items():
        table.add_row(state, str(count))
    table.add_row("all", str(report["advertised_count"]), style="bold")
    console.print(table)


def render_conclusion(report: Mapping[str, Any], page_requests: int) -> None:
    """Print what this run did."""
    outcomes = Counter(report["outcomes"])
    console.print(
        f"This run stored {outcomes['stored']} articles and {outcomes['duplicate']} duplicates, "
        f"quarantined {outcomes['quarantined']} pages, and requested {page_requests} article pages from the replica."
    )
    if not outcomes["stored"] and not page_requests:
        console.print("Nothing new: everything was there from an earlier run, and no article was fetched again.")
    console.print(f"Everything is in {DEMO_DIR}/: the database, the WARC files, articles.jsonl. To look around:")
    console.print("  . .venv/bin/activate", f"  export BROADSHEET_DATA_DIR={DEMO_DIR}", "  broadsheet status", sep="\n")


if __name__ == "__main__":
    sys.exit(main())
