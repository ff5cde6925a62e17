"""The kinds of pages that the server has, each with one of its URLs."""

from tests.browser.sample import CHANGED, PLANTED, QUIET, SITE

DUPLICATE = next(iter(SITE.near_duplicates))
LIVE = next(one.id for one in SITE.newest_first if one.head.kind == "live")

PAGES = {
    "search": "/",
    "hits": "/?q=moscow",
    "conditions": "/?q=year+OR+city+unknown%3Ax&section=News&duplicates=1&sort=newest&from=2023-01-01",
    "no hits": "/?q=xyzzy",
    "article": f"/article/{QUIET.id}",
    "duplicate": f"/article/{DUPLICATE}",
    "planted article": "/article/moscow-times:en:1",
    "planted search": "/?q=planted&duplicates=1",
    "long words": "/article/moscow-times:en:3",
    "hits with long words": "/?q=Donau*",
    "history": f"/history/{CHANGED.id}",
    "same version": f"/history/{CHANGED.id}?from=1&to=1",
    "unchanged": f"/history/{QUIET.id}",
    "capture": f"/capture/{CHANGED.id}",
    "planted capture": f"/capture/{PLANTED.id}",
    "capture of a live blog": f"/capture/{LIVE}",
    "lost capture": "/capture/moscow-times:en:3",
    "years": "/browse",
    "months": "/browse/2023",
    "month": "/browse/2023-10",
    "coverage": "/coverage",
    "days": "/coverage/days",
    "sections": "/coverage/sections",
    "sources": "/coverage/sources",
    "missing": "/coverage/missing",
    "quarantine": "/coverage/quarantine",
    "quarantined": "/coverage/quarantine/1",
    "runs": "/coverage/runs",
    "run": "/coverage/runs",
    "error": "/article/moscow-times:en:999",
    "wrong query": "/?sort=best",
}
"""Name -> path and query."""

PLANTED_PAGES = {
    "record": "/article/moscow-times:en:1",
    "record of a duplicate": "/article/moscow-times:en:2",
    "capture's article": f"/article/{PLANTED.id}",
    "capture's history": f"/history/{PLANTED.id}",
    "page with a capture": f"/capture/{PLANTED.id}",
    "captured page": f"/capture-page/{PLANTED.id}",
    "source": f"/capture-source/{PLANTED.id}",
    "record's history": "/history/moscow-times:en:1",
    "planted hits": "/?q=planted&duplicates=1",
    "query": "/?q=%22%3E%3Cscript%3Ewindow.marker=1%3C/script%3E%3Cimg%20src=x%20onerror=window.marker=1%3E",
    "planted conditions": "/?section=%22%3E%3Cscript%3Ewindow.marker=1%3C/script%3E&author='onfocus='window.marker=1'",
    "planted reason": "/coverage/quarantine",
    "planted missing": "/coverage/missing",
    "planted runs": "/coverage/runs",
    "planted error": "/article/%3Cscript%3Ewindow.marker=1%3C/script%3E",
    "path": "/%3Cimg%20src=x%20onerror=window.marker=1%3E",
    "choice": "/?sort=%3Cscript%3Ewindow.marker=1%3C/script%3E",
}
"""Pages with something planted -> path and query."""

ALL_PAGES = PAGES | PLANTED_PAGES

FOLLOWED = {"run": "a[href^='/coverage/runs/']"}
"""Pages whose path is not known in advance -> the link to them, on the page named above."""

STATUSES = {"error": 404, "wrong query": 400, "planted error": 404, "path": 404, "choice": 400}
"""Of the error pages."""
