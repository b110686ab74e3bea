"""The ASGI application: routes, middleware, start and stop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.graphql import GraphQLEndpoint, refusal_of
from app.metrics_listener import metrics_served
from app.request_policy import request_policy_of
from app.settings import Settings
from app.webhook_messages import delivering
from app.wiring import running_services
from core.errors import AppError, QueryTimeout
from core.observer import NOBODY
from core.text import camel_case
from observability.metrics import Metrics
from observability.tracing import tracing_of
from pages.html import STATIC_PATH, load_examples, static_files, swagger_page
from pages.links import email_confirmation_page, invitation_page, password_reset_page
from pages.sign_in_ways import SignInWays
from resolvers.links import EMAIL_CONFIRMATION_PATH, INVITATION_PATH, PASSWORD_RESET_PATH
from resolvers.schema_version import SchemaVersion
from rest.exports import router as exports_router
from rest.health import router as health_router
from rest.routes import authenticate, create_behavior, create_behaviors
from rest.routes import router as rest_router
from rest.single_sign_on import router as single_sign_on_router
from rest.usage_exports import router as usage_exports_router
from web.answers import failure_of
from web.fast_routes import FastRoutes
from web.graceful_shutdown import GracefulShutdown
from web.middleware import Middleware, RequestInstrumentation
from web.origins import Origins
from web.request_timeout import RequestTimeout
from web.response_headers import CommonHeaders

GRAPHQL_PATH = "/graphql"
GRAPHQL_PATHS = (GRAPHQL_PATH, f"{GRAPHQL_PATH}/")
SWAGGER_PATH = "/swagger"

FAST_ROUTES = (create_behavior, create_behaviors, authenticate)
"""The routes that FastAPI only documents: each takes the request alone, and returns its response."""

_DESCRIPTION = """The routes that the browser extension posts people's browsing events to.
Everything else is asked over GraphQL, at [/graphql](/graphql)."""


class Application(FastAPI):
    """FastAPI, with the service's own layers around those of FastAPI.

    Most requests need none of the layers of FastAPI and Starlette, which take time in every request.
    """

    outermost: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self.outermost(scope, receive, send)

    async def inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application without those layers."""
        await super().__call__(scope, receive, send)


def create_app(settings: Settings, database_url: str) -> Application:
    """Return the application on a database that is reachable and migrated."""
    origins = Origins(settings.public_url, frozenset(settings.cors_origins))
    secure = settings.public_url.startswith("https://")
    metrics, tracing = Metrics() if settings.metrics_port else None, tracing_of(settings.otel_exporter_otlp_endpoint)
    graceful_shutdown = GracefulShutdown(settings.stop_delay_seconds)
    policy, examples = request_policy_of(settings), load_examples() if settings.serves_graphiql else None
    ways = SignInWays(
        provider=settings.oidc_name if settings.oidc_issuer else None,
        passwords=not settings.sso_only,
        password_links=settings.smtp_url is not None,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if tracing:
                stack.push_async_callback(asyncio.to_thread, tracing.close)
            services = await stack.enter_async_context(running_services(settings, database_url, metrics or NOBODY))
            worker = await stack.enter_async_context(delivering(services, policy, settings))
            if metrics:
                await stack.enter_async_context(metrics_served(settings, metrics, services, policy.documents, worker))
            app.state.services = services
            app.state.webhook_worker = worker
            stack.enter_context(graceful_shutdown.on_sigterm())
            endpoint = GraphQLEndpoint(
                services, policy, origins, examples, ways, secure=secure, columnar=settings.columnar_executor
            )
            # First: no other route matches these paths. A redirected POST may arrive without its body or its token.
            app.router.routes[:0] = [Route(path, endpoint) for path in GRAPHQL_PATHS]
            yield

    app = Application(
        title="web-behavior",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirected POST may arrive without its body or its key
        openapi_url=f"{SWAGGER_PATH}/openapi.json",
        # FastAPI's own traces and logs would hold urls and exceptions unredacted.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        generate_unique_id_function=lambda route: camel_case(route.name),
    )
    app.state.graceful_shutdown = graceful_shutdown
    app.state.origins = origins
    app.state.schema_version = SchemaVersion()
    app.include_router(health_router)
    app.include_router(rest_router)
    app.include_router(exports_router)
    app.include_router(usage_exports_router)
    app.include_router(single_sign_on_router)
    app.router.routes.append(Route("/", _home))
    app.router.routes.append(Route(SWAGGER_PATH, _swagger))
    app.router.routes.extend(_link_pages("/" if settings.serves_graphiql else None, ways))
    for path in ("/", "/index.html"):  # the second is the address that the service before this one had
        app.router.routes.append(Route(SWAGGER_PATH + path, _swagger_redirect))
    app.router.routes.append(Mount(STATIC_PATH, static_files(graphiql=settings.serves_graphiql)))
    _answer_failures(app)
    app.add_middleware(RequestTimeout, seconds=settings.request_timeout_seconds, on_timeout=_timed_out)
    app.outermost = Middleware(
        FastRoutes(app.inside, app, FAST_ROUTES),
        CommonHeaders(origins, https=secure),
        RequestInstrumentation(
            metrics.requests if metrics else None, tracing, logs=settings.log_level.lower() == "debug"
        ),
        graceful_shutdown,
        trusts_id=settings.trust_request_id,
    )
    return app


def _timed_out(scope: Scope) -> Response:
    error = QueryTimeout(
        "The request took too long and was given up; a change may have been made all the same. Ask for less at once, "
        "or try again.",
        retry_after=1,
    )
    return refusal_of(Request(scope), error) if scope["path"] in GRAPHQL_PATHS else failure_of(error)


async def _home(_request: Request) -> Response:
    return RedirectResponse(GRAPHQL_PATH)


def _link_pages(home: str | None, ways: SignInWays) -> list[Route]:
    """The routes of the pages that links in mails lead to."""
    pages = {
        INVITATION_PATH: invitation_page,
        PASSWORD_RESET_PATH: password_reset_page,
        EMAIL_CONFIRMATION_PATH: email_confirmation_page,
    }

    def route(path: str, page: Callable[[str | None, SignInWays], Response]) -> Route:
        async def answer(_request: Request) -> Response:
            return page(home, ways)

        return Route(path, answer, name=path.removeprefix("/"))

    return [route(path, page) for path, page in pages.items()]


async def _swagger(_request: Request) -> Response:
    return swagger_page(f"{SWAGGER_PATH}/openapi.json")


async def _swagger_redirect(_request: Request) -> Response:
    return RedirectResponse(SWAGGER_PATH)


def _answer_failures(app: FastAPI) -> None:
    """Answer every failure outside GraphQL with the REST routes' envelope."""

    async def expected(_request: Request, error: Any) -> Response:
        return failure_of(error)

    async def unexpected(_request: Request, _error: Any) -> ASGIApp:
        return _no_answer  # Starlette raises the error again, and the outermost layer answers it

    app.add_exception_handler(AppError, expected)
    app.add_exception_handler(HTTPException, expected)
    app.add_exception_handler(Exception, unexpected)  # type: ignore[arg-type]  # it need only be called like a response


async def _no_answer(_scope: Scope, _receive: Receive, _send: Send) -> None: ...
