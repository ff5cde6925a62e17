"""The replica over HTTP: two ports, counted, conditional, zipped, kept alive, and ended cleanly."""

import gzip
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse, RemoteDisconnected
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from replica.answer import Answer
from replica.handler import Asked, Handler, Misbehaviour
from replica.model import OLD, RUSSIAN, STATIC, WWW
from replica.server import Handle, running
from replica.site import Site


@pytest.fixture(scope="module")
def replica(site: Site) -> Iterator[Handle]:
    with running(site, thread=True) as handle:
        yield handle


@pytest.fixture(autouse=True)
def _counted_from_nothing(replica: Handle) -> None:
    replica.reset()


def connect(handle: Handle, origin: str = WWW) -> closing[HTTPConnection]:
    return closing(HTTPConnection(urlsplit(handle.origins[origin]).netloc, timeout=10))


def get(
    handle: Handle, path: str, headers: Mapping[str, str] | None = None, origin: str = WWW
) -> tuple[HTTPResponse, bytes]:
    with connect(handle, origin) as connection:
        connection.request("GET", path, headers=dict(headers or {}))
        response = connection.getresponse()
        return response, response.read()


def test_a_page_comes_as_the_site_has_it(replica: Handle, site: Site) -> None:
    article = site.articles[0]
    response, body = get(replica, article.path)
    assert response.status == 200
    assert body.decode() == article.page_html()
    assert response.headers["Cache-Control"] == "max-age=300, 300, public"
    assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert "Content-Encoding" not in response.headers


def test_gzip_is_sent_to_those_who_ask_for_it(replica: Handle, site: Site) -> None:
    article = site.articles[1]
    response, body = get(replica, article.path, {"Accept-Encoding": "gzip, deflate"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body).decode() == article.page_html()


def test_each_origin_has_a_port_of_its_own(replica: Handle) -> None:
    assert list(replica.origins) == [WWW, STATIC, RUSSIAN, OLD]
    assert get(replica, "/sitemap/sitemap.xml", origin=STATIC)[0].headers["Content-Type"].startswith("text/xml")
    assert b"Oops!" in get(replica, "/sitemap/sitemap.xml")[1]


@pytest.mark.parametrize("path", ["/rss/news", "/sitemap/sitemap.xml", "article"])
@pytest.mark.parametrize(("sent", "told"), [("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")])
def test_what_was_not_modified_is_not_sent_again(replica: Handle, site: Site, path: str, sent: str, told: str) -> None:
    origin = STATIC if path.startswith("/sitemap") else WWW
    path = site.articles[9].path if path == "article" else path
    first, _ = get(replica, path, origin=origin)
    response, body = get(replica, path, {sent: first.headers[told]}, origin)
    assert (response.status, body) == (304, b"")
    assert response.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": 'W/"other"'},
        {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If-Modified-Since": "some day"},
        # The entity tag decides where both are given.
        {"If-None-Match": 'W/"other"', "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    ],
)
def test_what_was_modified_is_sent(replica: Handle, headers: dict[str, str]) -> None:
    assert get(replica, "/rss/news", headers)[0].status == 200


def test_requests_are_counted_by_path(replica: Handle) -> None:
    get(replica, "/rss/news")
    get(replica, "/rss/news")
    get(replica, "/rss/news?utm=1")
    get(replica, "/robots.txt", origin=STATIC)
    expected = {"/rss/news": 2, "/rss/news?utm=1": 1, "/robots.txt": 1}
    assert replica.requests == expected
    assert replica.server is not None
    assert replica.server.requests == expected
    assert json.loads(get(replica, "/_replica/requests")[1]) == expected
    assert replica.reset() == expected
    assert replica.requests == {}


def test_a_connection_is_kept_for_many_requests(replica: Handle, site: Site) -> None:
    with connect(replica) as connection:
        for article in site.articles[:20]:
            connection.request("GET", article.path)
            own_socket = connection.sock
            assert connection.getresponse().read()
            assert connection.sock is own_socket is not None


def test_a_head_request_has_no_body(replica: Handle, site: Site) -> None:
    with connect(replica) as connection:
        connection.request("HEAD", site.articles[0].path)
        response = connection.getresponse()
        assert int(response.headers["Content-Length"]) > 10_000
        assert response.read() == b""
        connection.request("GET", "/robots.txt")
        assert connection.getresponse().read().startswith(b"User-agent")


def test_a_redirect_speaks_the_publishers_address(replica: Handle, site: Site) -> None:
    article = site.articles[0]
    response, _ = get(replica, f"/2000/01/01/x-a{article.head.number}")
    assert (response.status, response.headers["Location"]) == (302, article.url)


def test_each_view_moves_the_time_of_the_last_change_and_changes_nothing_else(replica: Handle, site: Site) -> None:
    article = site.articles[13]
    views = [get(replica, article.path) for _ in range(3)]
    times = [re.findall(r'"dateModified": "(.*?)"', body.decode())[0] for _, body in views]
    assert times == sorted(set(times))
    assert len({response.headers["ETag"] for response, _ in views}) == 1
    pages = {body.decode().replace(at, "") for (_, body), at in zip(views, times, strict=True)}
    assert len(pages) == 1


@pytest.mark.parametrize(("path", "told"), [("/rss/all", "max-age=60, 60, public"), ("archive", None)])
def test_some_answers_say_something_else_of_caching(path: str, told: str | None) -> None:
    site = Site(8, kinds=("archive",))
    with running(site, thread=True) as handle:
        response, _ = get(handle, site.articles[6].path if path == "archive" else path)
        assert response.status == 200
        assert response.headers["Cache-Control"] == told


def misbehave(asked: Asked) -> Answer | Misbehaviour | None:
    """A module's function, so that a child process can have it too."""
    if asked.path == "/rss/news" and asked.count <= 2:
        return Answer(b"down", status=503, headers=(("Retry-After", "7"),))
    return hang_up if asked.path == "/rss/city" else None


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


@pytest.mark.parametrize("thread", [True, False])
def test_a_fault_answers_instead_of_the_site(site: Site, *, thread: bool) -> None:
    with running(site, thread=thread, fault=misbehave) as handle:
        answers = [get(handle, "/rss/news")[0] for _ in range(3)]
        assert [answer.status for answer in answers] == [503, 503, 200]
        assert answers[0].headers["Retry-After"] == "7"
        with pytest.raises(RemoteDisconnected):
            get(handle, "/rss/city")
        assert handle.requests == {"/rss/news": 3, "/rss/city": 1}


def test_a_child_process_serves_the_same_site(replica: Handle, site: Site) -> None:
    path = site.articles[11].path
    with running(site) as child:
        assert child.server is None
        assert get(child, path)[1] == get(replica, path)[1]
        address = urlsplit(child.origins[WWW]).netloc
    with closing(HTTPConnection(address, timeout=10)) as connection, pytest.raises(ConnectionRefusedError):
        connection.connect()


def test_a_port_in_use_is_said(site: Site, replica: Handle) -> None:
    port = urlsplit(replica.origins[STATIC]).port
    assert port
    with pytest.raises(OSError, match="in use"), running(site, thread=True, ports=(0, port)):
        pass


def test_closing_does_not_wait_for_idle_connections(site: Site) -> None:
    with running(site, thread=True) as handle:
        connection = HTTPConnection(urlsplit(handle.origins[WWW]).netloc, timeout=10)
        connection.request("GET", "/robots.txt")
        connection.getresponse().read()
    with closing(connection):
        assert connection.sock is not None
        assert connection.sock.recv(1) == b""


def test_a_thousand_pages_are_answered_and_counted_once_each() -> None:
    site = Site(1_000)
    with running(site, thread=True) as handle:
        with connect(handle) as connection:
            for article in site.articles:
                connection.request("GET", article.path, headers={"Accept-Encoding": "gzip"})
                response = connection.getresponse()
                assert response.read()
                assert response.status == 200
        assert handle.requests == {article.path: 1 for article in site.articles}


PARENT = """
import json, sys
from replica.server import running
from replica.site import Site
if __name__ == "__main__":
    with running(Site(5)) as handle:
        print(json.dumps(handle.origins), flush=True)
        sys.stdin.read()
"""


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        origins = json.loads(parent.stdout.readline())
        assert get(Handle(origins), "/robots.txt")[0].status == 200
        parent.kill()
        assert parent.stdout.read() == ""  # the child holds the same pipe: it ends when the child does
    with pytest.raises(ConnectionRefusedError):
        get(Handle(origins), "/robots.txt")


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_its_origins_and_ends_when_asked(signal_number: int) -> None:
    command = [sys.executable, "-m", "replica", "serve", "--articles", "7", "--www-port", "0", "--static-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        origins = json.loads(process.stdout.readline())
        assert get(Handle(origins), "/robots.txt")[0].status == 200
        process.send_signal(signal_number)
        assert process.wait(timeout=20) == 0
        assert process.stdout.read() == ""


def test_the_command_refuses_a_port_in_use(replica: Handle) -> None:
    port = str(urlsplit(replica.origins[WWW]).port)
    command = [sys.executable, "-m", "replica", "serve", "--articles", "5", "--www-port", port]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr
