"""Private and reserved networks, and a resolver that refuses names that resolve to them."""

import socket
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Protocol, Self
from urllib.parse import unquote

from scrapy.resolver import CachingHostnameResolver
from scrapy.settings import BaseSettings
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The range for public use (RFC 4291, 2.4). Site-local and IPv4-compatible addresses are outside it."""

DOCUMENTATION = IPv6Network("3fff::/20")
"""RFC 9637: newer than the lists of some Python versions."""

NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address, which a gateway would connect to."""


def read_ip_literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that a host spells, in any form that some resolver accepts (`0x7f.1`, `2130706433`)."""
    plain = unicodedata.normalize("NFKC", unquote(host)).strip("[]").rstrip(".")
    with suppress(ValueError):
        return ip_address(plain)
    if plain and plain[0] in "0123456789" and " " not in plain:
        with suppress(OSError):
            return IPv4Address(socket.inet_aton(plain))
    return None


def is_private(address: IPv4Address | IPv6Address) -> bool:
    """Return whether it is not public unicast: private, loopback, link-local, shared (CGNAT), reserved, multicast."""
    if isinstance(address, IPv6Address):
        embedded = _read_embedded(address)
        if embedded is not None:
            return is_private(embedded)
        if address not in GLOBAL_UNICAST or address in DOCUMENTATION:
            return True
    return address.is_multicast or not address.is_global


def _read_embedded(address: IPv6Address) -> IPv4Address | None:
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


class HasSettings(Protocol):
    """What the resolver needs of a crawler; Scrapy passes the crawler process instead of one."""

    settings: BaseSettings


@implementer(IResolutionReceiver)
class GuardedReceiver:
    """Passes on the public addresses of a name and drops the others."""

    def __init__(self, receiver: IResolutionReceiver, refused: dict[str, str], host: str) -> None:
        self._receiver = receiver
        self._refused = refused
        self._host = host

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802, D102 - the interface's
        self._receiver.resolutionBegan(resolution)  # type: ignore[call-arg, misc]  # zope's methods name no self

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802, D102
        found = ip_address(getattr(address, "host", "").partition("%")[0])
        if is_private(found):
            self._refused[self._host] = str(found)
        else:
            self._receiver.addressResolved(address)  # type: ignore[call-arg, misc]

    def resolutionComplete(self) -> None:  # noqa: N802, D102
        self._receiver.resolutionComplete()  # type: ignore[misc]


class GuardedResolver(CachingHostnameResolver):
    """Resolves names to public addresses only. Checked at connection time, so DNS rebinding cannot get around it.

    Hosts in the setting `TRUSTED_HOSTS` may be anywhere: the operator named them as origins.
    """

    def __init__(self, reactor: ReactorBase, cache_size: int, trusted_hosts: frozenset[str]) -> None:
        super().__init__(reactor, cache_size)
        self.refused: dict[str, str] = {}
        """Host -> the private address that it resolved to."""
        self._trusted_hosts = trusted_hosts

    @classmethod
    def from_crawler(cls, crawler: HasSettings, reactor: ReactorBase) -> Self:  # type: ignore[override]
        """Create the resolver for Scrapy. No spider exists yet, so only the settings are available."""
        settings = crawler.settings
        return cls(reactor, settings.getint("DNSCACHE_SIZE"), frozenset(settings.getlist("TRUSTED_HOSTS")))

    def resolveHostName(  # noqa: N802, D102 - the interface's
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        guarded = (
            resolutionReceiver
            if hostName in self._trusted_hosts
            else GuardedReceiver(resolutionReceiver, self.refused, hostName)
        )
        return super().resolveHostName(
            guarded,  # type: ignore[arg-type]  # zope declares what it implements
            hostName,
            portNumber,
            addressTypes,
            transportSemantics,
        )
