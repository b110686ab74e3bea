"""Throwing away what has had its time."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.models import RejectedEvent, SignIn


async def remove_ended_sign_ins(connection: AsyncConnection) -> None:
    """Delete sign-ins past their time, with their refresh tokens."""
    await connection.execute(delete(SignIn).where(SignIn.expires_at < func.now()))


async def remove_old_rejected(connection: AsyncConnection, before: datetime, keep: int) -> None:
    """Delete rejected events received before an instant, and all but the newest `keep`."""
    newest = select(RejectedEvent.id).order_by(RejectedEvent.id.desc()).offset(keep).limit(1).scalar_subquery()
    await connection.execute(
        delete(RejectedEvent).where((RejectedEvent.received_at < before) | (RejectedEvent.id <= newest))
    )


async def newest_rejected(connection: AsyncConnection, limit: int) -> list[RejectedEvent]:
    """The newest rejected events, newest first."""
    statement = select(RejectedEvent.__table__).order_by(RejectedEvent.id.desc()).limit(limit)
    return [RejectedEvent(**row._mapping) for row in await connection.execute(statement)]  # noqa: SLF001
