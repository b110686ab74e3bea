"""Connections for the tests of the HTTP toolkit."""

from collections.abc import AsyncIterator

import pytest

from tests.web.raw_connection import Connect, RawConnection, open_connection


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """A function that opens connections to a port of this machine, perhaps from another address of it.

    They are closed at the end of the test.
    """
    connections: list[RawConnection] = []

    async def connect_to(port: int, address: str = "127.0.0.1") -> RawConnection:
        connections.append(await open_connection(port, address))
        return connections[-1]

    yield connect_to
    for connection in connections:
        connection.writer.close()
