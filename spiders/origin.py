"""Maps a publisher's URL to the origin it is fetched from: the publisher, or a substitute that the job names."""

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from scrapy import Request

from spiders.network import is_private, read_ip_literal
from spiders.rejection import PrivateNetworkRefused

DEFAULT_PORTS = {"http": 80, "https": 443}


class Router:
    """Turns a request for the publisher into the request that is sent."""

    def __init__(self, origins: Mapping[str, str]) -> None:
        """Read a mapping such as `{"https://www.example.com": "http://127.0.0.1:8601"}`."""
        self._targets = {_origin(urlsplit(key)): urlsplit(target) for key, target in origins.items()}
        self._origin_only_hosts = {target.hostname for target in self._targets.values()} - {
            urlsplit(key).hostname for key in self._targets
        }

    def route(self, request: Request) -> Request:
        """Return the request to send: the same if its origin is not mapped, else one to the target with its own Host.

        Raises:
            PrivateNetworkRefused: the URL itself, not the operator's mapping, leads into a private network.
        """
        parts = urlsplit(request.url)
        target = self._targets.get(_origin(parts))
        if target is None:
            self._refuse_private(parts.hostname or "")
            return request
        routed = request.replace(url=parts._replace(scheme=target.scheme, netloc=target.netloc).geturl())
        routed.headers["Host"] = _origin(parts).partition("://")[2]
        return routed

    def _refuse_private(self, host: str) -> None:
        literal = read_ip_literal(host)
        if literal is not None and is_private(literal):
            raise PrivateNetworkRefused(f"{host} is in a private or reserved network")
        # The resolver trusts the operator's hosts wherever they are, so only the mapping may lead to them.
        if host in self._origin_only_hosts:
            raise PrivateNetworkRefused(f"{host} stands in for a publisher and is no publisher itself")


def _origin(parts: SplitResult) -> str:
    """Return `scheme://host[:port]` in lower case, without the default port."""
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    suffix = f":{port}" if port and port != DEFAULT_PORTS.get(parts.scheme) else ""
    return f"{parts.scheme}://{host}{suffix}"
