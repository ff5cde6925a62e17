"""Who may ask, for what, and what every response carries."""

import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from cli.serve import listening, serving
from pipeline.archive import Archive
from schemas.settings import Settings
from tests.web.conftest import BASE_URL
from web import guard, timed_protocol
from web.access import Access, PasswordMissing, is_loopback
from web.app import create_app
from web.guard import CONTENT_SECURITY_POLICY

PASSWORD = "a secret: öäü"  # noqa: S105 - of this test


@pytest.mark.parametrize("path", ["/", "/static/style.css", "/nothing", "/api/v1/nothing", "/article/nothing"])
def test_every_response_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("127.0.0.1:8600", True),
        ("localhost:1", True),
        ("LOCALHOST", True),
        ("[::1]:8600", True),
        ("192.168.1.2", True),
        ("archive.example.org", True),
        ("archive.example.org.:443", True),
        ("ARCHIVE.Example.ORG:443", True),
        ("localhost:", True),
        ("[::1]", True),
        ("[0:0:0:0:0:0:0:1]:8600", True),
        ("[::ffff:127.0.0.1]", True),
        ("127.0.0.1.:8600", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example:localhost", False),
        ("localhost:8600:8600", False),
        ("localhost:port", False),
        ("[::1", False),
        ("[::1]evil.example", False),
        ("[evil.example]", False),
        ("archive.example.org..", False),
        ("2130706433", False),  # browsers write these three as 127.0.0.1
        ("0x7f000001", False),
        ("0177.0.0.1", False),
        ("localhost@evil.example", False),
        ("", False),
    ],
)
def test_only_names_of_this_server_are_answered(host: str, is_allowed: bool) -> None:  # noqa: FBT001 - the table's
    assert Access(hosts=("archive.example.org",)).allows_host(host) is is_allowed


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        ("GET /article/moscow-times:en:2 HTTP/1.1\r\nHost: LOCALHOST.:1", 200),
        ("GET /article/moscow-times:en:2 HTTP/1.0\r\nHost: [::1]", 200),
        ("GET /article/moscow-times:en:2 HTTP/1.0", 421),
        ("GET /article/moscow-times:en:2 HTTP/1.0\r\nHost:", 421),
        ("GET /article/moscow-times:en:2 HTTP/1.1", 400),
        ("GET /article/moscow-times:en:2 HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", 400),
        ("GET http://localhost/article/moscow-times:en:2 HTTP/1.1\r\nHost: evil.example", 421),
        ("GET http://evil.example/article/moscow-times:en:2 HTTP/1.1\r\nHost: localhost", 404),
        ("GET //evil.example/article/moscow-times:en:2 HTTP/1.1\r\nHost: localhost", 404),
        ("CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost", 405),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost", 405),
    ],
)
def test_requests_as_only_programs_write_them_get_no_more(port: int, request_head: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{request_head}\r\nConnection: close\r\n\r\n".encode())
        response = b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()
    assert int(response.split(" ")[1]) == status
    assert ("Peace Talks" in response) is (status == 200)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "GET / HTTP/1.1\r\nHost: localho",
        "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT",
        "GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1",
    ],
)
def test_half_a_request_keeps_no_connection(port: int, sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_protocol, "REQUEST_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent.encode())
        with suppress(ConnectionResetError):
            response = b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()
            assert response.count("HTTP/1.1 200") == sent.count("/health")


@pytest.fixture
def port(archive: Archive) -> Iterator[int]:
    """The port of a server that is really there."""
    with listening("127.0.0.1", 0) as listener, serving(create_app(archive), listener):
        yield listener.getsockname()[1]


def test_a_foreign_host_gets_nothing(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


def basic(password: str) -> str:
    return f"Basic {b64encode(f'anyone:{password}'.encode()).decode()}"


@pytest.mark.parametrize(
    ("authorization", "is_allowed"),
    [
        (basic(PASSWORD), True),
        (f"Bearer {PASSWORD}".encode().decode("latin-1"), True),  # as a server gets the bytes of a header
        (basic("another"), False),
        (basic(""), False),
        ("Basic §", False),
        ("Basic AAA", False),
        ("Bearer", False),
        (PASSWORD, False),
        ("", False),
    ],
)
def test_only_the_password_opens_a_protected_server(authorization: str, is_allowed: bool) -> None:  # noqa: FBT001
    assert Access(PASSWORD).allows(authorization) is is_allowed


def test_a_protected_server_asks_for_the_password(archive: Archive) -> None:
    client = TestClient(create_app(archive, Access("secret")), base_url=BASE_URL)
    for path in ("/", "/static/style.css", "/api/v1/openapi.json"):
        refused = client.get(path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic ")
        assert client.get(path, auth=("me", "secret")).status_code == 200
    assert client.get("/health").text == "fine\n"  # which says nothing of the archive
    assert client.get("/health/").status_code == 401


def test_a_wrong_password_is_answered_late_and_no_other_request(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(guard, "sleep", wait)
    client = TestClient(create_app(archive, Access("secret")), base_url=BASE_URL)
    assert client.get("/", auth=("me", "secret")).status_code == 200
    assert client.get("/").status_code == 401  # how every browser asks first
    assert waits == []
    assert client.get("/", auth=("me", "another")).status_code == 401
    assert waits == [guard.WRONG_PASSWORD_SECONDS]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "archive.example.org"])  # noqa: S104 - refused
def test_other_machines_are_not_served_without_a_password(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(PasswordMissing, match="BROADSHEET_SERVE_PASSWORD"):
        Access.from_settings(Settings(), host)
    assert Access.from_settings(Settings(serve_password=SecretStr("secret")), host).allows(basic("secret"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_this_machine_needs_no_password(host: str) -> None:
    assert Access.from_settings(Settings(), host).allows("")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(client: TestClient, method: str) -> None:
    assert client.request(method, "/").status_code == 405


def test_a_head_request_is_answered_as_get(client: TestClient) -> None:
    assert client.head("/").headers["etag"] == client.get("/").headers["etag"]


@pytest.mark.parametrize("path", ["/?q=%00", "/article/%00", "/?q=a&section=b%00"])
def test_a_nul_character_is_refused(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 400


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"]
)
def test_no_path_leaves_the_folder_of_static_files(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
