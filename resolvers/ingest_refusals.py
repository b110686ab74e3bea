"""Hides from senders of posts without a key whether a person is unknown or inactive."""

from uuid import UUID

from msgspec.structs import replace

from core.events import EventRejected, RejectionCode
from core.scope import Scope
from db.queries import extension_users
from db.submissions import Receipt, RejectedEvent
from resolvers.services import Services

_HIDDEN = {RejectionCode.UNKNOWN_USER, RejectionCode.INACTIVE_USER}


async def hide_inactive_people(services: Services, receipt: Receipt, readable: Scope | None = None) -> Receipt:
    """Return the receipt of a post without a key with the same refusal for unknown and inactive people.

    Inactive people of organizations that are `readable` to the viewer are named as such. The lookup is the same whether
    the ids are known or not, so that its time reveals nothing. Metrics and rejected events keep the true reason.
    """
    named = {UUID(event.reason.detail) for event in receipt.rejected if _is_hidden(event)}
    if not named:
        return receipt
    visible: set[UUID] = set()
    if readable is not None:
        async with services.database.read() as db:
            visible = set(await extension_users.by_ids(db, readable, named))
    rejected = [
        replace(event, reason=_same_for_both(event.reason))
        if _is_hidden(event) and not (event.reason.code is RejectionCode.INACTIVE_USER and event.user_id in visible)
        else event
        for event in receipt.rejected
    ]
    return replace(receipt, rejected=rejected)


def _is_hidden(event: RejectedEvent) -> bool:
    return event.reason.code in _HIDDEN


def _same_for_both(reason: EventRejected) -> EventRejected:
    return EventRejected(RejectionCode.UNKNOWN_USER, "unknown or inactive user", reason.detail)
