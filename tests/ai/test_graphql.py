"""Insight with a model, over GraphQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.ids import encode_node_id
from tests.ai.conftest import KEY
from tests.ai.model_server import Answer, ModelServer, Received, saying
from tests.conftest import make_settings
from tests.servers import own_world
from tests.world import Recorded, World, raw

INSIGHT = """query ($id: ID!, $period: Period!, $language: Language!) { extensionUser(id: $id) {
  insight(period: $period, language: $language) {
    method model language workPattern
    focusInsight { text evidence { id } }
    recommendations { text } behaviorInsights { text }
    keyFindings { text evidence { measure value domain } }
    evidence { id }
  } } }"""
STATUS = """{ insightStatus {
  enabled model host breaker callsPerHour calls answers cacheHits shared
  failures { reason count } refusals { reason count } skips { reason count } } }"""
DAY = {"between": {"start": "2026-08-03T00:00:00Z", "end": "2026-08-04T00:00:00Z"}}
PERSONS_NAME, ORGANIZATIONS_NAME = "ada-lovelace", "Analytical Engines"


@pytest.fixture
async def own(data_dir: Path, database_url: str, world: World, model: ModelServer) -> AsyncIterator[World]:
    """A world whose application asks the model."""
    settings = make_settings(data_dir, ai_api_key=KEY, ai_base_url=model.url, ai_model="test-model", ai_retries=0)
    async with own_world(settings, database_url) as other:
        yield replace(world, services=other.services, http=other.http)


async def busy_person(world: World) -> Recorded:
    """Somebody who has been at work for an hour and a half, now here, now there."""
    person = await world.recorded(await world.organization(ORGANIZATIONS_NAME), PERSONS_NAME)
    github = "https://github.com/a/secret-path?token=42"
    sites = (github, "https://mail.google.com/u/0", github, "https://example.com/x")
    events = [
        raw(f"{9 + minute // 60:02}:{minute % 60:02}:00", url=sites[minute // 3 % 4], session="the-session")
        for minute in range(90)
    ]
    await world.browse(person, *events)
    return person


async def asked(world: World, person: Recorded, language: str = "EN") -> dict[str, object]:
    """The insight as an admin is shown it."""
    admin = await world.super_admin()
    id_ = encode_node_id("ExtensionUser", person.id.bytes)
    answer = await admin.ask(INSIGHT, id=id_, period=DAY, language=language)
    found: dict[str, object] = answer["extensionUser"]["insight"]
    return found


@pytest.mark.parametrize("language", ["EN", "RU"])
async def test_a_models_words_are_shown_with_our_figures(own: World, model: ModelServer, language: str):
    person = await busy_person(own)

    found = await asked(own, person, language)

    assert (found["method"], found["model"], found["language"]) == ("AI", "test-model", language)
    assert len(model.received) == 1
    sent = model.received[0]
    for secret in (PERSONS_NAME, ORGANIZATIONS_NAME, "Engines", str(person.id), person.id.hex, "the-session", "secret"):
        assert secret.encode() not in sent.head + sent.body
    assert b"github.com" in sent.body
    assert b"://" not in sent.body


def about_github(received: Received) -> Answer:
    """An answer whose only finding is about github.com."""
    draft = received.data["draft"]
    figure = next(each for each in received.data["figures"] if each.get("domain") == "github.com")
    finding = {"text": f"On github.com you spent {figure['written'][0]}.", "evidence": [figure["id"]]}
    return saying(**(draft | {"focus_insight": draft["focus_insight"][0], "key_findings": [finding]}))


async def test_words_of_its_own_come_with_the_figures_they_rest_on(own: World, model: ModelServer):
    person = await busy_person(own)
    model.otherwise = about_github

    found = await asked(own, person)

    evidence = [{"measure": "activeSeconds", "value": 2700.0, "domain": "github.com"}]
    assert found["keyFindings"] == [{"text": "On github.com you spent 45 min.", "evidence": evidence}]


async def test_new_events_make_a_new_question(own: World, model: ModelServer):
    person = await busy_person(own)
    first = await asked(own, person)
    assert first == await asked(own, person)
    assert len(model.received) == 1

    await own.browse(person, raw("12:00:00", session="another"))

    assert first != await asked(own, person)
    assert len(model.received) == 2


async def test_a_model_that_invents_a_number_is_not_believed(own: World, model: ModelServer):
    person = await busy_person(own)
    bad = {"text": "You were productive for 99 percent of the day.", "evidence": ["e1"]}
    model.answers = [saying(focus_insight=bad, recommendations=[bad], behavior_insights=[bad], key_findings=[bad])]

    found = await asked(own, person)

    assert (found["method"], found["model"]) == ("HEURISTIC", None)
    assert "99" not in str(found)
    status = (await (await own.super_admin()).ask(STATUS))["insightStatus"]
    assert status["refusals"] == [{"reason": "NUMBER", "count": 1}]


async def test_the_status_tells_operators_how_it_fares(own: World, model: ModelServer):
    person = await busy_person(own)
    model.answers = [Answer(b"{}", 429, (("Retry-After", "60"),))]

    for _ in range(2):
        assert (await asked(own, person))["method"] == "HEURISTIC"
    response = await (await own.super_admin()).post(STATUS)

    assert response["data"]["insightStatus"] == {
        "enabled": True,
        "model": "test-model",
        "host": "127.0.0.1",
        "breaker": "OPEN",
        "callsPerHour": 60,
        "calls": 1,
        "answers": 0,
        "cacheHits": 0,
        "shared": 0,
        "failures": [{"reason": "RATE_LIMITED", "count": 1}],
        "refusals": [],
        "skips": [{"reason": "BREAKER_OPEN", "count": 1}],
    }
    assert KEY not in str(response)
    assert str(model.port) not in str(response), "the host is all that is told of the address"


async def test_without_a_key_the_status_is_empty_and_insights_are_by_rules(world: World):
    person = await busy_person(world)

    assert (await asked(world, person))["method"] == "HEURISTIC"
    status = (await (await world.super_admin()).ask(STATUS))["insightStatus"]

    assert (status["enabled"], status["model"], status["host"], status["breaker"]) == (False, None, None, None)


async def test_it_is_for_super_admins_only(world: World):
    member = await world.member(await world.organization())

    assert (await member.refused(STATUS))["extensions"]["code"] == "FORBIDDEN"
    assert (await world.stranger.refused(STATUS))["extensions"]["code"] == "UNAUTHENTICATED"
