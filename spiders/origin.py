"""From where a URL is really fetched: its publisher, or the origin that the job names in the publisher's place."""

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from scrapy import Request

from spiders.network import is_private, read_ip_literal
from spiders.rejection import PrivateNetworkRefused

DEFAULT_PORTS = {"http": 80, "https": 443}


class Router:
    """Turns a request for the publisher into the request that goes over the wire."""

    def __init__(self, origins: Mapping[str, str]) -> None:
        """Takes `{"https://www.example.com": "http://127.0.0.1:8601", …}`."""
        self._targets = {_origin(urlsplit(key)): urlsplit(target) for key, target in origins.items()}
        self._origin_only_hosts = {target.hostname for target in self._targets.values()} - {
            urlsplit(key).hostname for key in self._targets
        }

    def route(self, request: Request) -> Request:
        """The request itself where its origin is not mapped; else one to the target, that still names the publisher.

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
        # The resolver trusts the hosts that the operator named, wherever they are: only the mapping may lead to them.
        if host in self._origin_only_hosts:
            raise PrivateNetworkRefused(f"{host} stands in for a publisher and is no publisher itself")


def _origin(parts: SplitResult) -> str:
    """`scheme://host[:port]` in lower case, without the scheme's own port."""
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    suffix = f":{port}" if port and port != DEFAULT_PORTS.get(parts.scheme) else ""
    return f"{parts.scheme}://{host}{suffix}"
