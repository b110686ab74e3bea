"""A forged host in a request changes no link, no cookie and no ticket."""

from pathlib import Path

from httpx import AsyncClient, Response

from tests.auth.accounts import quick_user
from tests.conftest import make_settings
from tests.servers import own_world
from tests.world import PASSWORD, Asker, World

EVIL = "evil.example"
FORGED = [
    {"Host": EVIL},
    {"Host": f"{EVIL}:80@testserver"},
    {"Host": "testserver/api/v1/exports/extension-users/x.ndjson?"},
    {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "1"},
    {"Forwarded": f"host={EVIL};proto=https"},
    {
        "X-Original-URL": "/api/v1/exports/behaviors.ndjson",
        "X-Rewrite-URL": "/swagger",
        "X-HTTP-Method-Override": "GET",
    },
]
LOGIN = f"""mutation {{ login(input: {{username: "Ada", password: "{PASSWORD}", delivery: COOKIE}}) {{
    ... on LoginSuccess {{ viewer {{ username }} }} }} }}"""
EXPORT = "mutation { exportBehaviors(input: {format: NDJSON}) { ... on ExportBehaviorsSuccess { download { url } } } }"
EXPORT_PERSON = """mutation ($id: ID!) { exportExtensionUser(input: {id: $id}) {
    ... on ExportExtensionUserSuccess { download { url } } } }"""
PAGES = ("/", "/graphql", "/swagger", "/swagger/openapi.json", "/nowhere", "/health")
EVENTS = "/api/v1/exports/behaviors.ndjson"


async def test_links_are_relative_whatever_the_host(world: World):
    admin = await world.member(await world.organization())

    for forged in FORGED:
        ticket = (await Asker(world.http, token=admin.token, headers=forged).ask(EXPORT))["exportBehaviors"]["download"]
        pages = [await world.http.get(path, headers=forged | {"Accept": "text/html"}) for path in PAGES]

        assert ticket["url"].startswith(f"{EVENTS}?ticket=")
        assert pages[0].headers["location"] == "/graphql"
        assert not [page for page in pages if EVIL in page.text or EVIL in str(page.headers)]


async def test_a_ticket_is_for_the_address_that_is_really_asked_for(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    own = f"/api/v1/exports/extension-users/{person.id}.ndjson"
    ticket = (await admin.ask(EXPORT_PERSON, id=str(person.id)))["exportExtensionUser"]["download"]["url"].partition(
        "ticket="
    )[2]
    hosts = [f"testserver{own}?", f"testserver{own}#", f"testserver{own}", f"evil@testserver{own}?"]

    own_answer = await world.http.get(own, params={"ticket": ticket}, headers={"Host": EVIL})
    others = [await world.http.get(EVENTS, params={"ticket": ticket}, headers={"Host": host}) for host in hosts]

    assert own_answer.status_code == 200
    assert [answer.status_code for answer in others] == [401] * len(hosts)


async def signed_in(http: AsyncClient, headers: dict[str, str]) -> Response:
    return await http.post("/graphql", json={"query": LOGIN}, headers=headers)


async def test_cookies_are_for_our_own_host_alone_and_stay_secure(data_dir: Path, database_url: str, world: World):
    await quick_user(world, "Ada")
    settings = make_settings(data_dir, base_url="https://api.example")
    async with own_world(settings, database_url) as own:
        for forged in (
            {"X-Forwarded-Proto": "http", "X-Forwarded-Host": EVIL},
            {"Forwarded": f"proto=http;host={EVIL}"},
        ):
            response = await signed_in(own.http, {"Origin": "https://api.example"} | forged)

            cookies = response.headers.get_list("set-cookie")
            assert len(cookies) == 2
            assert all("secure" in cookie.lower() and "domain" not in cookie.lower() for cookie in cookies)
            assert response.headers["strict-transport-security"]
        for forged in ({"X-Forwarded-Host": EVIL}, {"Forwarded": f"host={EVIL}"}):
            refused = await signed_in(own.http, {"Origin": f"https://{EVIL}"} | forged)

            assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            assert "set-cookie" not in refused.headers
