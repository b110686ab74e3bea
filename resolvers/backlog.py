"""Makes questions about people with a backlog of rollups wait until these are made, for a limited time.

Reading a million events takes minutes, making their rollups takes seconds, so waiting leads to a faster answer. Hours
whose rollups are not made in time are read from events.
"""

import time
from collections.abc import Collection, Hashable
from uuid import UUID

from core.scope import Scope
from core.turns import Person
from db.metrics.question import Question
from db.queries.people import Subject
from db.rollup_backlog import RollupBacklog


class BacklogWait:
    """The waiting time of a request: all its questions together wait at most the backlog's `wait_seconds`."""

    def __init__(self, backlog: RollupBacklog, scope: Scope) -> None:
        self._backlog = backlog
        self._scope = scope
        self._deadline: float | None = None

    async def before(self, question: Question, keys: Collection[Hashable]) -> None:
        """Wait until the rollups that a question about these subjects reads are made, or the request's time is up.

        `keys` are subjects, or tuples that begin with one.
        """
        if not (question.rollups and self._backlog.is_large):
            return
        if self._deadline is None:
            self._deadline = time.monotonic() + self._backlog.wait_seconds
        left = self._deadline - time.monotonic()
        if left > 0:
            subjects = {key[0] if isinstance(key, tuple) else key for key in keys}
            await self._backlog.hurry(
                lambda person: self._concerns(person, question, subjects), question.time_range, left
            )

    def _concerns(self, person: Person, question: Question, subjects: Collection[Hashable]) -> bool:
        where = question.where
        return (
            self._scope.knows(person.organization_id)
            and _is_among(person.organization_id, where.organization_ids)
            and _is_among(person.user_id, where.extension_user_ids)
            and (question.subject is not Subject.USER or person.user_id in subjects)
            and (question.subject is not Subject.ORGANIZATION or person.organization_id in subjects)
        )


def _is_among(id_: UUID | None, ids: Collection[UUID] | None) -> bool:
    return ids is None or id_ in ids
