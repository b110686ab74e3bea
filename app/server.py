"""The ASGI application: routes, middleware, start and stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.deadline import Deadline
from app.direct import DirectRoutes
from app.exchanges import Exchanges, Observation
from app.gate import gate_of
from app.graphql import GraphQLEndpoint, refusal_of
from app.headers import CommonHeaders
from app.health import router as health_router
from app.leaving import Leaving
from app.observability.listener import metrics_served
from app.observability.metrics import Metrics
from app.observability.tracing import tracing_of
from app.origins import Origins
from app.pages import STATIC_PATH, load_examples, static_files, swagger_page
from app.settings import Settings
from app.wiring import running_services
from core.errors import AppError, QueryTimeout
from core.observer import NOBODY
from rest.answers import failure, failure_of
from rest.exports import router as exports_router
from rest.routes import router as rest_router

GRAPHQL_PATH = "/graphql"

_DESCRIPTION = """The routes that the browser extension posts people's browsing events to.
Everything else is asked over GraphQL, at [/graphql](/graphql)."""


class Application(FastAPI):
    """FastAPI, with layers of ours around all of its own.

    What it takes to pass through those of FastAPI and Starlette is what most requests here need least.
    """

    outermost: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self.outermost(scope, receive, send)

    async def inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application without those layers."""
        await super().__call__(scope, receive, send)


def create_app(settings: Settings, database_url: str) -> Application:
    """The application on a database that is reachable and migrated."""
    origins = Origins(settings.public_url, frozenset(settings.cors_origins))
    secure = settings.public_url.startswith("https://")
    metrics, tracing = Metrics() if settings.metrics_port else None, tracing_of(settings)
    leaving = Leaving(settings.stop_delay_seconds)
    gate, examples = gate_of(settings), load_examples() if settings.serves_graphiql else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if tracing:
                stack.push_async_callback(asyncio.to_thread, tracing.close)
            services = await stack.enter_async_context(running_services(settings, database_url, metrics or NOBODY))
            if metrics:
                await stack.enter_async_context(metrics_served(settings, metrics, services, gate.documents))
            app.state.services = services
            stack.enter_context(leaving.on_sigterm())
            endpoint = GraphQLEndpoint(services, gate, origins, examples, secure=secure)
            app.router.routes.insert(0, Route(GRAPHQL_PATH, endpoint))  # before the others, none of which it is
            yield

    app = Application(
        title="web-behavior",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a POST that is sent elsewhere may arrive without its body, or its key
        openapi_url="/swagger/openapi.json",
        # FastAPI's own traces and logs would hold urls and exceptions as they are; ours do not.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        generate_unique_id_function=lambda route: _operation_id(route.name),
    )
    app.state.leaving = leaving
    app.include_router(health_router)
    app.include_router(rest_router)
    app.include_router(exports_router)
    app.router.routes.append(Route("/", _home))
    app.router.routes.append(Route("/swagger", _swagger))
    app.router.routes.append(Mount(STATIC_PATH, static_files()))
    _answer_failures(app)
    app.add_middleware(Deadline, seconds=settings.request_timeout_seconds, late=_late)
    app.outermost = Exchanges(
        DirectRoutes(app.inside, rest_router),
        CommonHeaders(origins, https=secure),
        Observation(metrics.requests if metrics else None, tracing, logs=settings.log_level.lower() == "debug"),
        leaving,
        trusts_id=settings.trust_request_id,
    )
    return app


def _late(scope: Scope) -> Response:
    error = QueryTimeout(
        "The request took too long and was given up; a change may have been made all the same. Ask for less at once, "
        "or try again.",
        retry_after=1,
    )
    return refusal_of(Request(scope), error) if scope["path"] == GRAPHQL_PATH else failure_of(error)


async def _home(_request: Request) -> Response:
    return RedirectResponse(GRAPHQL_PATH)


async def _swagger(_request: Request) -> Response:
    return swagger_page("/swagger/openapi.json")


def _operation_id(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _answer_failures(app: FastAPI) -> None:
    """Every failure outside GraphQL answers with the REST routes' envelope."""

    async def expected(_request: Request, error: Any) -> Response:
        return failure_of(error)

    async def http(_request: Request, error: Any) -> Response:
        return failure(error.detail, error.status_code, error.headers)

    async def unexpected(_request: Request, _error: Any) -> ASGIApp:
        return _no_answer  # Starlette raises the error again, and the outermost layer answers it

    app.add_exception_handler(AppError, expected)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)  # type: ignore[arg-type]  # it need only be called like a response


async def _no_answer(_scope: Scope, _receive: Receive, _send: Send) -> None: ...
