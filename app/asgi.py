"""What uvicorn's processes load: the application on the database that the command line has prepared."""

import gc
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from fastapi import FastAPI

from app import logs
from app.server import create_app
from app.settings import Settings

_YOUNG_OBJECTS = 20_000
"""After how many new objects the collector looks at the young: some dozens of requests make that many, and nearly all
of them are gone by then without it."""


def create() -> FastAPI:
    """The application. DATABASE_URL is set: `web-behavior serve` passes the embedded database's on in it."""
    settings = Settings()
    logs.configure(settings)
    url = settings.configured_database_url
    assert url is not None, "start the service with `web-behavior serve`"  # noqa: S101
    app = create_app(settings, url)
    started = app.router.lifespan_context

    @asynccontextmanager
    async def settled(of: Any) -> AsyncIterator[Mapping[str, Any]]:
        async with started(of) as state:
            with lasting_objects_spared():
                yield state or {}

    app.router.lifespan_context = settled
    return app


@contextmanager
def lasting_objects_spared() -> Iterator[None]:
    """Have the garbage collector leave alone what is there for good: modules, schema, routes.

    It would go through those hundreds of thousands of objects again and again, a quarter of a second each time, while
    every request waits.
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
