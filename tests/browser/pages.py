"""The kinds of pages that the server has, each with one of its URLs."""

from tests.browser.sample import CHANGED, PLANTED, QUIET, SITE

DUPLICATE = next(iter(SITE.near_duplicates))

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
    "history": f"/history/{QUIET.id}",
    "capture": f"/capture/{QUIET.id}",
    "browse": "/browse",
    "coverage": "/coverage",
    "days": "/coverage/days",
    "sections": "/coverage/sections",
    "sources": "/coverage/sources",
    "missing": "/coverage/missing",
    "quarantine": "/coverage/quarantine",
    "runs": "/coverage/runs",
    "error": "/article/moscow-times:en:999",
    "wrong query": "/?sort=best",
}
"""Name -> path and query."""

PLANTED_PAGES = {
    "record": "/article/moscow-times:en:1",
    "duplicate": "/article/moscow-times:en:2",
    "capture's article": f"/article/{PLANTED.id}",
    "capture": f"/capture/{PLANTED.id}",
    "history": f"/history/{PLANTED.id}",
    "missing": "/coverage/missing",
    "quarantine": "/coverage/quarantine",
    "runs": "/coverage/runs",
    "search": "/?q=planted&duplicates=1",
    "query": "/?q=%22%3E%3Cscript%3Ewindow.marker=1%3C/script%3E%3Cimg%20src=x%20onerror=window.marker=1%3E",
    "conditions": "/?section=%22%3E%3Cscript%3Ewindow.marker=1%3C/script%3E&author='onfocus='window.marker=1'",
    "error": "/article/%3Cscript%3Ewindow.marker=1%3C/script%3E",
    "path": "/%3Cimg%20src=x%20onerror=window.marker=1%3E",
    "choice": "/?sort=%3Cscript%3Ewindow.marker=1%3C/script%3E",
}
"""Pages with something planted -> path and query."""

CHANGED_ID = CHANGED.id
