"""Erasures: beginning one, and reporting its progress. db/erasures.py deletes in the background."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import AuditAction
from core.erasure import ErasureStatus
from core.errors import Unavailable
from core.scope import Scope
from db.queries import erasures
from db.queries.erasures import ErasureRow, NewErasure
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller

ANSWER_SECONDS = 2.0
"""The longest time for which the mutation that begins an erasure waits for its end."""
_PAUSES = (0.01, 0.02, 0.04, 0.08, 0.16)


async def erasure(caller: Caller, erasure_id: UUID) -> ErasureRow | None:
    """Return an erasure of an organization that the viewer manages, or managed until they deleted it."""
    async with caller.database.read() as db:
        return await erasures.by_id(db, caller.viewer.manageable, erasure_id, caller.viewer.user_id)


async def events_left(caller: Caller, row: ErasureRow) -> int:
    """Return the number of events that an erasure has still to delete, counted up to a bound."""
    async with caller.database.read() as db:
        return await erasures.events_left(db, row)


async def begin(
    caller: Caller,
    connection: AsyncConnection,
    user_ids: Sequence[UUID],
    *,
    organization_id: UUID,
    extension_user_id: UUID | None = None,
) -> ErasureRow:
    """Record the erasure of these people: one person, or everybody of an organization.

    Call it in the transaction that removes them, and `finished` after that.
    """
    new = NewErasure(organization_id, extension_user_id, caller.viewer.user_id)
    begun = await erasures.begin(connection, new, user_ids)
    action, details = AuditAction.EXTENSION_USER_ERASURE_BEGUN, {"erasureId": str(begun.id)}
    if extension_user_id is None:
        action = AuditAction.ORGANIZATION_ERASURE_BEGUN
    await record_audit_entry(
        connection,
        caller.viewer,
        action,
        organization_id=organization_id,
        subject_id=extension_user_id,
        details=details,
    )
    return begun


async def finished(caller: Caller, begun: ErasureRow) -> ErasureRow:
    """Wake the eraser, wait a little for the erasure to end, and return its state.

    The erasure has begun in any case: a failure to read its state is ignored.
    """
    caller.services.eraser.wake()
    row, loop = begun, asyncio.get_running_loop()
    deadline, pauses = loop.time() + ANSWER_SECONDS, iter(_PAUSES)
    while row.status is ErasureStatus.RUNNING and loop.time() < deadline:
        await asyncio.sleep(next(pauses, _PAUSES[-1]))
        with suppress(Unavailable):
            async with (
                caller.services.database.read() as db
            ):  # without waiting for the viewer's turn: it is one row by its key
                row = (
                    await erasures.by_id(db, Scope.of([begun.organization_id]), begun.id, caller.viewer.user_id) or row
                )
    return row
