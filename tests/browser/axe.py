"""axe-core: what it finds on a page against WCAG 2.2, levels A and AA."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

OPTIONS: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, which axe-core leaves out unless it is asked
    "resultTypes": ["violations"],
    "iframes": False,  # a captured page has the publisher's barriers
}

_axe = Axe()


def find_barriers(page: Page) -> list[str]:
    """Return what axe-core finds on a page: a rule and an element each."""
    found = _axe.run(page, options=OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]} – {node['failureSummary']}" for rule in found for node in rule["nodes"]
    ]
