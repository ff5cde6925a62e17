"""Who may use the server: the password, the Host names, and what is refused at its start."""

import re
from base64 import b64decode
from binascii import Error as Base64Invalid
from collections.abc import Collection
from ipaddress import ip_address
from secrets import compare_digest
from typing import Self

from schemas.failure import UsageFailure
from schemas.settings import Settings

LOOPBACK_NAME = "localhost"

HOST = re.compile(r"(?:\[(?P<ip6>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]*)?")
"""A Host header (RFC 9110): a name or an address, and a port, which may be empty."""


class PasswordMissing(UsageFailure):
    """The host can be reached from other machines, and no password is set."""


class Access:
    """The rules of access."""

    def __init__(self, password: str = "", hosts: Collection[str] = ()) -> None:
        self._password = password.encode()
        self._hosts = {LOOPBACK_NAME, *map(_normalize, hosts)}

    @classmethod
    def from_settings(cls, settings: Settings, host: str) -> Self:
        """Return the rules for a server at this host.

        Raises:
            PasswordMissing: other machines can reach the host, and the settings have no password.
        """
        password = settings.serve_password.get_secret_value()
        if not password and not is_loopback(host):
            raise PasswordMissing(f"{host} can be reached from other machines: set BROADSHEET_SERVE_PASSWORD first")
        return cls(password, (host, *settings.serve_hosts))

    def allows_host(self, host: str) -> bool:
        """Whether a Host header names this server.

        An IP address always does: only a name can be made to resolve to this server by a foreign page (DNS rebinding).
        """
        match = HOST.fullmatch(host)
        if match is None:
            return False
        if match["ip6"] is not None:
            return _is_ip_address(match["ip6"])
        name = _normalize(match["name"])
        return name in self._hosts or _is_ip_address(name)

    def allows(self, authorization: str) -> bool:
        """Whether an Authorization header has the password, as HTTP Basic (any user) or as a bearer token."""
        if not self._password:
            return True
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return compare_digest(
                given.strip().encode("latin-1", "replace"), self._password
            )  # the bytes that were sent
        if scheme.lower() != "basic":
            return False
        try:
            _, _, password = b64decode(given, validate=True).partition(b":")
        except (Base64Invalid, ValueError):
            return False
        return compare_digest(password, self._password)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    return host.lower() == LOOPBACK_NAME or (_is_ip_address(host) and ip_address(host).is_loopback)


def _normalize(name: str) -> str:
    """Return a name in lower case, without the dot that may end it."""
    return name.lower().removesuffix(".")


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
