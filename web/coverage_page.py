"""Renders the coverage pages: their tabs, and the publishers to choose from."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from sites import find_title
from web.coverage_reader import CoverageReader
from web.page import render_page

TABS = {
    "/coverage": "Overview",
    "/coverage/days": "Days",
    "/coverage/sections": "Sections",
    "/coverage/sources": "Sources",
    "/coverage/missing": "Missing",
    "/coverage/quarantine": "Quarantine",
    "/coverage/runs": "Runs",
}


class Tab(NamedTuple):
    """A link to one of the pages, or to the same page of a publisher."""

    label: str
    url: str
    is_current: bool


def render_coverage(request: Request, name: str, reader: CoverageReader, **values: Any) -> Response:
    """Return a response with a page."""
    path = request.url.path
    tabs = [
        Tab(label, link(url, site=reader.site), path == url or (url != "/coverage" and path.startswith(f"{url}/")))
        for url, label in TABS.items()
    ]
    names = reader.read_sites()
    sites = [Tab("All publishers", path, reader.site is None)] + [
        Tab(name_site(site), link(path, site=site), reader.site == site) for site in names
    ]
    shown = sites if len(names) > 1 or reader.site else []
    return render_page(request, name, tabs=tabs, sites=shown, site=reader.site, link=link, **values)


def name_site(site: str) -> str:
    """Return a publisher's title."""
    return find_title(site) or site


def link(path: str, **parameters: object) -> str:
    """Return a URL with those parameters that have a value."""
    given: Mapping[str, object] = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path
