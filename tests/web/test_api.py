"""The JSON API, as a client uses it that knows nothing but its description."""

import pytest
from starlette.testclient import TestClient

from pipeline.archive import Archive
from schemas.article import ArticleRecord
from tests.web.conftest import BASE_URL
from tests.web.paging import list_ids
from tests.web.sample import article_id
from web.app import create_app
from web.rate_limit import MAX_CLIENTS, RateLimit

API = "/api/v1"


def test_every_path_of_the_description_answers_as_it_says(client: TestClient) -> None:
    document = client.get(f"{API}/openapi.json").json()
    assert len(document["paths"]) == 17
    for path, operations in document["paths"].items():
        responses = operations["get"]["responses"]
        assert {"200", "400", "404", "429", "503"} == set(responses) - {"410"}
        found = client.get(path.replace("{article_id}", article_id(2)).replace("{year}", "2026"))
        if path.endswith(("/{number}", "/{run_id}")):  # the sample has neither a quarantined capture nor a run
            continue
        if "application/json" not in responses["200"]["content"]:
            assert path.startswith(f"{API}/records/")  # a WARC record, which the sample has none of
            assert found.json()["detail"].startswith("This capture is lost")
            continue
        assert found.status_code == 200, path
        name = responses["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        required = document["components"]["schemas"][name].get("required", [])
        assert set(required) - {"checked_at"} <= found.json().keys(), path


def test_a_record_is_that_of_show(client: TestClient) -> None:
    document = client.get(f"{API}/articles/{article_id(2)}").json()
    record = ArticleRecord.model_validate(document["record"], strict=False)
    assert (record.id, record.headline, document["revision_count"]) == (article_id(2), "Peace Talks", 1)


def test_records_are_listed_page_by_page(client: TestClient) -> None:
    found = list_ids(client, f"{API}/articles", "articles", {"limit": "2", "sort": "newest"})
    assert len(set(found)) == len(found) == 5


def test_counts_by_value_and_day_come_with_a_search(client: TestClient) -> None:
    count = client.get(f"{API}/search", params={"q": "sanctions"}).json()["count"]
    assert count["total_count"] == 3
    assert count["days"] == {"2026-10-01": 3}
    assert {"value": "news", "count": 2} in count["facets"]["section"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/articles/nothing", 404),
        ("/nothing", 404),
        ("/search?limit=0", 400),
        ("/search?limit=101", 400),
        ("/search?q=-a", 400),
        ("/differences/moscow-times:en:1?from=0", 400),
        ("/differences/moscow-times:en:1?from=99999999999999999999", 400),
        ("/differences/moscow-times:en:1?from=7", 404),
        (f"/articles/{'x' * 2001}", 400),
    ],
)
def test_a_problem_is_a_document(client: TestClient, path: str, status: int) -> None:
    response = client.get(f"{API}{path}")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert response.json()["detail"]


@pytest.mark.parametrize("path", ["/search?q=sanctions", "/articles", "/coverage", "/openapi.json"])
def test_what_a_client_has_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(f"{API}{path}")
    tag = first.headers.get("etag")
    if path == "/openapi.json":
        assert first.json()["openapi"]
        return
    again = client.get(f"{API}{path}", headers={"If-None-Match": str(tag)})
    assert (again.status_code, again.content) == (304, b"")


def test_a_client_that_asks_too_much_has_to_wait(archive: Archive) -> None:
    limited = Archive(archive.settings.model_copy(update={"serve_requests_per_minute": 2}), archive.database)
    client = TestClient(create_app(limited), base_url=BASE_URL)
    statuses = [client.get(f"{API}/coverage").status_code for _ in range(4)]
    assert statuses[:2] == [200, 200]
    refused = client.get(f"{API}/coverage")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert client.get("/").status_code == 200  # pages are not limited


def test_an_allowance_is_refilled_steadily() -> None:
    limit = RateLimit(per_minute=6)
    assert [limit.find_wait("a", 0) for _ in range(6)] == [0] * 6
    assert limit.find_wait("a", 0) == 10
    assert limit.find_wait("b", 0) == 0
    assert limit.find_wait("a", 4) == pytest.approx(6)
    assert limit.find_wait("a", 10) == 0
    assert limit.find_wait("a", 10) == pytest.approx(10)


def test_clients_are_forgotten_when_there_are_too_many() -> None:
    limit = RateLimit(per_minute=60)
    for number in range(MAX_CLIENTS + 10):
        assert limit.find_wait(str(number), number) == 0
    assert len(limit._allowances) < MAX_CLIENTS  # noqa: SLF001 - what would grow forever
