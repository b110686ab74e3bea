"""The people for whom events are to be stored, as they are in the transaction that stores them."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.events import ANONYMOUS
from db.models import ExtensionUser, Organization
from db.submissions import Person, Submission


class KnownPerson(NamedTuple):
    """A person as they are in this transaction.

    `requires_key`: events came without their key, and their organization requires one.
    """

    person: Person
    is_active: bool
    key_hash: bytes
    requires_key: bool


async def known_people(connection: AsyncConnection, submissions: Iterable[Submission]) -> dict[UUID, KnownPerson]:
    """Lock everybody named by the submissions' events and keys against deletion; return those who exist."""
    ids = {event.user_id for submission in submissions for event in submission.events}
    ids |= {submission.key.user_id for submission in submissions if submission.key is not None}
    ids.discard(ANONYMOUS)
    if not ids:
        return {}
    statement = (
        select(
            ExtensionUser.id,
            ExtensionUser.organization_id,
            ExtensionUser.username,
            ExtensionUser.is_active,
            ExtensionUser.api_key_hash,
        )
        .where(ExtensionUser.id.in_(ids))
        .order_by(ExtensionUser.id)
        .with_for_update(key_share=True, read=True)
    )
    rows = (await connection.execute(statement)).all()
    key_required = await _with_required_key(connection, keyless_user_ids(submissions))
    return {
        row.id: KnownPerson(Person(*row[:3]), row.is_active, row.api_key_hash, row.id in key_required) for row in rows
    }


def keyless_user_ids(submissions: Iterable[Submission]) -> set[UUID]:
    """Everybody for whom some submission has events without a key."""
    return {user_id for submission in submissions for user_id in submission.keyless_user_ids}


async def _with_required_key(connection: AsyncConnection, user_ids: set[UUID]) -> set[UUID]:
    """Of these people, those whose organization requires their key.

    A statement of its own, so that a cluster need not join the rows that it locks. It runs even if none of the people
    exists, so that its duration does not tell a client who exists.
    """
    if not user_ids:
        return set()
    statement = (
        select(ExtensionUser.id)
        .join(Organization, Organization.id == ExtensionUser.organization_id)
        .where(ExtensionUser.id.in_(user_ids), Organization.requires_api_key)
    )
    return set(await connection.scalars(statement))
