"""What uvicorn's processes load: the application on the database that the command line has prepared."""

from fastapi import FastAPI

from app import logs
from app.server import create_app
from app.settings import Settings


def create() -> FastAPI:
    """The application. DATABASE_URL is set: `web-behavior serve` passes the embedded database's on in it."""
    settings = Settings()
    logs.configure(settings)
    url = settings.configured_database_url
    assert url is not None, "start the service with `web-behavior serve`"  # noqa: S101
    return create_app(settings, url)
