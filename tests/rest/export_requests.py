"""Requests for the downloads, and many events to download."""

import asyncio
import json
from typing import Any

from httpx import Response
from starlette.types import Message

from resolvers.caller import Caller
from resolvers.sign_ins import authenticate
from tests.rest_requests import execute
from tests.schema.sample_tenants import SampleTenants, run
from tests.world import Asker, Recorded, World, raw

EVENTS = "/api/v1/exports/behaviors.ndjson"
CSV = "/api/v1/exports/behaviors.csv"
MANY = """
    INSERT INTO behaviors (user_id, ts, id, organization_id, received_at, type, session_id, url, domain)
    SELECT :person, timestamptz '2026-08-03T00:00Z' + number * interval '1 second', gen_random_uuid(), :organization,
           now(), 3, 's1', 'https://a.com/' || number, 'a.com'
    FROM generate_series(1, :count) AS number
"""
TICKET = """mutation ($input: ExportBehaviorsInput!) { exportBehaviors(input: $input) {
    __typename ... on ExportBehaviorsSuccess { download { url expiresAt } } ... on Error { message }
} }"""
PERSON_TICKET = """mutation ($input: ExportExtensionUserInput!) { exportExtensionUser(input: $input) {
    ... on ExportExtensionUserSuccess { download { url } } ... on Error { message }
} }"""


async def fetched(asker: Asker, address: str = EVENTS, **parameters: Any) -> Response:
    """The answer to somebody's GET."""
    headers = {"Authorization": f"Bearer {asker.token}"} if asker.token else {}
    return await asker.http.get(address, params=parameters or None, headers=headers)


async def lines(asker: Asker, address: str = EVENTS, **parameters: Any) -> list[dict[str, Any]]:
    """The lines of a download that must succeed."""
    response = await fetched(asker, address, **parameters)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def of(person: Recorded) -> str:
    """Return the address of the download of everything held on a person."""
    return f"/api/v1/exports/extension-users/{person.id}.ndjson"


async def caller_of(world: World, asker: Asker) -> Caller:
    """Somebody as resolvers see them."""
    viewer, _ = await authenticate(world.services, asker.token or "")
    return Caller.of(viewer, world.services)


async def filled(world: World, person: Recorded, count: int) -> None:
    """Many events of a person, put straight into the table."""
    await world.browse(person, raw("00:00:00"))
    await execute(world.services, MANY, person=person.id, organization=person.row.organization_id, count=count)


async def tickets(tenants: SampleTenants, **wanted: Any) -> str:
    """The address that `exportBehaviors` gives the admin."""
    answer = await run(tenants.admin, TICKET, **{"format": "NDJSON"} | wanted)
    address: str = answer["download"]["url"]
    return address


class SlowClient:
    """A client of the application that reads the first chunk of a download, goes on when told, and then goes away."""

    def __init__(self, asker: Asker, address: str = EVENTS) -> None:
        self.has_begun, self.goes_on, self.is_gone = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.chunks = 0
        self._asked = False
        path, _, query = address.partition("?")
        self.scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "scheme": "http", "root_path": "",
            "headers": [(b"host", b"testserver"), (b"authorization", f"Bearer {asker.token}".encode())],
            "client": ("127.0.0.1", 4711), "server": ("testserver", 80),
        }  # fmt: skip

    async def receive(self) -> Message:
        """The request, and in the end that it has gone."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.body":
            self.chunks += 1
            self.has_begun.set()
            await self.goes_on.wait()
