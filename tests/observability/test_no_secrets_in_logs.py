"""Secrets and urls go through every route, in good days and bad ones: none is found in the log, no key in an answer."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response

from app.settings import Settings
from auth.api_keys import new_api_key
from auth.tokens import new_refresh_token
from db import migrate
from observability import logs
from observability.names import _flat
from tests.auth.test_login import LOGIN
from tests.conftest import make_settings
from tests.observability.test_logs import PRODUCTION, restored
from tests.rest_requests import BATCH, BEHAVIORS, event, execute
from tests.servers import drop_database, new_database, own_world
from tests.world import PASSWORD, World

__all__ = ["restored"]

URL = "https://private.example/a-path?with=a-query"
SESSION = "a-session-of-somebody"
CREATE = """mutation ($id: ID!, $name: String!) {
    createExtensionUser(input: {organizationId: $id, username: $name}) { __typename }
}"""
INGEST = """mutation ($url: String!) {
    ingestBehaviors(input: {events: [{sessionId: "s", ts: "2026-08-03T09:00:00Z", type: CLICK, url: $url}]}) {
        __typename
    }
}"""
FILTER = """query ($url: String!) { behaviors(where: {url: {contains: $url}}, first: 1) { nodes { id } } }"""


@dataclass(frozen=True)
class Secrets:
    """The secrets that must not be found, and a world to send them through."""

    world: World
    settings: Settings
    url: str
    token: str
    api_key: str
    organization_id: str
    refresh_token: str
    made_up_key: str

    @property
    def words(self) -> list[str]:
        """Each in the piece by which it would be recognised."""
        return [
            "private.example",
            "a-query",
            SESSION,
            PASSWORD,
            "a-wrong-password",
            self.token,
            self.token.split(".")[2],
            self.api_key,
            self.made_up_key,
            self.refresh_token,
        ]

    @property
    def unspeakable(self) -> list[str]:
        """The secrets that no answer repeats, not even to whoever sent them."""
        return [PASSWORD, "a-wrong-password", self.api_key, self.made_up_key, self.refresh_token]

    @property
    def headers(self) -> dict[str, str]:
        """All at once."""
        return {
            "Authorization": f"Bearer {self.token}",
            "X-API-Key": self.api_key,
            "Cookie": f"wb_access={self.token}; wb_refresh={self.refresh_token}",
            "Referer": URL,
        }


@pytest.fixture
async def secrets(data_dir: Path, database_url: str) -> AsyncIterator[Secrets]:
    settings = make_settings(data_dir, **PRODUCTION, log_level="debug")
    async with new_database(database_url) as url:
        await migrate.upgrade(url)
        async with own_world(settings, url) as world:
            organization = await world.organization()
            person, asker = await world.recorded(organization), await world.super_admin()
            await world.user_with_password("ada")
            yield Secrets(
                world,
                settings,
                url,
                token=asker.token or "",
                api_key=person.key.text,
                organization_id=str(organization.id),
                refresh_token=new_refresh_token(),
                made_up_key=new_api_key().text,
            )


async def _send_everything(secrets: Secrets) -> set[int]:
    """Post to every route, with all there is; the statuses of the answers, none of which repeats a secret."""
    logs.configure(
        secrets.settings.log_level, as_json=secrets.settings.logs_json
    )  # from here on to what the test reads
    http = secrets.world.http
    answers: list[Response] = []
    for path in _paths(http):
        for method in ("GET", "POST", "DELETE"):
            for headers in (secrets.headers, {"X-API-Key": secrets.made_up_key, "Authorization": "Bearer x.y.z"}):
                address = f"{path}?token={secrets.token}&url={URL}"
                answers.append(await http.request(method, address, headers=headers, content=json.dumps({"url": URL})))
    posted = event(url=URL, sessionId=SESSION)
    for content in (posted, posted | {"ts": URL}, posted | {"type": URL}, posted | {"userId": URL}, [posted], URL):
        for path in (BEHAVIORS, BATCH):
            body = {"events": [content]} if path == BATCH else content
            answers.append(await http.post(path, json=body, headers=secrets.headers))
            answers.append(await http.post(path, json=body))
            if isinstance(body, dict):
                keyed = [body | {"apiKey": key} for key in (secrets.api_key, secrets.made_up_key)]
                answers += [await http.post(path, json=each) for each in keyed]
    for query, variables in _questions(secrets):
        request = {"query": query, "variables": variables}
        answers.append(await http.post("/graphql", json=request, headers=secrets.headers))
    for answer in answers:
        told = f"{answer.headers} {answer.text}"
        assert not [word for word in secrets.unspeakable if word in told], (answer.request.url.path, answer.text)
    return {answer.status_code for answer in answers}


def _paths(http: AsyncClient) -> list[str]:
    app: Any = http._transport
    while not hasattr(app, "routes"):
        app = app.app
    return [path for route in _flat(app.routes) if (path := getattr(route, "path", None))]


def _questions(secrets: Secrets) -> list[tuple[str, dict[str, str]]]:
    return [
        (LOGIN, {"username": "ada", "password": PASSWORD}),
        (LOGIN, {"username": "ada", "password": "a-wrong-password"}),
        (f'mutation {{ refreshSession(input: {{refreshToken: "{secrets.refresh_token}"}}) {{ __typename }} }}', {}),
        (CREATE, {"id": secrets.organization_id, "name": SESSION}),
        (INGEST, {"url": URL}),
        (FILTER, {"url": URL}),
        (f'{{ node(id: "{URL}") {{ id }} }}', {}),
        (f'{{ nothing(url: "{URL}") }}', {}),
        (f'{{ "{URL}', {}),
    ]


def _found(secrets: Secrets, log: str) -> list[str]:
    return [word for word in secrets.words if word in log]


async def test_none_is_logged_while_all_is_well(secrets: Secrets, capsys: pytest.CaptureFixture[str]):
    statuses = await _send_everything(secrets)

    log = capsys.readouterr().err
    assert {200, 201, 400, 401, 404, 405} <= statuses
    assert log.count('"request"') > 50
    assert _found(secrets, log) == []


async def test_none_is_logged_when_postgresql_quotes_what_it_refuses(
    secrets: Secrets, capsys: pytest.CaptureFixture[str]
):
    services = secrets.world.services
    await execute(services, "ALTER TABLE behaviors ADD CHECK (url NOT LIKE '%private%')")
    await execute(services, "ALTER TABLE rejected_events ADD CHECK (payload NOT LIKE '%private%')")
    await execute(services, f"ALTER TABLE extension_users ADD CHECK (username <> '{SESSION}')")
    await execute(services, "ALTER TABLE sign_ins ADD CHECK (user_id IS NULL) NOT VALID")

    statuses = await _send_everything(secrets)

    log = capsys.readouterr().err
    assert 500 in statuses
    assert "CheckViolationError" in log
    assert _found(secrets, log) == []


async def test_none_is_logged_when_tables_are_missing(secrets: Secrets, capsys: pytest.CaptureFixture[str]):
    for table in ("behaviors", "extension_users", "users"):
        await execute(secrets.world.services, f"ALTER TABLE {table} RENAME TO {table}_away")

    statuses = await _send_everything(secrets)

    log = capsys.readouterr().err
    assert 503 in statuses
    assert 500 not in statuses
    assert "does not have all that this version needs" in log
    assert _found(secrets, log) == []


async def test_none_is_logged_when_the_database_has_gone(secrets: Secrets, capsys: pytest.CaptureFixture[str]):
    await drop_database(secrets.url)

    statuses = await _send_everything(secrets)

    log = capsys.readouterr().err
    assert 503 in statuses
    assert "events not stored" in log
    assert _found(secrets, log) == []
