"""Private addresses are refused, in every spelling, and whichever name resolves to them."""

from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver
from zope.interface import implementer  # type: ignore[import-untyped]

from spiders.network import GuardedReceiver, GuardedResolver, is_private, read_ip_literal
from spiders.origin import Router
from spiders.rejection import PrivateNetworkRefused

PRIVATE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "0", "0.0.0.0",  # noqa: S104 - not bound, refused
    "%31%32%37.0.0.1", "\uff11\uff12\uff17.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "[::1]", "::",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fe80::1%25eth0", "fc00::1", "fd12::1", "ff02::1",
    "fec0::1", "::127.0.0.1", "[::7f00:1]", "::8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "3fff::1",
    "5f00::1", "0x7f.1", "017700000001", "::ffff:7f00:1", "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "134209810", "2606:4700::6810:84e5", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_recognized_in_every_spelling(host: str) -> None:
    address = read_ip_literal(host)
    assert address is not None
    assert is_private(address)


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_address_is_allowed(host: str) -> None:
    address = read_ip_literal(host)
    assert address is None or not is_private(address)


@pytest.mark.parametrize("host", ["www.themoscowtimes.com", "1and1.com", "127.0.0.1.example.org", "", "dead.beef"])
def test_a_name_is_not_an_ip_literal(host: str) -> None:
    assert read_ip_literal(host) is None


def test_only_public_addresses_of_a_name_are_connected_to() -> None:
    passed: list[str] = []
    receiver: Any = SimpleNamespace(addressResolved=lambda address: passed.append(address.host))
    refused: dict[str, str] = {}
    guarded = GuardedReceiver(receiver, refused, "rebinding.example.org")
    addresses: list[Any] = [IPv4Address("TCP", host, 443) for host in ("8.8.8.8", "127.0.0.1")]
    for address in [*addresses, IPv6Address("TCP", "::ffff:10.0.0.1", 443)]:
        guarded.addressResolved(address)
    assert passed == ["8.8.8.8"]
    assert refused == {"rebinding.example.org": str(ip_address("::ffff:10.0.0.1"))}


@implementer(IHostnameResolver)
class ChangingNames:
    """A resolver that returns a different address each time, and a reactor that uses it."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.nameResolver = self  # a reactor's name for it
        self._answers = iter(answers)

    def resolveHostName(self, receiver: Any, host: str, *_options: object, **_named: object) -> Any:  # noqa: N802
        resolution: Any = SimpleNamespace(name=host)
        receiver.resolutionBegan(resolution)
        for found in next(self._answers):
            receiver.addressResolved((IPv6Address if ":" in found else IPv4Address)("TCP", found, 443))
        receiver.resolutionComplete()
        return resolution


def test_the_checked_address_is_connected_to_even_if_the_name_changes() -> None:
    """The address that the resolver returned is connected to, without a second lookup."""
    names: Any = ChangingNames(("8.8.8.8",), ("127.0.0.1", "::127.0.0.1"), ("fec0::1", "::ffff:10.0.0.1", "8.8.4.4"))
    resolver = GuardedResolver(names, 100, frozenset())
    connected: list[tuple[str, list[str]]] = []
    for host in ("a.example", "b.example", "c.example", "a.example", "b.example", "c.example"):
        passed: list[str] = []
        receiver: Any = SimpleNamespace(
            resolutionBegan=lambda _: None,
            addressResolved=lambda address, passed=passed: passed.append(address.host),
            resolutionComplete=lambda: None,
        )
        resolver.resolveHostName(receiver, host)
        connected.append((host, passed))
    # The second time, each answer comes from the cache, and is checked again.
    assert connected == 2 * [("a.example", ["8.8.8.8"]), ("b.example", []), ("c.example", ["8.8.4.4"])]
    assert resolver.refused.keys() == {"b.example", "c.example"}


def test_a_mapped_origin_is_fetched_from_its_target_with_the_publishers_host() -> None:
    router = Router({"https://www.example.com": "http://127.0.0.1:8601", "http://example.com:8080": "http://[::1]:1"})
    routed = router.route(Request("https://WWW.example.com:443/a/b?c=d"))
    assert routed.url == "http://127.0.0.1:8601/a/b?c=d"
    assert routed.headers["Host"] == b"www.example.com"
    routed = router.route(Request("http://example.com:8080/"))
    assert routed.url == "http://[::1]:1/"
    assert routed.headers["Host"] == b"example.com:8080"


@pytest.mark.parametrize("url", ["http://www.example.com/", "https://example.com/", "https://www.example.com:444/"])
def test_other_origins_are_not_mapped(url: str) -> None:
    request = Request(url)
    assert Router({"https://www.example.com": "http://127.0.0.1:8601"}).route(request) is request


@pytest.mark.parametrize("url", ["http://127.0.0.1:8601/a", "http://2130706433:8601/", "https://mirror.example.net/a"])
def test_the_target_of_a_mapping_cannot_be_fetched_directly(url: str) -> None:
    router = Router(
        {"https://www.example.com": "http://127.0.0.1:8601", "https://a.example": "https://mirror.example.net"}
    )
    with pytest.raises(PrivateNetworkRefused):
        router.route(Request(url))
