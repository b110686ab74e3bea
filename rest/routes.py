"""The three routes under /api/v1/inayla."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from core.errors import InvalidInput
from core.events import ANONYMOUS
from db.patience import patience
from db.submissions import IncomingEvent, Receipt
from resolvers import ingestion
from resolvers.caller import Client
from resolvers.services import Services
from rest.answers import Json, success
from rest.bodies import read_body
from rest.decoding import decode_batch, decode_event
from rest.documentation import AUTHENTICATE, CREATE_BEHAVIOR, CREATE_BEHAVIORS
from rest.headers import headers_of

BODY_LIMIT = 5 * 1024 * 1024

router = APIRouter(prefix="/api/v1/inayla", tags=["Browser extension"])


def client_of(request: Request) -> Client:
    """Where a request comes from, and the API key it carries."""
    scope = request.scope
    headers, client = headers_of(scope), scope["client"]
    key = headers.get(b"x-api-key") or headers.get(b"api-key")
    return Client(client[0] if client else "unknown", key.decode("latin-1") if key else None)


@router.post("/behaviors", **CREATE_BEHAVIOR)
async def create_behavior(request: Request) -> Json:
    """Store one event; answer with it."""
    services: Services = request.app.state.services
    with patience() as bound:
        claim = await ingestion.authorize(services, client_of(request))
        candidate = decode_event(await read_body(request, BODY_LIMIT, bound))
        receipt = await ingestion.store(services, [ingestion.with_coordinates(candidate)], claim)
        if receipt.rejected:
            raise InvalidInput(receipt.rejected[0].reason.message())
        [event] = receipt.accepted or receipt.duplicates
        received_at = await ingestion.first_received(services, receipt, event)
    return success(_behavior(receipt, event) | {"createdAt": received_at, "updatedAt": received_at}, 201)


@router.post("/behaviors/batch", **CREATE_BEHAVIORS)
async def create_behaviors(request: Request) -> Json:
    """Store up to 1000 events; answer with what became of each."""
    services: Services = request.app.state.services
    with patience() as bound:
        claim = await ingestion.authorize(services, client_of(request))
        candidates = decode_batch(await read_body(request, BODY_LIMIT, bound))
        receipt = await ingestion.store(services, candidates, claim)
    if len(receipt.rejected) == len(candidates):
        first = receipt.rejected[0]
        raise InvalidInput(first.reason.message(first.index))
    accepted = len(receipt.accepted)
    return success(
        f"Successfully created {accepted} behavior events",
        201,
        accepted=accepted,
        duplicates=len(receipt.duplicates),
        rejected=[
            {"index": event.index, "code": event.reason.code, "message": event.reason.message()}
            for event in receipt.rejected
        ],
    )


@router.get("/extension/users/auth", **AUTHENTICATE)
async def authenticate(request: Request) -> Json:
    """Answer with the holder of the API key."""
    services: Services = request.app.state.services
    with patience():
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


def _behavior(receipt: Receipt, incoming: IncomingEvent) -> dict[str, Any]:
    event, person = incoming.event, receipt.people.get(incoming.user_id)
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
    }
