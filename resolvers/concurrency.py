"""Limits the statements that run at once: of a viewer, of an organization, in all. Nobody can take every connection.

Downloads under way are limited in the same way (resolvers/exports.py); what is said of statements goes for them.

All three are below the pool's size, so short statements (signing in, looking up keys) never wait for long ones:

    DB_POOL_SIZE   viewer   organization   in all
               2        1              1        2
               5        2              3        4
              10        4              6        8
              20        8             12       16

(With a pool of two, only viewers and organizations are kept below it.) A statement that must wait holds no connection.
When a slot becomes free it goes to the organization with the fewest statements running, there to the viewer with the
fewest, and among equals to whoever has waited longest for a turn; a viewer's own statements take turns as they came.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from auth.viewer import Viewer
from core.errors import Unavailable
from db.engine import unavailable

WAIT_SECONDS = 4.0
"""The longest wait for a turn: with the five seconds that a statement may run, less than the timeout of a request."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A running statement: its viewer, and the organization that it counts for, if any."""

    viewer_id: UUID
    organization_id: UUID | None


@dataclass(eq=False, slots=True)
class _Waiter:
    viewer: Viewer
    turn: int
    slot: asyncio.Future[Slot] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class ConcurrencyLimit:
    """The limits of statements for a connection pool of a given size; see the module.

    A statement of a member of several organizations counts for the one with the fewest statements running: a busy
    organization does not block queries about another, and a new membership takes nothing from its member. Super admins,
    and viewers without an organization, count for themselves only.

    `running` and `waiting` are the current numbers; `refusals` counts the statements that waited too long, by the limit
    reached: `viewer`, `organization` or `all`. `what` is limited, in the words of a refusal.
    """

    def __init__(self, pool_size: int, what: str = "statements") -> None:
        self._what = what
        self.per_viewer = max(1, pool_size * 2 // 5)
        self.per_organization = max(1, pool_size * 3 // 5)
        self.in_all = max(self.per_organization + 1, pool_size - max(1, pool_size // 5))
        self.running = 0
        self.refusals: Counter[str] = Counter()
        self._running_of: dict[UUID, int] = {}
        self._waiters: dict[_Waiter, None] = {}
        self._turns = 0

    @property
    def waiting(self) -> int:
        """The number of statements that wait for their turn."""
        return len(self._waiters)

    async def acquire(self, viewer: Viewer, wait_seconds: float = WAIT_SECONDS) -> Slot:
        """Return a slot for one statement of the viewer, to be released. Unavailable after waiting for `wait_seconds`.

        A holder of a slot must not acquire another one: two of them could wait for each other.
        """
        # Waiting statements are held back by a limit that applies to them, so this one overtakes none of them.
        slot = self._free_slot(viewer)
        if slot is not None:
            self._take(slot)
            return slot
        return await self._wait(viewer, wait_seconds)

    def left_to(self, viewer: Viewer) -> int:
        """Return how many more the viewer may have at once; others may take them before."""
        return self.per_viewer - self._running_of.get(viewer.user_id, 0)

    def release(self, slot: Slot) -> None:
        """Release a slot, and give it to a waiting statement."""
        self.running -= 1
        for key in (slot.viewer_id, slot.organization_id):
            if key is not None:
                self._running_of[key] -= 1
                if not self._running_of[key]:
                    del self._running_of[key]
        while self._waiters and self._admit_one():
            pass

    async def _wait(self, viewer: Viewer, seconds: float) -> Slot:
        self._turns += 1
        waiter = _Waiter(viewer, self._turns)
        self._waiters[waiter] = None
        try:
            async with asyncio.timeout(seconds):
                return await waiter.slot
        except BaseException as error:
            if (
                waiter.slot.done() and not waiter.slot.cancelled()
            ):  # the slot was given at the moment when the wait ended
                self.release(waiter.slot.result())
            if isinstance(error, TimeoutError):
                raise self._refusal(viewer, seconds) from None
            raise
        finally:
            self._waiters.pop(waiter, None)

    def _free_slot(self, viewer: Viewer) -> Slot | None:
        viewer_id, running_of = viewer.user_id, self._running_of
        if self.running >= self.in_all or running_of.get(viewer_id, 0) >= self.per_viewer:
            return None
        if viewer.is_super_admin or not viewer.roles:
            return Slot(viewer_id, None)
        organization_id = min(viewer.roles, key=lambda each: running_of.get(each, 0))
        if running_of.get(organization_id, 0) >= self.per_organization:
            return None
        return Slot(viewer_id, organization_id)

    def _take(self, slot: Slot) -> None:
        self.running += 1
        for key in (slot.viewer_id, slot.organization_id):
            if key is not None:
                self._running_of[key] = self._running_of.get(key, 0) + 1

    def _admit_one(self) -> bool:
        """Give a slot to the waiting statement that comes first; return False if none can have one."""
        best: tuple[tuple[int, int, int], _Waiter, Slot] | None = None
        seen: set[UUID] = set()
        for waiter in self._waiters:
            viewer_id = waiter.viewer.user_id
            if viewer_id in seen or waiter.slot.done():  # done: cancelled a moment ago
                continue
            seen.add(viewer_id)
            slot = self._free_slot(waiter.viewer)
            if slot is not None:
                of_viewer = self._running_of.get(viewer_id, 0)
                of_organization = self._running_of.get(slot.organization_id or viewer_id, 0)
                claim = (of_organization, of_viewer, waiter.turn)
                if best is None or claim < best[0]:
                    best = claim, waiter, slot
        if best is None:
            return False
        _, waiter, slot = best
        self._take(slot)
        waiter.slot.set_result(slot)
        del self._waiters[waiter]
        self._move_back(slot.viewer_id)
        return True

    def _move_back(self, viewer_id: UUID) -> None:
        """Put a viewer who has had a turn behind the others: statements queued early do not all come first."""
        self._turns += 1
        for waiter in self._waiters:
            if waiter.viewer.user_id == viewer_id:
                waiter.turn = self._turns

    def _refusal(self, viewer: Viewer, seconds: float) -> Unavailable:
        limit, most, whose = self._reached(viewer)
        self.refusals[limit] += 1
        return unavailable(
            f"{most} {self._what} of {whose} run already, as many as may at once, and this one waited "
            f"{seconds:g} s for its turn. Ask for fewer things at once or shorter periods, and wait for answers before "
            "you ask for more."
        )

    def _reached(self, viewer: Viewer) -> tuple[str, int, str]:
        """Return the limit that a viewer has reached: its name, its number, and whose statements it counts."""
        if self._running_of.get(viewer.user_id, 0) >= self.per_viewer:
            return "viewer", self.per_viewer, "your account"
        if self.running < self.in_all:
            return "organization", self.per_organization, "your organization's accounts"
        return "all", self.in_all, "all accounts"
