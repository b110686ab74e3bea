"""The identities of accounts at providers of single sign-on."""

from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from db.models import Identity


async def lock(connection: AsyncConnection, issuer: str, subject: str) -> None:
    """Lock an identity, whether it is known or not, until the transaction ends: two tabs make one account."""
    key = func.hashtextextended(f"{issuer}\n{subject}", 0)
    await connection.execute(select(func.pg_advisory_xact_lock(key)))


async def account_of(connection: AsyncConnection, issuer: str, subject: str) -> UUID | None:
    """Return the id of the account that an identity is linked to; None if it is linked to none."""
    statement = select(Identity.user_id).where(Identity.issuer == issuer, Identity.subject == subject)
    return await connection.scalar(statement)


async def add(connection: AsyncConnection, issuer: str, subject: str, user_id: UUID) -> None:
    """Link an identity that is linked to none."""
    await connection.execute(insert(Identity).values(issuer=issuer, subject=subject, user_id=user_id))


async def relink(connection: AsyncConnection, issuer: str, subject: str, user_id: UUID) -> None:
    """Link an identity to this account, whatever it was linked to."""
    statement = upsert(Identity).values(issuer=issuer, subject=subject, user_id=user_id)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[Identity.issuer, Identity.subject], set_={"user_id": user_id, "last_used_at": None}
        )
    )


async def note_use(connection: AsyncConnection, issuer: str, subject: str) -> None:
    """Record that somebody signs in by an identity."""
    identity = (Identity.issuer == issuer, Identity.subject == subject)
    await connection.execute(update(Identity).where(*identity).values(last_used_at=func.now()))
