"""The search page, the feed and the export: what they find, count, and make of anything that is asked."""

import csv
import io
import json
import re
import sys
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree, html
from starlette.testclient import TestClient

from pipeline.archive import Archive
from tests.web.conftest import BASE_URL
from tests.web.paging import list_ids
from tests.web.sample import article_id
from web.app import create_app

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def find(client: TestClient, **asked: str) -> list[int]:
    """Return the numbers of the articles on the page."""
    page = html.fromstring(client.get("/", params=asked).content)
    links = [str(link) for link in page.xpath('//ol[@class="hits"]/li/h2/a/@href')]
    return [int(link.rpartition(":")[2]) for link in links]


def read_facet(client: TestClient, label: str, **asked: str) -> dict[str, int]:
    page = html.fromstring(client.get("/", params=asked).content)
    choices = page.xpath(f'//section[@class="facets"]/details[summary="{label}"]//a')
    return {str(one.xpath("string(span[1])")): int(one.xpath("string(span[2])")) for one in choices}


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"q": "sanctions"}, {1, 2, 3}),
        ({"q": "headline:sanctions"}, {1}),
        ({"q": "sanctions -said"}, {2, 3}),
        ({"q": "sanctions", "section": "business"}, {1}),
        ({"q": "sanctions", "section": "busi"}, set()),  # a value, and no word
        ({"author": "AFP", "kind": "opinion"}, {2}),
        ({"tag": "Oil"}, {1}),
        ({"language": "ru"}, {6}),
        ({"site": "generic"}, set()),
        ({"from": "2019-03-02", "to": "2019-03-02"}, {4}),  # the evening before in UTC
        ({"from": "2020-01-01", "to": "2019-01-01"}, set()),
        ({"q": "nowhere"}, set()),
        ({"min_confidence": "0.9"}, {1}),
        ({"min_confidence": "0.57"}, {1, 2}),  # the others have none
        ({"q": "talks", "min_confidence": "0.9"}, set()),
        ({"duplicates": "1"}, {1, 2, 3, 4, 5, 6}),
        ({"q": "", "section": "", "from": "", "kind": "", "min_confidence": ""}, {1, 2, 3, 6} | {4}),  # an empty form
    ],
)
def test_a_search_finds_what_it_asks_for(client: TestClient, asked: dict[str, str], numbers: set[int]) -> None:
    assert set(find(client, **asked)) == numbers


def test_hits_in_headlines_come_first_and_those_without_a_date_last(client: TestClient) -> None:
    assert find(client, q="sanctions")[:2] == [1, 2]
    assert find(client)[-1] == 6
    assert find(client, sort="oldest")[0] == 4
    assert find(client, sort="oldest")[-1] == 6


def test_values_are_counted_over_what_is_found(client: TestClient) -> None:
    assert read_facet(client, "Section", q="sanctions") == {"business": 1, "news": 2}
    assert read_facet(client, "Kind", q="sanctions") == {"article": 2, "opinion": 1}
    assert read_facet(client, "Publisher", q="sanctions") == {"The Moscow Times": 3}
    assert read_facet(client, "Year") == {"2026": 3, "2019": 1}
    assert read_facet(client, "Author", duplicates="1")["Anna Ivanova"] == 1


def test_a_choice_of_a_facet_finds_as_many_as_it_says(client: TestClient) -> None:
    page = html.fromstring(client.get("/", params={"q": "sanctions"}).content)
    choices = list(page.xpath('//section[@class="facets"]//a[span[@class="count"]]'))
    assert len(choices) > 8
    for one in choices:
        found = html.fromstring(client.get(str(one.get("href"))).content)
        assert len(found.xpath('//ol[@class="hits"]/li')) == int(one.xpath("string(span[2])")), one.get("href")


def test_bars_over_time_lead_to_their_articles(client: TestClient) -> None:
    page = html.fromstring(client.get("/").content)
    bars = page.xpath("//figure//*[name()='a']")
    assert [str(bar.get("aria-label")) for bar in bars if not str(bar.get("aria-label")).endswith(": 0")] == [
        "2019: 1",
        "2026: 3",
    ]
    found = html.fromstring(client.get(str(bars[0].get("href"))).content)
    assert len(found.xpath('//ol[@class="hits"]/li')) == 1


def test_a_duplicate_is_listed_under_its_primary(client: TestClient) -> None:
    page = html.fromstring(client.get("/").content)
    (summary,) = page.xpath('//ol[@class="hits"]//summary')
    assert summary.text == "1 duplicate"
    shown = page.xpath('string(//ol[@class="hits"]//details//a/@href)')
    assert shown in {f"/article/{article_id(4)}", f"/article/{article_id(5)}"}


def test_pages_follow_each_other_without_gap_or_repetition(client: TestClient) -> None:
    for sort in ("relevance", "newest", "oldest"):
        whole = client.get("/api/v1/search", params={"q": "sanctions OR word1 OR газета", "sort": sort}).json()
        wanted = [hit["id"] for hit in whole["hits"]]
        found = list_ids(
            client, "/api/v1/search", "hits", {"q": "sanctions OR word1 OR газета", "sort": sort, "limit": "1"}
        )
        assert sorted(found) == sorted(wanted)
        assert len(set(found)) == len(found) > 3


def test_the_query_is_in_every_link(client: TestClient) -> None:
    page = html.fromstring(client.get("/", params={"q": 'a "b&c" <d>', "section": "news & more"}).content)
    for link in page.xpath('//section[@class="facets"]//a/@href | //link[@rel="alternate"]/@href'):
        assert parse_qs(urlsplit(str(link)).query)["q"] == ['a "b&c" <d>']


def test_conditions_can_be_taken_away(client: TestClient) -> None:
    asked = {"q": "sanctions", "section": "news", "from": "2026-01-01"}
    page = html.fromstring(client.get("/", params=asked).content)
    removals = [parse_qs(urlsplit(str(link)).query) for link in page.xpath('//ul[@class="chips"]//a/@href')]
    assert removals == [{"q": ["sanctions"], "from": ["2026-01-01"]}, {"q": ["sanctions"], "section": ["news"]}]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"q": "-only -excluded"}, "The query only says what is not wanted"),
        ({"q": "!?"}, "The query has no word to look for"),
        ({"q": "x" * 1001}, "The parameter q cannot be read"),
        ({"from": "yesterday"}, "The parameter from cannot be read"),
        ({"kind": "essay"}, "The parameter kind cannot be read"),
        ({"sort": "random"}, "The parameter sort cannot be read"),
        ({"cursor": "'; DROP TABLE article"}, "The cursor is not one that a page named"),
        ({"section": "x" * 501}, "The parameter section cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(client: TestClient, asked: dict[str, str], says: str) -> None:
    for path in ("/", "/feed.atom", "/export.csv"):
        if path != "/" and "cursor" in asked:
            continue
        response = client.get(path, params=asked)
        assert response.status_code == 400, path
        assert says in response.text


def test_a_query_that_cannot_be_read_can_be_mended(client: TestClient) -> None:
    page = html.fromstring(client.get("/", params={"q": '-"a&b"'}).content)
    assert page.xpath("string(//form//input[@name='q']/@value)") == '-"a&b"'


def test_a_field_that_is_none_is_named(client: TestClient) -> None:
    assert "<code>autor:</code> is not a field" in client.get("/", params={"q": "autor:x"}).text


TEXTS = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=TEXTS | st.sampled_from(['"', "'", "a* OR", ")", "NEAR(a b)", "headline:", "%", "\\", "a:b:c"]), section=TEXTS)
def test_no_query_is_a_defect(client: TestClient, q: str, section: str) -> None:
    for path in ("/", "/api/v1/search"):
        assert client.get(path, params={"q": q, "section": section}).status_code in {200, 400}


def test_a_feed_has_the_newest_with_their_dates(client: TestClient) -> None:
    response = client.get("/feed.atom", params={"q": "sanctions", "sort": "oldest"})
    assert response.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = etree.fromstring(response.content)
    assert {link.rpartition(":")[2] for link in feed.xpath("a:entry/a:link/@href", namespaces=ATOM)} == {"1", "2", "3"}
    assert len(feed.xpath("a:entry/a:updated", namespaces=ATOM)) == 3
    assert feed.xpath("string(a:entry/a:author/a:name)", namespaces=ATOM) == "Ann Author"


def test_an_empty_feed_is_a_feed(client: TestClient) -> None:
    feed = etree.fromstring(client.get("/feed.atom", params={"language": "ru"}).content)
    assert not feed.xpath("a:entry", namespaces=ATOM)  # the only one has no date
    assert feed.xpath("string(a:updated)", namespaces=ATOM)


@pytest.mark.parametrize("asked", [{}, {"q": "sanctions", "section": "news"}, {"author": "AFP", "duplicates": "1"}])
def test_an_export_has_what_the_search_finds_in_every_format(client: TestClient, asked: dict[str, str]) -> None:
    wanted = {article_id(number) for number in find(client, **asked)}
    files = {name: client.get(f"/export.{name}", params=asked) for name in ("jsonl", "csv", "parquet")}
    found = {
        "jsonl": [json.loads(line)["id"] for line in files["jsonl"].text.splitlines()],
        "csv": [row["id"] for row in csv.DictReader(io.StringIO(files["csv"].text))],
        "parquet": pq.read_table(io.BytesIO(files["parquet"].content))["id"].to_pylist(),
    }
    for name, ids in found.items():
        assert set(ids) == wanted, name
        assert len(ids) == len(wanted)
        assert files[name].headers["content-disposition"] == f'attachment; filename="broadsheet.{name}"'


def test_an_unknown_format_is_refused(client: TestClient) -> None:
    assert client.get("/export.xlsx").status_code == 400


def test_numbers_on_the_page_add_up(client: TestClient) -> None:
    text = client.get("/", params={"duplicates": "1"}).text
    assert re.search(r"<h1[^>]*>All 6 articles</h1>", text)
    assert "1 more have no date" in text


def test_an_export_without_room_is_no_defect(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/self/fd")  # a folder in which nothing can be made
    response = client.get("/export.csv")
    assert response.status_code == 503
    assert "no room" in response.text
    assert "/proc" not in response.text
    monkeypatch.undo()
    assert client.get("/export.csv").status_code == 200


def test_threads_take_shorter_turns_while_the_application_runs(archive: Archive) -> None:
    before = sys.getswitchinterval()
    with TestClient(create_app(archive), base_url=BASE_URL):
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == before


def test_the_form_keeps_the_least_confidence_and_a_chip_takes_it_away(client: TestClient) -> None:
    page = html.fromstring(client.get("/", params={"q": "sanctions", "min_confidence": "0.57"}).content)
    [chosen] = page.xpath('//select[@id="min_confidence"]/option[@selected]')
    assert (chosen.get("value"), chosen.text) == ("0.57", "0.57 or more")
    assert page.xpath('//label[@for="min_confidence"]')[0].text == "Confidence"
    [url] = [str(url) for url in page.xpath('//ul[@class="chips"]//a[contains(., "at least 0.57")]/@href')]
    assert parse_qs(urlsplit(url).query) == {"q": ["sanctions"]}
    plain = html.fromstring(client.get("/").content)
    options = plain.xpath('//select[@id="min_confidence"]/option')
    assert [one.get("value") for one in options] == ["", "0.5", "0.7", "0.9"]
    assert not plain.xpath('//select[@id="min_confidence"]/option[@selected]')


def test_the_api_the_feed_and_the_export_know_the_least_confidence(client: TestClient) -> None:
    asked = {"min_confidence": "0.9"}
    found = client.get("/api/v1/articles", params=asked).json()
    assert [(one["id"], one["confidence"]) for one in found["articles"]] == [(article_id(1), 0.94)]
    assert client.get("/export.jsonl", params=asked).text.count("\n") == 1
    feed = etree.fromstring(client.get("/feed.atom", params=asked).content)
    assert len(feed.findall("a:entry", ATOM)) == 1
    assert client.get("/api/v1/search", params={"min_confidence": "1.5"}).status_code == 400


def test_the_page_of_an_article_shows_its_confidence(client: TestClient) -> None:
    page = html.fromstring(client.get(f"/article/{article_id(2)}").content)
    [row] = page.xpath('//tr[th/code="confidence"]')
    assert row.findtext("td").strip() == "0.57"
