"""Who may use the server: the password, the Host names, and what is refused at its start."""

from base64 import b64decode
from binascii import Error as Base64Invalid
from collections.abc import Collection
from ipaddress import ip_address
from secrets import compare_digest
from typing import Self

from schemas.failure import UsageFailure
from schemas.settings import Settings

LOOPBACK_NAME = "localhost"


class PasswordMissing(UsageFailure):
    """The host can be reached from other machines, and no password is set."""


class Access:
    """The rules of access."""

    def __init__(self, password: str = "", hosts: Collection[str] = ()) -> None:
        self._password = password.encode()
        self._hosts = {LOOPBACK_NAME, *(host.lower() for host in hosts)}

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
        name = host.rpartition(":")[0] if _has_port(host) else host
        return name.lower().rstrip(".") in self._hosts or _is_ip_address(name.strip("[]"))

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


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdecimal() and (host.count(":") == 1 or host.startswith("["))


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
