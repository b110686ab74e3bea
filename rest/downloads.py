"""Downloads: who may fetch one, by a token or a ticket, and how it is sent."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from core.errors import InvalidInput, Unauthenticated
from resolvers import exports
from resolvers.authentication import authenticate, authenticate_by_ticket
from resolvers.caller import Caller
from resolvers.exports import PREFIX
from resolvers.services import Services
from web.clients import bearer_token
from web.rate_limits import quotas_of

TICKET = "ticket"
CSV, NDJSON = "text/csv; charset=utf-8", "application/x-ndjson"


class Download(StreamingResponse):
    """A file that is sent as it is made, while its caller has a place among the exports under way.

    Unavailable, before anything is sent, if too many are under way.
    """

    def __init__(
        self,
        caller: Caller,
        body: AsyncGenerator[bytes],
        media_type: str,
        name: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        super().__init__(body, media_type=media_type, headers={**disposition, **(headers or {})})
        self._caller = caller
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with exports.under_way(self._caller), aclosing(self._body):
            await super().__call__(scope, receive, send)


async def caller_of(request: Request) -> Caller:
    """Return the caller, by an access token or by a ticket for this download. Cookies are not accepted here."""
    token = bearer_token(request)
    if token is None:
        return await caller_by_ticket(request, "Send `Authorization: Bearer …`, or use an address that "
                                      "exportBehaviors or exportExtensionUser gives.")  # fmt: skip
    services: Services = request.app.state.services
    viewer, _ = await authenticate(services, token)
    return replace(Caller.of(viewer, services), quotas=quotas_of(request.scope))


async def caller_by_ticket(request: Request, remedy: str) -> Caller:
    """Return the caller by a ticket for this download. Unauthenticated without one, saying what to do instead."""
    services: Services = request.app.state.services
    ticket = request.query_params.get(TICKET)
    if not ticket:
        raise Unauthenticated(remedy)
    # The routed path, not that of `request.url`, which depends on the Host header of the client.
    resource = exports.resource(request.scope["path"].removeprefix(PREFIX), parameters_of(request))
    viewer, _ = await authenticate_by_ticket(services, ticket, resource)
    return replace(Caller.of(viewer, services), quotas=quotas_of(request.scope))


def parameters_of(request: Request) -> list[tuple[str, str]]:
    """Return the parameters of a download's address, the ticket aside."""
    return [(name, value) for name, value in request.query_params.multi_items() if name != TICKET]


def check_names(parameters: list[tuple[str, str]], known: set[str]) -> None:
    """Raise InvalidInput for an unknown parameter: a misspelt condition must not export everything."""
    for name, _ in parameters:
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            raise InvalidInput(f"There is no parameter `{name[:50]}` here. Allowed: {allowed}.")
