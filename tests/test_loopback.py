"""Tests that reach for the network outside loopback are stopped, in this process and in any child."""

import socket
import subprocess
import sys

import pytest

REACH_OUT = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"


def test_an_address_outside_loopback_is_refused() -> None:
    with pytest.raises(ConnectionRefusedError, match="loopback only"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_a_name_outside_loopback_is_not_even_looked_up() -> None:
    with pytest.raises(ConnectionRefusedError, match="loopback only"):
        socket.getaddrinfo("www.themoscowtimes.com", 443)


def test_a_child_process_is_refused_too() -> None:
    ended = subprocess.run([sys.executable, "-c", REACH_OUT], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "tests talk to loopback only" in ended.stderr


def test_loopback_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
