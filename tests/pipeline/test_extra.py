"""Sources that a setting enables: their URLs are advertised, and an unresponsive one costs one line."""

import json
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from pipeline.archive import open_archive
from pipeline.ingest import ingest_once
from replica.answer import JSON, Answer, html
from replica.handler import Asked
from replica.server import running
from schemas.settings import Settings
from storage.reports.completeness import list_missing
from tests.pipeline.asking import SITE, WWW, take

MakeSettings = Callable[..., Settings]
OLD = "https://old.themoscowtimes.com"


def answer_extra(asked: Asked) -> Answer | None:
    """Respond with one archive page for each search, and an old site with one day."""
    lists = {
        "/sitemap/free/1999.html": '<a href="/1999/5/7.html">7</a>',
        "/1999/5/7.html": '<a href="/1999/5/article/old-story/275000.html">An old story</a>',
    }
    if asked.path.startswith("/api/search"):
        hit = {"title": "A", "type": "archive", "date": "2003-05-07", "url": f"{WWW}/archive/found-story"}
        return Answer(json.dumps([hit]).encode(), JSON)
    if asked.path in lists:
        return html(lists[asked.path])
    return html("", status=404) if asked.path.startswith("/sitemap/free/") else None


def test_urls_of_extra_sources_are_advertised_in_their_month(make_settings: MakeSettings) -> None:
    with running(SITE, fault=answer_extra) as server:
        origins = server.origins | {OLD: server.origins[WWW]}
        settings = make_settings(origins=origins, extra_sources=["search", "old-site"])
        report = ingest_once(settings, "moscow-times", "all", limit=0)
        assert any(path.startswith("/api/search") for path in take(server))
        # The nightly sweep looks at the newest months: those of the extra sources are long past.
        ingest_once(settings, "moscow-times", "all", limit=0, months=2)
        assert not any(path.startswith(("/api/search", "/sitemap/free")) for path in take(server))
    assert report.problems == ()
    assert [note for note in report.notes if "25 optional sources" in note and "HTTP 404" in note]
    with open_archive(settings, writable=False) as archive, archive.database.read() as session:
        missing = {month: [one.url for one in list_missing(session, month=month)] for month in ("2003-05", "1999-05")}
    assert missing == {
        "2003-05": [f"{WWW}/archive/found-story"],
        "1999-05": [f"{WWW}/news/article/old-story/275000.html"],
    }


def test_an_unresponsive_old_site_is_one_note_and_not_a_problem(make_settings: MakeSettings) -> None:
    with running(SITE) as server:
        origins = server.origins | {OLD: "http://127.0.0.1:1"}
        settings = make_settings(origins=origins, extra_sources=["old-site"])
        report = ingest_once(settings, "moscow-times", "all", limit=0)
    assert report.problems == ()
    told = [note for note in report.notes if "old.themoscowtimes.com" in note]
    assert told == ["old.themoscowtimes.com: robots.txt could not be read, so nothing was fetched from this host"]


def test_an_unknown_extra_source_is_refused(make_settings: MakeSettings) -> None:
    with pytest.raises(ValidationError, match="extra_sources"):
        make_settings(extra_sources=["web"])
