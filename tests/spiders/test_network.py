"""Which addresses are refused, however they are spelled, and whichever name leads there."""

from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from twisted.internet.address import IPv4Address, IPv6Address

from spiders.network import GuardedReceiver, is_private, read_ip_literal
from spiders.origin import Router
from spiders.refusal import PrivateNetworkRefused

PRIVATE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "0", "0.0.0.0",  # noqa: S104 - not bound, refused
    "%31%32%37.0.0.1", "\uff11\uff12\uff17.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "[::1]", "::",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fe80::1%25eth0", "fc00::1", "fd12::1", "ff02::1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "134209810", "2606:4700::6810:84e5", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_known_in_every_spelling(host: str) -> None:
    address = read_ip_literal(host)
    assert address is not None
    assert is_private(address)


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_address_is_let_through(host: str) -> None:
    address = read_ip_literal(host)
    assert address is None or not is_private(address)


@pytest.mark.parametrize("host", ["www.themoscowtimes.com", "1and1.com", "127.0.0.1.example.org", "", "dead.beef"])
def test_a_name_is_no_address(host: str) -> None:
    assert read_ip_literal(host) is None


def test_of_a_names_addresses_only_the_public_ones_are_connected() -> None:
    passed: list[str] = []
    receiver: Any = SimpleNamespace(addressResolved=lambda address: passed.append(address.host))
    refused: dict[str, str] = {}
    guarded = GuardedReceiver(receiver, refused, "rebinding.example.org")
    addresses: list[Any] = [IPv4Address("TCP", host, 443) for host in ("8.8.8.8", "127.0.0.1")]
    for address in [*addresses, IPv6Address("TCP", "::ffff:10.0.0.1", 443)]:
        guarded.addressResolved(address)
    assert passed == ["8.8.8.8"]
    assert refused == {"rebinding.example.org": str(ip_address("::ffff:10.0.0.1"))}


def test_a_mapped_origin_is_connected_at_its_target_and_still_names_the_publisher() -> None:
    router = Router({"https://www.example.com": "http://127.0.0.1:8601", "http://example.com:8080": "http://[::1]:1"})
    routed = router.route(Request("https://WWW.example.com:443/a/b?c=d"))
    assert routed.url == "http://127.0.0.1:8601/a/b?c=d"
    assert routed.headers["Host"] == b"www.example.com"
    routed = router.route(Request("http://example.com:8080/"))
    assert routed.url == "http://[::1]:1/"
    assert routed.headers["Host"] == b"example.com:8080"


@pytest.mark.parametrize("url", ["http://www.example.com/", "https://example.com/", "https://www.example.com:444/"])
def test_another_origin_is_not_mapped(url: str) -> None:
    request = Request(url)
    assert Router({"https://www.example.com": "http://127.0.0.1:8601"}).route(request) is request


@pytest.mark.parametrize("url", ["http://127.0.0.1:8601/a", "http://2130706433:8601/", "https://mirror.example.net/a"])
def test_the_target_of_a_mapping_is_reached_by_the_mapping_only(url: str) -> None:
    router = Router(
        {"https://www.example.com": "http://127.0.0.1:8601", "https://a.example": "https://mirror.example.net"}
    )
    with pytest.raises(PrivateNetworkRefused):
        router.route(Request(url))
