"""Limits on the connections and requests that a process has at once, in all and by address of the peer.

    MAX_CONNECTIONS ─┬─ MAX_CONNECTIONS_PER_ADDRESS     beyond either a connection is *surplus*: its request is
                     │                                  answered 503, /health and /ready excepted, and it is closed
    MAX_REQUESTS ────┴─ half of them for one address    beyond either a request is answered 503

The address is that of the socket, never one from a header. Behind a proxy all clients have the same address, so there
the limits per address are turned off, and the proxy must limit addresses.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from resolvers.caller import Client
from web.connection_timeouts import ConnectionTimeouts, TimedConnection
from web.head_limit import HeadLimit

SURPLUS_CONNECTIONS = 1024
"""The most surplus connections that may wait for their answer; beyond, the oldest is cut."""
SURPLUS_HEAD_SECONDS = 3.0
"""The longest time that the request on a surplus connection may take to arrive."""
_ADDRESSES_REMEMBERED = 4096

network_of = lru_cache(_ADDRESSES_REMEMBERED)(lambda address: Client(address).network)
"""An address, or the /64 of an IPv6 one."""


REFUSAL_REASONS = (
    "connections",
    "requests",
    "address_connections",
    "address_requests",
    "large_head",
    "slow_head",
    "silent",
    "pipelined",
    "chunks",
    "no_http",
    "stalled",
)
"""The reasons why connections and requests are refused, explained in docs/observability.md."""


@dataclass
class ConnectionCounts:
    """The metrics of a process's connections: the number of open ones, and refusals by reason."""

    open: int = 0
    refusals: Counter[str] = field(default_factory=Counter)


CONNECTION_COUNTS = ConnectionCounts()
"""The counts of this process."""


@dataclass(slots=True, eq=False)
class AddressUsage:
    """The numbers of connections of an address, and of its requests that are being answered."""

    connections: int = 0
    requests: int = 0


class ConnectionLimits:
    """The limits of a process, and their usage."""

    def __init__(
        self,
        requests: int,
        connections_per_address: int = 0,
        head: HeadLimit | None = None,
        write_seconds: float = 30,
    ) -> None:
        self.requests = requests
        self.connections_per_address = connections_per_address
        self.requests_per_address = max(1, requests // 2) if connections_per_address else requests
        self.head = head or HeadLimit()
        self.timeouts = ConnectionTimeouts(write_seconds)
        self.surplus: dict[TimedConnection, None] = {}
        self._active_requests = 0
        self._usage: dict[str, AddressUsage] = {}

    def add_connection(self, address: str | None) -> AddressUsage:
        """Count a new connection of an address; without an address (None) it counts alone."""
        if address is None or not self.connections_per_address:
            return AddressUsage(connections=1)
        usage = self._usage.setdefault(network_of(address), AddressUsage())
        usage.connections += 1
        return usage

    def remove_connection(self, address: str | None, usage: AddressUsage) -> None:
        """Stop counting a connection."""
        usage.connections -= 1
        if address is not None and not usage.connections:
            self._usage.pop(network_of(address), None)

    def add_surplus(self, connection: TimedConnection) -> None:
        """Admit a connection beyond the limits; the oldest surplus connection is cut if there are too many."""
        self.surplus[connection] = None
        if len(self.surplus) > SURPLUS_CONNECTIONS:
            oldest = next(iter(self.surplus))
            del self.surplus[oldest]
            CONNECTION_COUNTS.refusals["connections"] += 1
            oldest.transport.abort()

    def begin_request(self, usage: AddressUsage) -> None:
        """Count a request that is being answered.

        Requests beyond an address's limit do not count towards the limit of all: an address may complete many
        unfinished requests at once, after their connections were admitted.
        """
        usage.requests += 1
        if usage.requests <= self.requests_per_address or not self.connections_per_address:
            self._active_requests += 1

    def end_request(self, usage: AddressUsage) -> None:
        """Stop counting a request."""
        if usage.requests <= self.requests_per_address or not self.connections_per_address:
            self._active_requests -= 1
        usage.requests -= 1

    def excess_requests(self, usage: AddressUsage) -> str | None:
        """Return the limit that forbids another request of the address; None if it is admitted."""
        if self._active_requests >= self.requests:
            return "requests"
        return "address_requests" if usage.requests >= self.requests_per_address else None
