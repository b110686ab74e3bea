"""The application that uvicorn's processes load, on the database that the command line has prepared."""

import gc
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from fastapi import FastAPI

from app.server import create_app
from app.settings import Settings
from observability import logs

_YOUNG_OBJECTS = 20_000
"""The threshold of the youngest generation, in new objects. Some dozens of requests make that many, and nearly all of
them have been freed by then without a collection."""


def create() -> FastAPI:
    """Return the application. DATABASE_URL is set: `web-behavior serve` puts the embedded database's address there."""
    settings = Settings()
    logs.configure(settings.log_level, as_json=settings.logs_json)
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
    """Exempt objects that are never freed (modules, schema, routes) from garbage collection.

    Otherwise each full collection would traverse those hundreds of thousands of objects, for a quarter of a second in
    which every request waits.
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
