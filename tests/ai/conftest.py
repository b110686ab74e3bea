"""A server that plays the model, and writers that ask it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from ai.breaker import Breaker
from ai.endpoint import Endpoint
from ai.memory import Memory
from ai.options import ModelOptions
from ai.writer import InsightWriter
from auth.throttle import Counters
from tests.ai.model_server import ModelServer, model_server

KEY = "sk-a-key-that-nobody-may-see"

MakeWriter = Callable[..., InsightWriter]


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    """A server that plays the model."""
    async with model_server() as server:
        yield server


def options_for(base_url: str, **changes: Any) -> ModelOptions:
    """Options with which nothing waits long."""
    quick: dict[str, Any] = {"timeout": timedelta(seconds=5), "retry_pause": timedelta(0), "model": "test-model"}
    return ModelOptions(base_url=base_url, api_key=SecretStr(KEY), **(quick | changes))


@asynccontextmanager
async def writers() -> AsyncIterator[MakeWriter]:
    """Makes writers, and closes them at the end."""
    async with AsyncExitStack() as stack:

        def make(
            base_url: str, *, redis_url: str | None = None, breaker: Breaker | None = None, **changes: Any
        ) -> InsightWriter:
            options = options_for(base_url, **changes)
            counters = Counters(redis_url)
            stack.push_async_callback(counters.close)
            writer = InsightWriter(options, Endpoint(options), counters, Memory(redis_url), breaker or Breaker())
            stack.push_async_callback(writer.close)
            return writer

        yield make


@pytest.fixture
async def make_writer() -> AsyncIterator[MakeWriter]:
    """Makes a writer that asks at an address."""
    async with writers() as make:
        yield make
