"""The three routes under /api/v1/inayla."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from core.errors import InvalidInput
from core.events import ANONYMOUS
from db.submissions import IncomingEvent, KeyClaim, Receipt
from db.timeout import database_timeout
from resolvers import ingestion
from resolvers.services import Services
from rest.decoding import decode_batch, decode_event
from rest.documentation import AUTHENTICATE, CREATE_BEHAVIOR, CREATE_BEHAVIORS
from rest.posts import read_post
from web.answers import Json, failure, success
from web.clients import client_of

router = APIRouter(prefix="/api/v1/inayla", tags=["Browser extension"])


@router.post("/behaviors", **CREATE_BEHAVIOR)
async def create_behavior(request: Request) -> Json:
    """Store one event; answer with the event."""
    services: Services = request.app.state.services
    with database_timeout() as bound:
        post = await read_post(request, bound, decode_event)
        candidate = ingestion.with_coordinates(post.content)
        receipt = await ingestion.store(services, [candidate], post.claim, post.client, post.size, sent_at=post.sent_at)
        if receipt.rejected:
            raise InvalidInput(receipt.rejected[0].reason.message())
        [event] = receipt.accepted or receipt.duplicates
        received_at = await ingestion.first_received(services, receipt, event)
    return success(_behavior(receipt, event, post.claim) | {"createdAt": received_at, "updatedAt": received_at}, 201)


@router.post("/behaviors/batch", **CREATE_BEHAVIORS)
async def create_behaviors(request: Request) -> Json:
    """Store up to 1000 events; answer with the outcome of each."""
    services: Services = request.app.state.services
    with database_timeout() as bound:
        post = await read_post(request, bound, decode_batch)
        receipt = await ingestion.store(
            services, post.content, post.claim, post.client, post.size, sent_at=post.sent_at
        )
    rejected = [
        {"index": event.index, "code": event.reason.code, "message": event.reason.message()}
        for event in receipt.rejected
    ]
    if len(rejected) == len(post.content):
        first = receipt.rejected[0]
        return failure(first.reason.message(first.index), InvalidInput.status, rejected=rejected)
    accepted, truncated = len(receipt.accepted), receipt.url_truncated
    return success(
        f"Successfully created {accepted} behavior events",
        201,
        accepted=accepted,
        duplicates=len(receipt.duplicates),
        rejected=rejected,
        **({"urlTruncated": truncated} if truncated else {}),
    )


@router.get("/extension/users/auth", **AUTHENTICATE)
async def authenticate(request: Request) -> Json:
    """Answer with the holder of the API key."""
    services: Services = request.app.state.services
    with database_timeout():
        holder, organization, used_at = await ingestion.key_holder(services, client_of(request))
    return success(
        {
            "id": holder.id,
            "username": holder.username,
            "isActive": holder.is_active,
            "createdAt": holder.created_at,
            "updatedAt": holder.updated_at,
            "lastUsedAt": used_at,
            "organization": {"id": organization.id, "name": organization.name},
        }
    )


def _behavior(receipt: Receipt, incoming: IncomingEvent, claim: KeyClaim | None) -> dict[str, Any]:
    event = incoming.event
    # A client without a key may know a userId, but must not learn the name.
    person = None if claim is None else receipt.people.get(incoming.user_id)
    coordinates = {name: value for name, value in (("x", event.x), ("y", event.y)) if value is not None}
    return {
        "id": incoming.id,
        "sessionId": event.session_id,
        "ts": event.ts,
        "type": event.raw.type,
        "url": event.url,
        "userId": None if incoming.user_id == ANONYMOUS else incoming.user_id,
        "userName": None if person is None else person.username,
        **coordinates,
        **({"urlTruncated": True} if event.url_truncated else {}),
    }
