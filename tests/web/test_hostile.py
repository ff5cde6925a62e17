"""A publisher that plants scripts in every field: nothing of it becomes markup."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html
from starlette.testclient import TestClient

from pipeline.archive import open_archive
from schemas.article import Image
from schemas.settings import Settings
from tests.web.conftest import BASE_URL
from tests.web.sample import article_id, fill
from web.app import create_app

PLANT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}</title><svg onload=alert(1)> planted"
SCRIPT_URL = "javascript:alert(document.domain)"

HOSTILE: dict[str, Any] = {
    "headline": f"Headline {PLANT}",
    "subtitle": f"Subtitle {PLANT}",
    "body": f"Body {PLANT}\n\n{PLANT}",
    "authors": (f"Author {PLANT}",),
    "agencies": (f"Agency {PLANT}",),
    "sponsor": PLANT,
    "section": f"Section {PLANT}",
    "tags": (f"Tag {PLANT}", SCRIPT_URL),
    "language": '"><script>alert(1)</script>',
    "url": SCRIPT_URL,
    "images": (Image(url=SCRIPT_URL, caption=PLANT, credit=PLANT),),
    "sources": {"headline": PLANT},
    "flags": (PLANT,),
    "extractor": PLANT,
}

OWN_SCRIPTS = {"/static/brush.js"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=Path(tmp_path_factory.mktemp("data")))
    with open_archive(settings, writable=True) as opened:
        fill(opened.database, {1: HOSTILE, 2: HOSTILE})
    with open_archive(settings, writable=False) as opened:
        yield TestClient(create_app(opened), base_url=BASE_URL)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?q=planted",
        "/?duplicates=1&q=planted",
        f"/article/{article_id(1)}",
        f"/article/{article_id(2)}",
        f"/history/{article_id(1)}",
        f"/capture/{article_id(1)}",
        f"/capture/{article_id(1)}?warc=%3Cscript%3Ealert(1)%3C/script%3E&offset=0",
        "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/?section=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&tag=%22%3E%3Cimg%20src=x%3E&author='onload='alert(1)",
        "/article/%3Cscript%3Ealert(1)%3C/script%3E",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/?sort=%3Cscript%3E",
    ],
)
def test_nothing_planted_becomes_markup(hostile: TestClient, path: str) -> None:
    response = hostile.get(path)
    page = html.fromstring(response.content)
    assert {str(src) for src in page.xpath("//script/@src")} <= OWN_SCRIPTS
    assert not [one for one in page.xpath("//script") if one.text]
    assert not page.xpath("//img | //iframe | //object | //embed | //style | //base | //meta[@http-equiv]")
    for element in page.iter(etree.Element):
        for name, value in element.attrib.items():
            assert not str(name).lower().startswith("on"), etree.tostring(element)
            assert str(name) != "style"
            if str(name) in {"href", "src", "action"}:
                assert str(value).startswith(("/", "#", "https://www.themoscowtimes.com/")), value
    assert "49" not in page.xpath("string(//h1)")


def test_planted_text_is_still_shown(hostile: TestClient) -> None:
    page = html.fromstring(hostile.get(f"/article/{article_id(1)}").content)
    assert page.xpath("string(//h1)") == HOSTILE["headline"]
    assert "javascript" not in str(page.xpath("//a/@href[contains(., 'alert(document')]") or "")


def test_a_feed_with_hostile_text_is_xml(hostile: TestClient) -> None:
    feed = etree.fromstring(hostile.get("/feed.atom?q=planted").content)
    assert HOSTILE["headline"] in "".join(feed.itertext())
    assert not feed.xpath("//*[local-name()='script']")


@pytest.mark.parametrize("style", ["bibtex", "ris", "csl"])
def test_no_citation_is_taken_for_a_page(hostile: TestClient, style: str) -> None:
    response = hostile.get(f"/cite/{style}/{article_id(1)}")
    assert not response.headers["content-type"].startswith("text/html")
    assert response.headers["x-content-type-options"] == "nosniff"
