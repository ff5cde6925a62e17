"""Keeps every Python process of the test run on loopback: found on PYTHONPATH, imported before anything else."""

import ipaddress
import sys
from typing import Any

ADDRESS_EVENTS = {"socket.connect", "socket.sendto"}
LOCAL_NAMES = {"localhost", "localhost.localdomain", ""}


class NetworkForbidden(ConnectionRefusedError):  # noqa: N818 - it states a fact
    """A test reached for a URL outside loopback."""


def _stay_on_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ADDRESS_EVENTS:
        address = arguments[1]
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise NetworkForbidden(f"{event} {address}: tests talk to loopback only")
    elif event == "socket.getaddrinfo" and arguments[0] and not _is_loopback(arguments[0]):
        raise NetworkForbidden(f"look-up of {arguments[0]!r}: tests talk to loopback only")


def _is_loopback(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


sys.addaudithook(_stay_on_loopback)
