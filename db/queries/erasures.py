"""Erasures: what has begun, and how far it is. The work itself is done by db/erasures.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.erasure import ErasurePhase, ErasureStatus
from core.scope import Scope
from db.models import Erasure, ErasureSubject
from db.queries import event_ranges
from db.queries.event_ranges import Position
from db.tenancy import in_scope

MOST_COUNTED = 100_000
"""How far the events that are left are counted."""
PEOPLE_COUNTED = 1000
"""How many people's events that are left are counted."""


@dataclass(frozen=True, slots=True)
class NewErasure:
    """An erasure to begin: of a person, or of everybody in an organization that is deleted (None)."""

    organization_id: UUID
    extension_user_id: UUID | None
    actor_id: UUID


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """An erasure. The counts are what it has deleted so far."""

    id: UUID
    organization_id: UUID
    extension_user_id: UUID | None
    actor_id: UUID | None
    phase: ErasurePhase
    place: UUID | None
    position_ts: datetime | None
    position_id: UUID | None
    extension_users: int
    behaviors: int
    runs: int
    rejected_events: int
    begun_at: datetime
    finished_at: datetime | None

    @property
    def position(self) -> Position | None:
        """Up to where the events of the person behind `place` are deleted."""
        if self.position_ts is None or self.position_id is None:
            return None
        return Position(self.position_ts, self.position_id)

    @property
    def status(self) -> ErasureStatus:
        """True if something may be left."""
        return ErasureStatus.RUNNING if self.finished_at is None else ErasureStatus.DONE


@dataclass(frozen=True, slots=True)
class Progress:
    """The rows that a portion has deleted, and the phase in which the erasure goes on."""

    phase: ErasurePhase
    place: UUID | None
    position: Position | None = None
    behaviors: int = 0
    runs: int = 0
    rejected_events: int = 0


_COLUMNS = (
    Erasure.id,
    Erasure.organization_id,
    Erasure.extension_user_id,
    Erasure.actor_id,
    Erasure.phase,
    Erasure.place,
    Erasure.position_ts,
    Erasure.position_id,
    Erasure.extension_users,
    Erasure.behaviors,
    Erasure.runs,
    Erasure.rejected_events,
    Erasure.begun_at,
    Erasure.finished_at,
)


def _row(row: Any) -> ErasureRow:
    return ErasureRow(**{**row._mapping, "phase": ErasurePhase(row.phase)})  # noqa: SLF001 - public in all but its name


async def begin(connection: AsyncConnection, new: NewErasure, user_ids: Sequence[UUID]) -> ErasureRow:
    """Write down that everything held on these people is to be deleted, in the transaction that removes them."""
    statement = (
        insert(Erasure)
        .values(
            organization_id=new.organization_id,
            extension_user_id=new.extension_user_id,
            actor_id=new.actor_id,
            extension_users=len(user_ids),
        )
        .returning(*_COLUMNS)
    )
    erasure = _row((await connection.execute(statement)).one())
    subjects = text("""
        INSERT INTO erasure_subjects (erasure_id, extension_user_id)
        SELECT :erasure_id, * FROM unnest(CAST(:user_ids AS uuid[]))
    """)  # one parameter, however many people an organization has
    await connection.execute(subjects, {"erasure_id": erasure.id, "user_ids": list(user_ids)})
    return erasure


async def by_id(connection: AsyncConnection, scope: Scope, erasure_id: UUID, actor_id: UUID) -> ErasureRow | None:
    """An erasure in scope; that of a whole organization also for whoever began it, who is no member any more."""
    own = and_(Erasure.extension_user_id.is_(None), Erasure.actor_id == actor_id)
    visible = or_(in_scope(scope, Erasure.organization_id), own)
    row = (await connection.execute(select(*_COLUMNS).where(Erasure.id == erasure_id, visible))).one_or_none()
    return None if row is None else _row(row)


async def events_left(connection: AsyncConnection, erasure: ErasureRow) -> int:
    """Return the number of events that an erasure has still to delete, counted up to MOST_COUNTED.

    Only the next PEOPLE_COUNTED people are counted, since each is looked up in every partition.
    """
    if erasure.phase is not ErasurePhase.EVENTS:
        return 0
    people = await subjects(connection, erasure, PEOPLE_COUNTED)
    return await event_ranges.count_up_to(connection, people, MOST_COUNTED, after=erasure.position)


async def unfinished(
    connection: AsyncConnection, after: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[datetime, UUID]]:
    """The next erasures that have not come to their end, the oldest first: when they began, and their ids."""
    statement = select(Erasure.begun_at, Erasure.id).where(Erasure.finished_at.is_(None))
    if after is not None:
        begun_at, erasure_id = after
        statement = statement.where(
            or_(Erasure.begun_at > begun_at, and_(Erasure.begun_at == begun_at, Erasure.id > erasure_id))
        )
    rows = await connection.execute(statement.order_by(Erasure.begun_at, Erasure.id).limit(limit))
    return [(row.begun_at, row.id) for row in rows]


async def lock(connection: AsyncConnection, erasure_id: UUID) -> ErasureRow | None:
    """Lock an unfinished erasure until the transaction ends. None if it is finished or another process holds it."""
    statement = (
        select(*_COLUMNS)
        .where(Erasure.id == erasure_id, Erasure.finished_at.is_(None))
        .with_for_update(skip_locked=True)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def subjects(connection: AsyncConnection, erasure: ErasureRow, limit: int) -> list[UUID]:
    """The next people whom the present phase of an erasure has to deal with."""
    statement = select(ErasureSubject.extension_user_id).where(ErasureSubject.erasure_id == erasure.id)
    if erasure.place is not None:
        statement = statement.where(ErasureSubject.extension_user_id > erasure.place)
    return list(await connection.scalars(statement.order_by(ErasureSubject.extension_user_id).limit(limit)))


async def record(connection: AsyncConnection, erasure_id: UUID, progress: Progress) -> ErasureRow:
    """Record a portion's progress in the transaction of its work; return the erasure as it is then."""
    done = progress.phase is ErasurePhase.DONE
    statement = (
        update(Erasure)
        .where(Erasure.id == erasure_id)
        .values(
            phase=progress.phase.value,
            place=progress.place,
            position_ts=progress.position and progress.position.ts,
            position_id=progress.position and progress.position.id,
            behaviors=Erasure.behaviors + progress.behaviors,
            runs=Erasure.runs + progress.runs,
            rejected_events=Erasure.rejected_events + progress.rejected_events,
            finished_at=func.now() if done else None,
        )
        .returning(*_COLUMNS)
    )
    return _row((await connection.execute(statement)).one())


async def remove_subjects(connection: AsyncConnection, erasure_id: UUID, user_ids: Collection[UUID]) -> None:
    """Strike off people of whom nothing is left."""
    await connection.execute(
        delete(ErasureSubject).where(
            ErasureSubject.erasure_id == erasure_id, ErasureSubject.extension_user_id.in_(user_ids)
        )
    )
