"""Charges a request for the time that its statements took beyond what its price includes.

A price is an estimate: it depends on what is asked for, not on how much data there is. It includes a second for each
statement, longer than usual statements take. The time beyond is charged in addition, most for a statement that is
cancelled after its limit of five seconds:

    seconds    1    1.5      2        5
    points     0  1,000  2,000    8,000
"""

from math import ceil

from auth.budget import Budget

INCLUDED_SECONDS = 1.0
"""The time of a statement that its price includes. docs/adr/0015-time-is-charged.md tells what usual ones take."""
POINTS_PER_SECOND = 2000
"""The price of each further second: twice the points that refill a budget in a second."""


class Meter:
    """The points that one request pays.

    `paid` is what it has paid so far, `owed` what is still to be charged. `remaining` is what the last charge left in
    the budget; None without a charge. The price includes `included_seconds` of each statement.
    """

    def __init__(self, budget: Budget, included_seconds: float = INCLUDED_SECONDS) -> None:
        self._budget = budget
        self._included = included_seconds
        self._key = ""
        self.paid = 0
        self.owed = 0
        self.remaining: int | None = None

    def pay(self, key: str, points: int) -> None:
        """Record that the price was paid from a key's budget."""
        self._key, self.paid = key, points

    def add(self, seconds: float) -> None:
        """Add the time that a statement took, whether or not it succeeded."""
        if seconds > self._included:
            self.owed += ceil((seconds - self._included) * POINTS_PER_SECOND)

    async def settle(self) -> None:
        """Take the owed points out of the budget, which may get into debt."""
        points, self.owed = self.owed, 0  # before waiting: another statement may end meanwhile
        self.paid += points
        self.remaining = await self._budget.charge(self._key, points)
