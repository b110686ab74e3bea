"""`/metrics`, on a port of its own, so that it is not reachable from the internet.

Each serving process has its own metrics, so each listens on a port of its own: the first one from METRICS_PORT on that
no other process has taken. Prometheus scrapes all of them, and queries add them up.
"""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.service_state import ServiceState
from app.settings import Settings
from execution.documents.document_cache import DocumentCache
from observability.metrics import Metrics
from resolvers.services import Services
from resolvers.webhook_worker import WebhookWorker

_CONNECTIONS = 20
_BACKLOG = 16


class NoPortLeft(Exception):
    """Every port for metrics is taken."""


@asynccontextmanager
async def metrics_served(
    settings: Settings, metrics: Metrics, services: Services, documents: DocumentCache, webhooks: WebhookWorker
) -> AsyncIterator[None]:
    """Answer `GET /metrics` until the end. NoPortLeft."""
    state = ServiceState(services, documents, metrics.requests, webhooks)
    metrics.registry.register(state)

    async def exposition(request: Request) -> Response:
        await state.look_at_database()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), headers={"Content-Type": content_type})

    app = Starlette(routes=[Route("/metrics", exposition)])
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
    )
    config.load()
    # Not `serve()`, which would take over the signal handlers of the process from the main server.
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    listening = _listen(settings)
    await server.startup(sockets=[listening])
    try:
        yield
    finally:
        await server.shutdown(sockets=[listening])


def _listen(settings: Settings) -> socket.socket:
    first = settings.metrics_port or 0
    family = socket.AF_INET6 if ":" in settings.metrics_host else socket.AF_INET
    for port in range(first, first + settings.workers):
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.metrics_host, port))
            listening.listen(_BACKLOG)  # two processes may bind the same port, but only one can listen
        except OSError as error:
            listening.close()
            reason = error
        else:
            return listening
    last = first + settings.workers - 1
    raise NoPortLeft(
        f"METRICS_PORT: none of the ports {first} to {last} of {settings.metrics_host} can be had ({reason})."
    )
