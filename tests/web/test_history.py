"""The history of an article: its versions, and what changed between two of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from pipeline.archive import open_archive
from schemas.revision import RevisionClass
from schemas.settings import Settings
from storage.ledger.outcome import store_outcomes
from storage.revisions.difference import COMPARED
from tests.storage.sample import START, read
from tests.web.conftest import BASE_URL
from tests.web.sample import article_id
from web.app import create_app
from web.history_view import LABELS, MEANINGS

FIRST = "The old town has a mayor.\n\nNothing else was said on that day by anybody in the hall."
SECOND = "The old town has a governor.\n\nNothing else was said on that day by anybody in the hall."
THIRD = f"{SECOND}\n\nCorrection: an earlier version of this article misspelled the name."
PLANT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=Path(tmp_path_factory.mktemp("data")))
    outcomes = [
        read(1, 1, FIRST),
        read(2, 1, SECOND, 5, headline="Another headline", authors=("Ann Author", "Cy Third")),
        read(3, 1, THIRD, 9, headline="Another headline", authors=("Ann Author", "Cy Third")),
        read(4, 2, FIRST.replace("old", "new")),
        read(5, 3, f"{PLANT} one", headline=f"{PLANT} one"),
        read(6, 3, f"{PLANT} two", 5, headline=f"{PLANT} two", tags=(PLANT,)),
    ]
    with open_archive(settings, writable=True) as opened, opened.database.begin() as session:
        for one in outcomes:
            store_outcomes(session, [one], run_id=None, now=START)
    with open_archive(settings, writable=False) as opened:
        yield TestClient(create_app(opened), base_url=BASE_URL)


def open_page(client: TestClient, number: int, query: str = "") -> HtmlElement:
    response = client.get(f"/history/{article_id(number)}{query}")
    assert response.status_code == 200
    return html.fromstring(response.content)


def list_changes(page: HtmlElement, tag: str, within: str) -> list[str]:
    """The changed words, with what is read aloud before and after them, but without the sign that is seen."""
    return [
        "".join(one.xpath(".//text()[not(parent::span[@aria-hidden])]"))
        for one in page.xpath(f"//*[@class='{within}']//{tag}")
    ]


def test_the_versions_are_listed_the_newest_first_with_class_and_time(client: TestClient) -> None:
    page = open_page(client, 1)
    lines = [" ".join(one.text_content().split()) for one in page.xpath("//ol[@class='timeline']/li/p[1]")]
    assert lines == [
        "Version 3 · correction · 2 November 2026, 00:00 MSK (2026-11-01 21:00 UTC)",
        "Version 2 · substantive · 1 November 2026, 20:00 MSK (17:00 UTC)",
        "Version 1 · first · 1 November 2026, 15:00 MSK (12:00 UTC)",
    ]


def test_the_last_change_is_shown_by_default(client: TestClient) -> None:
    page = open_page(client, 1)
    assert page.xpath("string(//h2[@id='compare'])") == "From version 2 to version 3"
    assert not list_changes(page, "del", "text changed")
    (added,) = list_changes(page, "ins", "text changed")
    assert added == "[added: Correction: an earlier version of this article misspelled the name.]"
    assert not page.xpath("//dl[@class='changes']")
    assert "2 paragraphs unchanged" in page.text_content()


def test_any_two_versions_are_compared_word_by_word(client: TestClient) -> None:
    page = open_page(client, 1, "?from=1&to=3")
    assert list_changes(page, "del", "text changed") == ["[removed: mayor.]"]
    assert "[added: governor.]" in list_changes(page, "ins", "text changed")
    assert page.xpath("//dl[@class='changes']/dt/text()") == ["Headline", "Authors"]
    assert list_changes(page, "del", "changes") == ["[removed: A]", "[removed: Bo Writer]"]
    assert list_changes(page, "ins", "changes") == ["[added: Another]", "[added: Cy Third]"]
    assert [one.get("value") for one in page.xpath("//option[@selected]")] == ["1", "3"]


def test_each_version_can_be_compared_with_the_one_before_and_the_first(client: TestClient) -> None:
    links = open_page(client, 1).xpath("//ol[@class='timeline']/li//a[contains(@href, 'from=')]/@href")
    assert [link.partition("?")[2] for link in links] == [
        "from=2&to=3#difference",
        "from=1&to=3#difference",
        "from=1&to=2#difference",
    ]


def test_a_change_can_be_seen_without_colour(client: TestClient) -> None:
    page = open_page(client, 1, "?from=1&to=2")
    for tag, sign in (("del", "−"), ("ins", "+")):
        changes = page.xpath(f"//*[@class='text changed']//{tag}")
        assert changes
        assert all(one.xpath("string(.//span[@aria-hidden='true'])").startswith(sign) for one in changes)


def test_backwards_is_said(client: TestClient) -> None:
    page = open_page(client, 1, "?from=3&to=1")
    assert "backwards in time" in page.text_content()
    assert list_changes(page, "ins", "text changed") == ["[added: mayor.]"]


def test_an_article_with_one_version_says_so(client: TestClient) -> None:
    page = open_page(client, 2)
    assert "has never changed" in page.text_content()
    assert not page.xpath("//select | //ins | //del")


def test_the_same_version_twice_is_no_error(client: TestClient) -> None:
    page = open_page(client, 1, "?from=2&to=2")
    assert "the same version twice" in page.text_content()
    assert [one.get("value") for one in page.xpath("//option[@selected]")] == ["2", "2"]


def test_empty_fields_of_the_form_mean_the_default(client: TestClient) -> None:
    page = open_page(client, 1, "?from=&to=")
    assert page.xpath("string(//h2[@id='compare'])") == "From version 2 to version 3"


@pytest.mark.parametrize(
    ("query", "status"), [("?from=1&to=9", 404), ("?from=x", 400), ("?to=0", 400), ("?to=99999999999", 400)]
)
def test_versions_that_are_not_there_are_refused(client: TestClient, query: str, status: int) -> None:
    assert client.get(f"/history/{article_id(1)}{query}").status_code == status


def test_every_link_of_the_page_leads_somewhere(client: TestClient) -> None:
    page = open_page(client, 1)
    links = page.xpath("//ol[@class='timeline']//a/@href")
    assert len(links) == 6
    for link in links:
        assert client.get(link.partition("#")[0]).status_code == 200


def test_nothing_planted_becomes_markup(client: TestClient) -> None:
    page = open_page(client, 3)
    assert not page.xpath("//script")
    assert PLANT in page.text_content()


def test_every_class_and_every_compared_field_has_words() -> None:
    assert set(MEANINGS) == {None, *RevisionClass}
    assert set(LABELS) == set(COMPARED) - {"body"}
