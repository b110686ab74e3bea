"""Hours of people as parameters of statements: the unit that rollups are made in."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

_AN_HOUR = timedelta(hours=1)

# Some hours, with their ends: a cluster adds nothing to an instant of a table that it deletes from.
CHOSEN = """
    unnest(CAST(:user_ids AS uuid[]), CAST(:hours AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS chosen (user_id, hour, ends)
"""


class PersonHour(NamedTuple):
    """An hour of a person; `hour` is its first instant."""

    user_id: UUID
    hour: datetime


def arrays_of(hours: Collection[PersonHour]) -> dict[str, list[object]]:
    """The parameters of CHOSEN."""
    return {
        "user_ids": [each.user_id for each in hours],
        "hours": [each.hour for each in hours],
        "ends": [each.hour + _AN_HOUR for each in hours],
    }
