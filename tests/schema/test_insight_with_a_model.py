"""Insight where a model words the sentences: what it changes, and what it leaves alone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient

from app.server import create_app
from core.ids import encode_node_id
from tests.ai.model_server import Answer, ModelServer, model_server
from tests.conftest import BASE_URL, make_settings
from tests.world import Asker, World, raw

INSIGHT = """query ($id: ID!, $period: Period!) { extensionUser(id: $id) { insight(period: $period) {
    method model focusLevel workPattern productivityScore { overall explanation }
    focusInsight { text } keyFindings { text evidence { id } } evidence { id measure value } asOf generatedAt
} } }"""
DAY = {"between": {"start": "2026-08-03T00:00:00Z", "end": "2026-08-04T00:00:00Z"}}


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    """A server that plays the model."""
    async with model_server() as server:
        yield server


@pytest.fixture
async def http(model: ModelServer, data_dir: Path, database_url: str) -> AsyncIterator[AsyncClient]:
    """An HTTP client of a service that asks this model."""
    settings = make_settings(
        data_dir, ai_api_key="sk-of-a-test", ai_base_url=model.url, ai_model="test-model", ai_retries=0
    )
    application = create_app(settings, database_url)
    async with (
        LifespanManager(application),
        AsyncClient(transport=ASGITransport(application), base_url=BASE_URL) as client,
    ):
        yield client


@pytest.fixture
async def asked(world: World) -> tuple[Asker, str]:
    """The asker, and the person asked about."""
    organization = await world.organization()
    person = await world.recorded(organization, "ada")
    await world.browse(person, *(raw(f"09:{minute:02}:00", "keydown", "https://github.com/") for minute in range(40)))
    return await world.member(organization), encode_node_id("ExtensionUser", person.id.bytes)


async def insight(asked: tuple[Asker, str]) -> dict[str, Any]:
    """The insight about whom is asked about."""
    asker, person = asked
    found: dict[str, Any] = (await asker.ask(INSIGHT, id=person, period=DAY))["extensionUser"]["insight"]
    return found


async def test_a_model_words_the_sentences_and_nothing_else(model: ModelServer, asked: tuple[Asker, str]):
    model.open.set()
    worded = await insight(asked)
    model.otherwise = lambda _: Answer(b"", status=500)
    asker, person = asked
    ours = (await asker.ask(INSIGHT.replace("insight(", "insight(language: RU, "), id=person, period=DAY))[
        "extensionUser"
    ]["insight"]

    assert (worded["method"], worded["model"]) == ("AI", "test-model")
    assert (ours["method"], ours["model"]) == ("HEURISTIC", None)
    assert worded["keyFindings"]
    assert worded["generatedAt"] >= worded["asOf"]
    assert len(model.received) == 2
    for field in ("focusLevel", "workPattern", "evidence"):
        assert worded[field] == ours[field]
    assert worded["productivityScore"]["overall"] == ours["productivityScore"]["overall"]


async def test_a_model_that_fails_is_not_missed(model: ModelServer, asked: tuple[Asker, str]):
    model.open.set()
    model.otherwise = lambda _: Answer(b"", status=500)

    found = await insight(asked)

    assert (found["method"], found["model"]) == ("HEURISTIC", None)
    assert found["focusInsight"]["text"].startswith("Attention is hardly divided: 1 domain, ")
    assert model.received
