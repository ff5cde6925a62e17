"""Behind a reverse proxy: who the client is, and by which scheme it asks."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from pydantic import ValidationError

from cli.serve import DEFAULT_HOST, listening, serving
from pipeline.archive import Archive
from schemas.settings import Settings
from web.access import Access
from web.app import create_app

NAME = "archive.example.org"
PROXY = "127.0.0.9"
"""The address of the proxy. The clients have others on loopback."""

NOTHING: Mapping[str, str] = {}
SECURE = {"X-Forwarded-Proto": "https"}
SEARCH = "/api/v1/search"


class ReverseProxy(BaseHTTPRequestHandler):
    """Passes requests on, and says from whom they come, as Caddy and nginx do."""

    target = ""

    def do_GET(self) -> None:
        given = self.headers.get("X-Forwarded-For")
        client = self.client_address[0]
        headers = {"Host": self.headers["Host"], "X-Forwarded-For": f"{given}, {client}" if given else client} | SECURE
        with connect(self.target, PROXY) as behind:
            response = behind.get(self.path, headers=headers)
        self.send_response(response.status_code)
        self.send_header("Content-Length", str(len(response.content)))
        self.end_headers()
        self.wfile.write(response.content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def connect(url: str, address: str) -> httpx.Client:
    """Return a client with this address."""
    return httpx.Client(base_url=url, headers={"Host": NAME}, transport=httpx.HTTPTransport(local_address=address))


@contextmanager
def running(archive: Archive, proxies: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Within the block, serve an archive that lets each client ask twice; yield its URL, and that of its proxy."""
    given = {"serve_proxies": proxies, "serve_requests_per_minute": 2, "data_dir": archive.settings.data_dir}
    served = Archive(Settings.model_validate(given), archive.database, archive.publishers)
    with listening(DEFAULT_HOST, 0) as listener, serving(create_app(served, Access(hosts=(NAME,))), listener):
        url = f"http://{DEFAULT_HOST}:{listener.getsockname()[1]}"
        handler = type("Handler", (ReverseProxy,), {"target": url})
        with ThreadingHTTPServer((DEFAULT_HOST, 0), handler) as proxy:
            thread = threading.Thread(target=proxy.serve_forever)
            thread.start()
            try:
                yield url, f"http://{DEFAULT_HOST}:{proxy.server_port}"
            finally:
                proxy.shutdown()
                thread.join()


def ask(url: str, address: str, count: int = 3, headers: Mapping[str, str] = NOTHING) -> list[int]:
    """Return the statuses of some requests to the API, each with another made-up client before it."""
    with connect(url, address) as client:
        return [
            client.get(SEARCH, headers={"X-Forwarded-For": f"203.0.113.{number}", **headers}).status_code
            for number in range(count)
        ]


def read_feed(url: str, address: str, headers: Mapping[str, str] = NOTHING) -> str:
    with connect(url, address) as client:
        return client.get("/feed.atom", headers=headers).text


@pytest.mark.parametrize("proxies", [(PROXY,), ("127.0.0.8/30",), ("::1", PROXY)])
def test_each_client_of_a_trusted_proxy_is_itself_whatever_it_says(archive: Archive, proxies: tuple[str, ...]) -> None:
    with running(archive, proxies) as (_, proxy_url):
        assert ask(proxy_url, "127.0.0.2") == [200, 200, 429]
        assert ask(proxy_url, "127.0.0.3") == [200, 200, 429]
        assert f'href="https://{NAME}/article/' in read_feed(proxy_url, "127.0.0.2")


@pytest.mark.parametrize("proxies", [(), (PROXY,)])
def test_nobody_else_is_believed(archive: Archive, proxies: tuple[str, ...]) -> None:
    with running(archive, proxies) as (url, _):
        assert ask(url, "127.0.0.2", headers=SECURE) == [200, 200, 429]
        assert f'href="http://{NAME}/article/' in read_feed(url, "127.0.0.2", SECURE)


def test_without_the_setting_all_clients_of_a_proxy_are_one(archive: Archive) -> None:
    with running(archive, ()) as (_, proxy_url):
        assert ask(proxy_url, "127.0.0.2", 2) + ask(proxy_url, "127.0.0.3", 1) == [200, 200, 429]


@pytest.mark.parametrize("proxies", [("*",), ("localhost",), ("10.0.0.1/8",), ("10.0.0.1, 10.0.0.2",)])
def test_what_is_no_address_and_no_network_is_refused(proxies: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"serve_proxies": proxies})
