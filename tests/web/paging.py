"""Follows the pages of the API."""

from starlette.testclient import TestClient


def list_ids(client: TestClient, path: str, name: str, asked: dict[str, str]) -> list[str]:
    """Return the ids on all pages, in their order."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(path, params=asked | {"cursor": cursor}).json()
        found += [str(one["id"]) for one in page[name]]
        cursor = page["next_cursor"]
    return found
