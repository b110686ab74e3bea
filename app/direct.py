"""The routes that are called most, answered without FastAPI's machinery.

They read their requests themselves and make their responses themselves, so there is nothing that it could do for them
but take longer than they do. It knows them all the same: they are on the OpenAPI page, and whatever is not found here
(another method, a path with a slash too many) is answered by FastAPI as ever.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import AppError
from rest.answers import failure_of

Endpoint = Callable[[Request], Awaitable[Response]]


class DirectRoutes:
    """Calls the endpoints of a router whose every endpoint is a function of the request alone."""

    def __init__(self, app: ASGIApp, router: APIRouter) -> None:
        self._app = app
        self._routes: dict[tuple[str, str], tuple[APIRoute, Endpoint]] = {
            (method, route.path): (route, route.endpoint)
            for route in router.routes
            if isinstance(route, APIRoute)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"], endpoint = found
        try:
            response = await endpoint(Request(scope, receive))
        except AppError as error:
            response = failure_of(error)
        await response(scope, receive, send)
