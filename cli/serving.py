"""`web-behavior serve | demo`."""

import asyncio
import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from cli.startup import prepared_services, start

if TYPE_CHECKING:
    from app.settings import Settings

DRAIN_SECONDS = 10
"""The time for which requests may be completed after SIGTERM. Queued events are stored in any case."""


def serve() -> None:
    """Serve the API on PORT. Without a configured database, on the embedded one."""
    with _no_collections():
        import structlog

        settings, url = start()
        asyncio.run(_prepare(settings, url))
        if settings.workers == 1:
            import app.asgi  # noqa: F401 - which uvicorn is about to load in this process
    structlog.get_logger().info("serving", address=settings.public_url)
    _serve(settings, url)


def demo() -> None:
    """Serve with two months of demo data, and print a sign-in."""
    from rich.panel import Panel

    from app.settings import Environment
    from core.errors import CannotGoOn
    from demo.seed import ADMIN

    settings, url = start()
    if settings.env is Environment.PROD:
        raise CannotGoOn("The demo has a password that it prints. It does not run with ENV=prod.")
    password = asyncio.run(_prepare_demo(settings, url))
    Console(stderr=True).print(
        Panel(
            f"GraphiQL  {settings.public_url}/graphql\nSign in   {ADMIN}  /  {password}\n"
            f"REST      {settings.public_url}/swagger",
            title="web-behavior demo",
            expand=False,
        )
    )
    _serve(settings, url)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Turn garbage collection off while modules load: a dozen collections would find next to nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _prepare(settings: "Settings", url: str) -> None:
    from app.first_admin import ensure_admin

    async with prepared_services(settings, url) as services:
        await ensure_admin(services, settings)


async def _prepare_demo(settings: "Settings", url: str) -> str:
    from demo.seed import seed

    async with prepared_services(settings, url) as services:
        return await seed(services, settings.data_dir)


def _serve(settings: "Settings", url: str) -> None:
    import uvicorn

    from web import server_sockets
    from web.connection_limits import ConnectionLimits
    from web.head_limit import HeadLimit
    from web.protocol import limited_protocol

    signal.signal(signal.SIGTERM, _stop)  # the server raises the signal again after its last answer
    os.environ["DATABASE_URL"] = url  # the workers are separate processes, which must not start another database
    limits = ConnectionLimits(
        settings.max_requests,
        settings.max_connections_per_address,
        HeadLimit(settings.max_head_kib * 1024, settings.head_timeout_seconds),
        settings.write_timeout_seconds,
    )
    config = uvicorn.Config(
        "app.asgi:create",
        factory=True,
        http=limited_protocol(limits),  # type: ignore[arg-type]  # it is only called
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        # Never None: uvicorn would then read FORWARDED_ALLOW_IPS itself, and by default trust this machine.
        forwarded_allow_ips=list(settings.forwarded_allow_ips),
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        limit_concurrency=settings.max_connections,
        ws="none",
        backlog=server_sockets.BACKLOG,
        loop="web.server_sockets:ServingLoop",
    )
    server_sockets.serve(config)


def _stop(_signal: int, _frame: object) -> None:
    """Exit with status 0: SIGTERM is the ordinary end of a service."""
    raise SystemExit(0)
