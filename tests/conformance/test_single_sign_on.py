"""Single sign-on at a real provider over real HTTP: who gets in as whom, for how long, and out again."""

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient

from core.roles import Role
from core.scope import Scope
from db.queries import memberships, organizations, team_leads
from resolvers.single_sign_on import link_identity
from tests.auth.accounts import quick_user
from tests.auth.test_login import LOGIN
from tests.conformance.oidc_provider import CLIENT_ID, OidcProvider, oidc_provider
from tests.conformance.signing_on import (
    CALLBACK_PATH,
    LOGIN_PATH,
    LOGOUT_PATH,
    ME,
    OWN,
    accounts,
    ask,
    begun,
    problem,
    service,
    signed_in,
)
from tests.conftest import BASE_URL
from tests.links.requests import INVITE, OPEN, token_in
from tests.world import PASSWORD, World

REFRESH = "mutation { refreshSession(input: {delivery: COOKIE}) { __typename ... on Error { message } } }"
LED = "{ viewer { memberships { role ledTeams { id } } } }"
ENDS = """SELECT s.ends_at - s.created_at, s.expires_at = s.ends_at,
    (SELECT bool_and(expires_at <= s.ends_at) FROM refresh_tokens) FROM sign_ins s"""


async def test_somebody_of_a_group_gets_an_account_with_its_role(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="Ada", groups=["staff", "others"])

    response = await signed_in(sso, provider, "ada")
    viewer = (await ask(sso, ME))["viewer"]

    assert (response.status_code, response.headers["location"]) == (303, "/graphql")
    assert viewer["username"] == "Ada"
    assert viewer["isSuperAdmin"] is False
    assert viewer["memberships"] == [{"role": "MEMBER", "bySso": True, "organization": {"name": "Acme"}}]
    assert [each["current"] for each in viewer["signIns"]] == [True]
    cookies = {line.split("=")[0]: line for line in response.headers.get_list("set-cookie")}
    assert {"wb_access", "wb_refresh", "wb_id_token"} <= set(cookies)
    for name in ("wb_access", "wb_refresh", "wb_id_token"):
        assert "HttpOnly; " in cookies[name]
        assert "SameSite=strict" in cookies[name]


async def test_the_next_sign_in_finds_the_account_whatever_the_name_is_then(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="Ada", groups=["staff"])
    await signed_in(sso, provider, "ada")
    provider.change("ada", preferred_username="Ada Lovelace", groups=["wb:acme/viewer", "chiefs"])

    await signed_in(sso, provider, "ada")

    viewer = (await ask(sso, ME))["viewer"]
    assert await accounts(sso) == ["Ada"]
    assert [each["role"] for each in viewer["memberships"]] == ["ADMIN"]
    assert len(viewer["signIns"]) == 2


async def test_an_account_of_the_same_name_is_left_to_its_owner(sso: World, provider: OidcProvider):
    await quick_user(sso, "ada")
    provider.change("mallory", preferred_username="ADA", email="ada@example.org", groups=["staff"])

    await signed_in(sso, provider, "mallory")

    assert (await ask(sso, ME))["viewer"]["username"] == "ADA-2"
    assert await accounts(sso) == ["ADA-2", "ada"]


async def test_who_leaves_a_group_loses_its_membership_and_no_other(sso: World, provider: OidcProvider, world: World):
    other = await world.organization("Other")
    provider.change("ada", preferred_username="ada", groups=["chiefs"])
    await signed_in(sso, provider, "ada")
    async with world.services.database.write() as db:
        user_id = (await db.exec_driver_sql("SELECT id FROM users")).scalar_one()
        await memberships.add(db, other.id, user_id, Role.VIEWER)
    provider.change("ada", preferred_username="ada", groups=["wb:Other/admin"])

    await signed_in(sso, provider, "ada")

    found = (await ask(sso, ME))["viewer"]["memberships"]
    assert found == [{"role": "VIEWER", "bySso": False, "organization": {"name": "Other"}}]


async def test_who_leaves_all_groups_is_refused_and_keeps_nothing(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    await signed_in(sso, provider, "ada")
    provider.change("ada", preferred_username="ada", groups=[])

    response = await signed_in(sso, provider, "ada")

    assert response.status_code == 403
    assert "none of the groups" in problem(response)
    assert (await ask(sso, ME))["viewer"]["memberships"] == []


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([], "none of the groups that may use this service"),
        (["lost"], "stands for a role in Nowhere, but there is no such organization here"),
        (["staff", "wb:Nowhere/viewer"], "stands for a role in Nowhere, but there is no such organization here"),
        (["wb:Acme/owner"], "must be an organization and a role, admin, member, viewer"),
        (["wb:"], "must be an organization and a role"),
        ({"staff": True}, "is no list of groups"),
    ],
)
async def test_a_stranger_gets_a_clear_answer_and_no_account(
    sso: World, provider: OidcProvider, groups: Any, message: str
):
    provider.change("stranger", preferred_username="stranger", groups=groups)

    response = await signed_in(sso, provider, "stranger")

    assert response.status_code in {401, 403}
    assert message in problem(response)
    assert await accounts(sso) == []


async def test_without_rules_for_groups_only_linked_accounts_get_in(
    sso: World, provider: OidcProvider, data_dir: Path, database_url: str
):
    await quick_user(sso, "root", is_super_admin=True)
    provider.change("4711", preferred_username="root", groups=["staff"])
    async with service(provider, data_dir, database_url, oidc_groups={}, oidc_group_prefix=None) as own:
        before = await signed_in(own, provider, "4711")
        await link_identity(own.services, "ROOT", provider.issuer, "4711", replace=False)
        await signed_in(own, provider, "4711")
        viewer = (await ask(own, ME))["viewer"]

    assert "your `sub` is 4711" in problem(before)
    assert (viewer["username"], viewer["isSuperAdmin"]) == ("root", True)


async def test_groups_are_found_in_userinfo_too(world: World, data_dir: Path, database_url: str):
    await world.organization("Acme")
    people = {"ada": {"preferred_username": "Ada", "groups": "staff"}}
    with oidc_provider(BASE_URL, people, claims_in="userinfo") as provider:
        async with service(provider, data_dir, database_url) as own:
            await signed_in(own, provider, "ada")
            viewer = (await ask(own, ME))["viewer"]

    assert (viewer["username"], viewer["memberships"][0]["role"]) == ("Ada", "MEMBER")


async def test_two_tabs_sign_in_at_once(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])

    first, second = await begun(sso, returnTo="/graphql?tab=1"), await begun(sso, returnTo="/graphql?tab=2")
    answers = [provider.sign_in(second, "ada"), provider.sign_in(first, "ada")]
    responses = [await sso.http.get(answer) for answer in answers]

    assert [response.headers["location"] for response in responses] == ["/graphql?tab=2", "/graphql?tab=1"]
    assert await accounts(sso) == ["ada"]


async def test_a_trusted_frontend_gets_its_people_back(
    world: World, provider: OidcProvider, data_dir: Path, database_url: str
):
    await world.organization("Acme")
    provider.change("ada", preferred_username="ada", groups=["staff"])
    frontend = "https://admin.example"
    async with service(provider, data_dir, database_url, cors_origins=frontend) as own:
        address = provider.sign_in(await begun(own, returnTo=f"{frontend}/home"), "ada")
        response = await own.http.get(address)

    assert response.headers["location"] == f"{frontend}/home"


async def test_a_browser_keeps_only_so_many_attempts(sso: World):
    for _ in range(12):
        await begun(sso)

    assert len([name for name in sso.http.cookies if name.startswith("wb_sso_")]) == 8


async def test_signing_out_ends_the_sign_in_and_leads_to_the_provider(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    await signed_in(sso, provider, "ada")

    response = await sso.http.post(LOGOUT_PATH, headers=OWN)
    url = urlsplit(response.json()["data"]["url"])
    again = await sso.http.post(LOGOUT_PATH, headers=OWN)

    parameters = parse_qs(url.query)
    assert url.geturl().startswith(f"{provider.issuer}/session/end?")
    assert parameters["post_logout_redirect_uri"] == [f"{BASE_URL}/"]
    assert parameters["client_id"] == [CLIENT_ID]
    assert len(parameters["id_token_hint"]) == 1
    assert "errors" in await ask(sso, ME)
    assert not [name for name in sso.http.cookies if not name.startswith("wb_sso_")]
    assert again.json() == {"data": {"url": None}, "success": True}
    async with sso.services.database.read() as db:
        assert (await db.exec_driver_sql("SELECT count(*) FROM sign_ins")).scalar_one() == 0


async def test_signing_out_with_a_password_leads_nowhere(sso: World):
    await quick_user(sso, "ada")
    login = LOGIN.replace("password: $password", "password: $password, delivery: COOKIE")
    variables = {"username": "ada", "password": PASSWORD}
    await sso.http.post("/graphql", json={"query": login, "variables": variables}, headers=OWN)

    response = await sso.http.post(LOGOUT_PATH, headers=OWN)

    assert response.json()["data"] == {"url": None}
    assert "errors" in await ask(sso, ME)


async def test_another_sites_page_signs_nobody_out(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["staff"])
    await signed_in(sso, provider, "ada")

    answers = [
        await sso.http.post(LOGOUT_PATH, headers=headers) for headers in ({}, {"Origin": "https://evil.example"})
    ]
    by_get = await sso.http.get(LOGOUT_PATH)

    assert [answer.status_code for answer in (*answers, by_get)] == [403, 403, 405]
    assert (await ask(sso, ME))["viewer"]["username"] == "ada"


async def test_a_session_ends_after_its_hours_however_often_it_is_refreshed(
    world: World, provider: OidcProvider, data_dir: Path, database_url: str
):
    await world.organization("Acme")
    provider.change("ada", preferred_username="ada", groups=["staff"])
    async with service(provider, data_dir, database_url, sso_session_hours=2) as own:
        await signed_in(own, provider, "ada")
        refreshed = await ask(own, REFRESH)
        async with own.services.database.write() as db:
            found: tuple[Any, ...] = tuple((await db.exec_driver_sql(ENDS)).one())
            await db.exec_driver_sql("UPDATE sign_ins SET expires_at = now(), ends_at = now()")
        after = await ask(own, ME)

    assert refreshed["refreshSession"]["__typename"] == "RefreshSessionSuccess"
    assert abs(found[0].total_seconds() - 7200) < 60
    assert found[1:] == (True, True)
    assert "errors" in after


async def test_attempts_are_throttled_by_address(provider: OidcProvider, data_dir: Path, database_url: str):
    limits = {"rate_limit_enabled": True, "sign_in_limit_per_address": "3/minute"}
    async with service(provider, data_dir, database_url, **limits) as own:
        statuses = [(await own.http.get(path)).status_code for path in (LOGIN_PATH, CALLBACK_PATH, LOGIN_PATH)]
        beyond = [await own.http.get(path) for path in (LOGIN_PATH, CALLBACK_PATH)]

    assert statuses == [303, 401, 303]
    assert [response.status_code for response in beyond] == [429, 429]
    assert all(int(response.headers["retry-after"]) > 0 for response in beyond)


@pytest.mark.parametrize(("method", "path"), [("GET", LOGIN_PATH), ("GET", CALLBACK_PATH), ("POST", LOGOUT_PATH)])
async def test_without_a_provider_there_is_no_single_sign_on(http: AsyncClient, method: str, path: str):
    response = await http.request(method, path, headers=OWN)

    assert response.status_code == 404
    assert "Single sign-on is not set up here" in response.text


async def test_what_groups_have_changed_is_in_the_audit_log(sso: World, provider: OidcProvider):
    for groups in (["staff"], ["chiefs"], []):
        provider.change("ada", preferred_username="ada", groups=groups)
        await signed_in(sso, provider, "ada")

    async with sso.services.database.read() as db:
        rows = await db.exec_driver_sql("SELECT action, actor_id, details FROM audit_entries ORDER BY at, id")
        entries = [tuple(row) for row in rows]
    assert entries == [
        ("user_created", None, {"by": "single_sign_on", "superAdmin": False}),
        ("member_added", None, {"by": "single_sign_on", "role": "member"}),
        ("member_role_changed", None, {"by": "single_sign_on", "role": "admin"}),
        ("member_removed", None, {"by": "single_sign_on"}),
    ]


async def test_a_linked_account_without_memberships_signs_in_to_accept_what_it_is_offered(
    sso: World, provider: OidcProvider, data_dir: Path, database_url: str
):
    await quick_user(sso, "nora")
    async with service(provider, data_dir, database_url, oidc_groups={}, oidc_group_prefix=None) as own:
        await link_identity(own.services, "nora", provider.issuer, "nora", replace=False)
        provider.change("nora", preferred_username="nora")
        response = await signed_in(own, provider, "nora")
        viewer = (await ask(own, ME))["viewer"]

    assert response.status_code == 303
    assert (viewer["username"], viewer["memberships"]) == ("nora", [])


async def test_who_loses_an_admins_role_by_their_groups_takes_their_invitations_along(
    sso: World, provider: OidcProvider
):
    provider.change("ada", preferred_username="ada", groups=["chiefs"])
    await signed_in(sso, provider, "ada")
    async with sso.services.database.read() as db:
        organization = (await organizations.by_name(db, Scope.everything(), "Acme"))[0]
    wanted = {"organizationId": str(organization.id), "role": "ADMIN", "email": "friend@example.com"}
    link = (await ask(sso, INVITE, input=wanted))["inviteMember"]["link"]
    provider.change("ada", preferred_username="ada", groups=["staff"])
    await signed_in(sso, provider, "ada")

    opened = (await ask(sso, OPEN, input={"token": token_in(link)}))["openInvitation"]

    assert (opened["__typename"], opened["reason"]) == ("InvalidLink", "INVITER_LOST_ROLE")


async def test_who_is_refused_may_sign_in_at_the_provider_as_somebody_else(sso: World, provider: OidcProvider):
    provider.change("stranger", preferred_username="stranger", groups=[])

    refused = await signed_in(sso, provider, "stranger")
    again = re.search(r'href="([^"]+)">Begin again', refused.text)
    assert again, refused.text
    address = (await sso.http.get(html.unescape(again[1]))).headers["location"]

    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    assert "prompt" not in parse_qs(urlsplit(await begun(sso)).query)


async def test_who_becomes_more_than_a_lead_by_their_groups_leads_no_teams_any_more(sso: World, provider: OidcProvider):
    provider.change("ada", preferred_username="ada", groups=["wb:Acme/lead"])
    await signed_in(sso, provider, "ada")
    async with sso.services.database.write() as db:
        organization = (await organizations.by_name(db, Scope.everything(), "Acme"))[0]
        user_id = (await db.exec_driver_sql("SELECT id FROM users")).scalar_one()
    team = await sso.team(organization)
    async with sso.services.database.write() as db:
        await team_leads.add(db, team, user_id)
    led: list[Any] = [len((await ask(sso, LED))["viewer"]["memberships"][0]["ledTeams"])]

    for groups in (["wb:Acme/lead", "staff"], ["wb:Acme/lead"]):
        provider.change("ada", preferred_username="ada", groups=groups)
        await signed_in(sso, provider, "ada")
        membership = (await ask(sso, LED))["viewer"]["memberships"][0]
        led.append((membership["role"], len(membership["ledTeams"])))

    assert led == [1, ("MEMBER", 0), ("LEAD", 0)]
