"""Answers the most frequent routes without FastAPI's routing, validation and dependencies.

These endpoints read their requests and make their responses themselves, so FastAPI's work, which takes longer than
theirs, has no effect. app/server.py names them. An endpoint for which FastAPI would do anything more than call it is
refused when the service starts: otherwise its declarations, authentication above all, would be skipped silently.

FastAPI still documents these routes in OpenAPI, and answers whatever is not found here: another route, another method,
a path with an additional slash.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, get_type_hints

from fastapi import FastAPI
from fastapi.datastructures import DefaultPlaceholder
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import AppError
from web.answers import failure_of

Endpoint = Callable[[Request], Awaitable[Response]]


class UnsupportedFastRoute(Exception):
    """An endpoint cannot be a fast route; the message gives the reasons, and the remedy."""


class FastRoutes:
    """Calls the endpoints named, all routes of `api`; passes everything else on to `app`. UnsupportedFastRoute."""

    def __init__(self, app: ASGIApp, api: FastAPI, endpoints: Sequence[Endpoint]) -> None:
        self._app = app
        self._routes: dict[tuple[str, str], tuple[object, Endpoint]] = {}
        for endpoint in endpoints:
            for route in _routes_of(api, endpoint):
                for method in route.methods or ():
                    self._routes[method, str(route.path)] = route.original_route, endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"], endpoint = found
        try:
            response = await endpoint(Request(scope, receive))
        except (AppError, HTTPException) as error:
            response = failure_of(error)
        await response(scope, receive, send)


def _routes_of(api: FastAPI, endpoint: Endpoint) -> list[RouteContext]:
    """Return the routes of an endpoint, including what their routers and the application add. UnsupportedFastRoute."""
    found = [route for route in iter_route_contexts(api.routes) if route.endpoint is endpoint]
    reasons = [] if found else ["it is no route of the application"]
    for route in found:
        reasons += _beyond_a_call(route, endpoint)
    if reasons:
        raise UnsupportedFastRoute(
            f"{endpoint.__module__}.{endpoint.__qualname__} cannot be a fast route: {'; '.join(reasons)}. "
            "Take it off the list of fast routes, and FastAPI will answer it; or have it read the request itself."
        )
    return found


def _beyond_a_call(route: RouteContext, endpoint: Endpoint) -> Iterator[str]:
    """Yield the reasons why FastAPI would do more for a route than call its endpoint.

    A declared status is no such reason: FastAPI does not apply it to a response that the endpoint makes itself.
    """
    if type(route.original_route) is not APIRoute:
        yield "it is a route of a class of its own"
        return
    hints = get_type_hints(endpoint)
    if [hints.get(name) for name in inspect.signature(endpoint).parameters] != [Request]:
        yield "it has other parameters than `request: Request` alone"
    if not inspect.iscoroutinefunction(endpoint):
        yield "it is not `async def`"
    if not _is_response(hints.get("return")):
        yield "it is not declared to return a `Response`"
    if route.response_field is not None:
        yield "it has a response model"
    if not isinstance(route.response_class, DefaultPlaceholder):
        yield "it has a response class"
    if route.dependant.dependencies:
        yield "it, its router or the application has dependencies"
    if route.param_convertors:
        yield "its path has parameters"
    if route.max_body_size is not None:
        yield "FastAPI bounds its body (`max_body_size`)"


def _is_response(declared: Any) -> bool:
    return isinstance(declared, type) and issubclass(declared, Response)
