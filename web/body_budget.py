"""The memory that requests' bodies may hold while they arrive, in all and by address.

    in all   ├──────────── 64 MiB ────────────┤
    address  ├─ 16 MiB ─┤

A body is charged piece by piece, as it arrives; the declared length is not charged. Most bodies arrive in one piece,
are decoded at once, and are never charged. Beyond either bound a request is refused, and its pieces are released.
"""

from types import TracebackType
from typing import Self

from db.engine import unavailable

TOTAL_BYTES = 64 * 1024 * 1024
ADDRESS_BYTES = TOTAL_BYTES // 4
"""A single address, or three, cannot exhaust the budget."""


class BodyBudget:
    """The budget. `held_bytes` is what all bodies hold at the moment; `refused` counts the refused requests."""

    def __init__(self, total_bytes: int = TOTAL_BYTES, address_bytes: int = ADDRESS_BYTES) -> None:
        self.total_bytes = total_bytes
        self.address_bytes = address_bytes
        self.held_bytes = 0
        self.refused = 0
        self._held_of: dict[str, int] = {}

    def free(self, address: str) -> int:
        """Return the number of bytes that an address may still take."""
        return min(self.total_bytes - self.held_bytes, self.address_bytes - self._held_of.get(address, 0))

    def take(self, address: str, size: int) -> None:
        """Charge an address. Raises Unavailable, and charges nothing, beyond a bound."""
        if size > self.free(address):
            self.refused += 1
            raise unavailable("Too many request bodies are arriving at the moment.")
        self.held_bytes += size
        self._held_of[address] = self._held_of.get(address, 0) + size

    def give_back(self, address: str, size: int) -> None:
        """Release what was charged."""
        self.held_bytes -= size
        self._held_of[address] -= size
        if not self._held_of[address]:
            del self._held_of[address]


class HeldBody:
    """The memory that one body holds; released at the end of `with`."""

    __slots__ = ("_address", "_budget", "size")

    def __init__(self, budget: BodyBudget, address: str) -> None:
        self._budget = budget
        self._address = address
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self.size:
            self._budget.give_back(self._address, self.size)

    def add(self, size: int) -> None:
        """Charge another piece of the body. Raises Unavailable."""
        if size:
            self._budget.take(self._address, size)
            self.size += size


BODY_BUDGET = BodyBudget()
"""The budget of this process."""
