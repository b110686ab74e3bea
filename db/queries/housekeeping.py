"""Throwing away what has had its time, a portion in each transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.limits import API_TOKEN_REMAINS_DAYS, LINK_REMAINS_DAYS
from core.rejected_events import RejectedEventSource
from db.models import (
    AccountLink,
    ApiToken,
    ExtensionUser,
    Invitation,
    MembershipOffer,
    RefreshToken,
    RejectedEvent,
    SignIn,
)


async def remove_ended_sign_ins(connection: AsyncConnection, limit: int) -> int:
    """Delete at most `limit` sign-ins past their time, but not before all of their refresh tokens.

    Returns the larger of the two numbers of rows: fewer than `limit` only when nothing is left. Rows locked by
    others are left for the next time.
    """
    ended = (
        select(SignIn.id)
        .where(SignIn.expires_at < func.now())
        .order_by(SignIn.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await connection.scalars(ended))
    if not ids:
        return 0
    # How many tokens a sign-in has is for its client to say: it has one for each time it went on. Where most tokens are
    # those of one sign-in, the planner would rather read the table, past all that were deleted before.
    await connection.execute(text("SET LOCAL enable_seqscan = off"))
    tokens = select(RefreshToken.token_hash).where(RefreshToken.sign_in_id.in_(ids)).limit(limit)
    removed = (await connection.execute(delete(RefreshToken).where(RefreshToken.token_hash.in_(tokens)))).rowcount
    if removed < limit:
        await connection.execute(delete(SignIn).where(SignIn.id.in_(ids)))
    return max(removed, len(ids))


async def remove_expired_offers(connection: AsyncConnection, limit: int) -> int:
    """Delete at most `limit` expired offers of membership, except locked ones; return how many."""
    expired = (
        select(MembershipOffer.id)
        .where(MembershipOffer.expires_at < func.now())
        .order_by(MembershipOffer.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await connection.scalars(expired))
    await connection.execute(delete(MembershipOffer).where(MembershipOffer.id.in_(ids)))
    return len(ids)


async def remove_expired_tokens(connection: AsyncConnection, limit: int) -> int:
    """Delete at most `limit` API tokens that expired a while ago, except locked ones; return how many."""
    expired = (
        select(ApiToken.id)
        .where(ApiToken.expires_at < func.now() - timedelta(days=API_TOKEN_REMAINS_DAYS))
        .order_by(ApiToken.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await connection.scalars(expired))
    await connection.execute(delete(ApiToken).where(ApiToken.id.in_(ids)))
    return len(ids)


async def remove_ended_invitations(connection: AsyncConnection, limit: int) -> int:
    """Delete at most `limit` invitations that ended a while ago, except locked ones; return how many."""
    return await _remove_ended_links(connection, Invitation, limit)


async def remove_ended_account_links(connection: AsyncConnection, limit: int) -> int:
    """Delete at most `limit` links of accounts that ended a while ago, except locked ones; return how many."""
    return await _remove_ended_links(connection, AccountLink, limit)


async def _remove_ended_links(
    connection: AsyncConnection, links: type[Invitation] | type[AccountLink], limit: int
) -> int:
    end = func.coalesce(links.ended_at, links.expires_at)
    ended = (
        select(links.id)
        .where(end < func.now() - timedelta(days=LINK_REMAINS_DAYS))
        .order_by(end)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await connection.scalars(ended))
    await connection.execute(delete(links).where(links.id.in_(ids)))
    return len(ids)


async def newest_rejected_id(connection: AsyncConnection) -> int:
    """The id of the rejected event that came last, whether it is still there or not; 0 before the first."""
    statement = text("SELECT pg_sequence_last_value(pg_get_serial_sequence('rejected_events', 'id'))")
    return await connection.scalar(statement) or 0


class KeptRejectedEvent(NamedTuple):
    """The columns that decide how long a rejected event is kept."""

    id: int
    received_at: datetime
    source: RejectedEventSource


async def rejected_between(
    connection: AsyncConnection, first_id: int, end_id: int, limit: int
) -> list[KeptRejectedEvent]:
    """At most `limit` rejected events with ids from the first up to but not including the end, newest first.

    The range bounds the work even where nearly all of its events are deleted and not yet vacuumed away.
    """
    statement = (
        select(
            RejectedEvent.id,
            RejectedEvent.received_at,
            ExtensionUser.organization_id,
            ExtensionUser.id,
            RejectedEvent.user_id.is_not(None) & RejectedEvent.named_user_id.is_(None),
        )
        .outerjoin(ExtensionUser, ExtensionUser.id == func.coalesce(RejectedEvent.user_id, RejectedEvent.named_user_id))
        .where(RejectedEvent.id >= first_id, RejectedEvent.id < end_id)
        .order_by(RejectedEvent.id.desc())
        .limit(limit)
    )
    rows = await connection.execute(statement)
    return [KeptRejectedEvent(row[0], row[1], RejectedEventSource(*row[2:])) for row in rows]


async def remove_rejected(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Delete these rejected events but for those that somebody else has locked, to delete them."""
    statement = text("""
        DELETE FROM rejected_events WHERE id = ANY(ARRAY(
            SELECT id FROM rejected_events WHERE id = ANY(CAST(:ids AS bigint[])) FOR UPDATE SKIP LOCKED
        ))
    """)
    await connection.execute(statement, {"ids": list(ids)})


async def newest_rejected(connection: AsyncConnection, limit: int) -> list[RejectedEvent]:
    """The newest rejected events, newest first."""
    statement = select(RejectedEvent.__table__).order_by(RejectedEvent.id.desc()).limit(limit)
    return [RejectedEvent(**row._mapping) for row in await connection.execute(statement)]  # noqa: SLF001
