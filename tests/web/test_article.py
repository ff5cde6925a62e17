"""The page of an article."""

import pytest
from starlette.testclient import TestClient

from pipeline.archive import Archive
from tests.web.sample import article_id
from web.article_source import ArticleSource


def test_an_article_is_shown_with_its_text_and_metadata(client: TestClient) -> None:
    page = client.get(f"/article/{article_id(2)}").text
    for shown in (
        "Peace Talks",
        "New sanctions",
        "They spoke.",
        "By Ann Author, Bo Writer (AFP)",
        "12:00 MSK (09:00 UTC)",
    ):
        assert shown in page
    assert "A caption" in page
    assert "json-ld" in page


@pytest.mark.parametrize("spelling", ["2", "a2", "https://www.themoscowtimes.com/2026/10/01/a-headline-a2?utm=x"])
def test_an_article_is_found_in_any_spelling(client: TestClient, spelling: str) -> None:
    assert "Peace Talks" in client.get(f"/article/{spelling}").text


def test_flags_are_told_in_words(client: TestClient) -> None:
    assert "the page shows no byline" in client.get(f"/article/{article_id(3)}").text


def test_a_duplicate_is_explained_and_its_shared_paragraphs_are_marked(client: TestClient) -> None:
    pages = [client.get(f"/article/{article_id(number)}").text for number in (4, 5)]
    (duplicate,) = [page for page in pages if "Similarity" in page]
    assert duplicate.count("Shared paragraph: ") == 3
    (primary,) = [page for page in pages if page is not duplicate]
    assert "Shared paragraph" not in primary
    assert "<h2>Duplicates</h2>" in primary


@pytest.mark.parametrize(("style", "begins"), [("bibtex", "@article{"), ("ris", "TY  - NEWS"), ("csl", "[\n")])
def test_an_article_is_cited(client: TestClient, style: str, begins: str) -> None:
    assert client.get(f"/cite/{style}/{article_id(1)}").text.startswith(begins)


def test_an_article_is_read_anew_unless_the_last_is_kept(archive: Archive) -> None:
    anew, kept = ArticleSource(archive), ArticleSource(archive, keeps_last=True)
    first, second = article_id(1), article_id(2)
    assert anew.find_details(first) is not anew.find_details(first)
    assert kept.find_details(first).record is kept.find_record(first)
    assert kept.find_record(second).id == second
    assert kept.find_details(first) == anew.find_details(first)


@pytest.mark.parametrize("path", ["/article/moscow-times:en:99", "/cite/bibtex/nothing", "/nothing"])
def test_what_is_not_there_is_a_page_that_says_so(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "<h1>Not Found</h1>" in response.text


def test_an_unknown_style_of_citation_is_refused(client: TestClient) -> None:
    response = client.get(f"/cite/apa/{article_id(1)}")
    assert response.status_code == 400
    assert "style" in response.text


def test_an_unchanged_page_is_not_sent_twice(client: TestClient) -> None:
    first = client.get(f"/article/{article_id(1)}")
    again = client.get(f"/article/{article_id(1)}", headers={"If-None-Match": f'W/"x", {first.headers["etag"]}'})
    assert again.status_code == 304
    assert not again.content
