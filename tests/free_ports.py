"""Free ports of the loopback interface."""

import secrets
import socket

_PORTS = range(20_000, 32_000)
"""Below those that Linux gives to outgoing connections: until a server listens on its port, nobody else gets it."""


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    return _free(1)


def two_free_ports() -> int:
    """The first of two ports in a row that nobody listens on."""
    return _free(2)


def _free(count: int) -> int:
    while True:
        first = secrets.choice(_PORTS)  # tests that look at the same time find others
        if all(_is_free(first + place) for place in range(count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do, past connections of a port that are not quite over yet do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
