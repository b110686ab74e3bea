"""API tokens: service accounts and personal access tokens, made, used, listed, and revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from auth.api_tokens import PERSONAL, SERVICE_ACCOUNT, new_api_token
from core.ids import encode_node_id
from core.limits import API_TOKENS
from core.roles import Role
from core.token_scopes import TokenScope
from db.queries import memberships
from db.queries.organizations import OrganizationRow
from tests.world import Asker, World, raw

CREATE_SERVICE_ACCOUNT = """mutation ($input: CreateServiceAccountInput!) { createServiceAccount(input: $input) {
    __typename ... on Error { message } ... on InvalidInput { field }
    ... on CreateServiceAccountSuccess {
        token serviceAccount { id uuid name scopes tokenPrefix createdBy createdAt expiresAt lastUsedAt }
    }
} }"""
CREATE_PERSONAL = """mutation ($input: CreatePersonalAccessTokenInput!) { createPersonalAccessToken(input: $input) {
    __typename ... on Error { message } ... on InvalidInput { field }
    ... on CreatePersonalAccessTokenSuccess { token personalAccessToken { id uuid scopes expiresAt lastUsedAt } }
} }"""
REVOKE = """mutation ($id: ID!) { revokeToken(input: {id: $id}) {
    __typename ... on Error { message } ... on RevokeTokenSuccess { id }
} }"""
ORGANIZATIONS = "{ organizations { nodes { name } } }"
SERVICE_ACCOUNTS = "query ($id: ID!) { organization(id: $id) { serviceAccounts { id name lastUsedAt } } }"
OWN = "{ viewer { personalAccessTokens { id name lastUsedAt } } }"
USAGE = """query ($id: ID!) { organization(id: $id) {
    usage(period: {between: {start: "2026-08-03T00:00:00Z", end: "2026-08-04T00:00:00Z"}}) { total { events } }
} }"""
CREATE_PERSON = """mutation ($organization: ID!, $name: String!) {
    createExtensionUser(input: {organizationId: $organization, username: $name}) { __typename }
}"""
INGEST = """mutation ($events: [BehaviorInput!]!) { ingestBehaviors(input: {events: $events}) {
    ... on IngestBehaviorsSuccess { accepted rejected { code } }
} }"""
LOG = "{ auditLog { nodes { action actorId tokenId subjectId details { name value } } } }"


async def service_account(
    admin: Asker, organization: OrganizationRow, *scopes: str, **more: Any
) -> tuple[Asker, dict[str, Any]]:
    """A service account's asker, and what was answered when it was made."""
    values = {"organizationId": str(organization.id), "name": "Grafana", "scopes": scopes, **more}
    answer = (await admin.ask(CREATE_SERVICE_ACCOUNT, input=values))["createServiceAccount"]
    return Asker(admin.http, token=answer.get("token")), answer


async def personal(owner: Asker, *scopes: str, **more: Any) -> tuple[Asker, dict[str, Any]]:
    """An asker with somebody's personal token, and what was answered when it was made."""
    values = {"name": "script", "scopes": scopes, **more}
    answer = (await owner.ask(CREATE_PERSONAL, input=values))["createPersonalAccessToken"]
    return Asker(owner.http, token=answer.get("token")), answer


async def test_a_service_account_asks_within_its_scopes_of_its_organization_alone(world: World):
    ours, theirs = await world.organization(), await world.organization()
    admin = await world.member(ours)
    person = await world.recorded(ours)
    await world.browse(person, raw("09:00:00"))

    asker, made = await service_account(admin, ours, "METRICS_READ", "ORGANIZATION_READ")

    assert made["serviceAccount"]["scopes"] == ["METRICS_READ", "ORGANIZATION_READ"]
    assert made["token"].startswith(made["serviceAccount"]["tokenPrefix"])
    assert (await asker.ask(ORGANIZATIONS))["organizations"]["nodes"] == [{"name": ours.name}]
    assert (await asker.ask(USAGE, id=str(ours.id)))["organization"]["usage"]["total"]["events"] == 1
    assert (await asker.ask(USAGE, id=str(theirs.id)))["organization"] is None
    refused = await asker.refused("{ extensionUsers { nodes { username } } }")
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert "people:read" in refused["message"]


async def test_the_rights_of_a_personal_token_are_those_of_its_owner_now(world: World):
    organization = await world.organization()
    member = await world.member(organization, Role.MEMBER)
    asker, _ = await personal(member, "ORGANIZATION_READ", "PEOPLE_WRITE", "PEOPLE_READ")
    assert member.user

    as_member = await asker.refused(CREATE_PERSON, organization=str(organization.id), name="otto")
    async with world.services.database.write() as db:
        await memberships.set_role(db, organization.id, member.user.id, Role.ADMIN)
    as_admin = await asker.ask(CREATE_PERSON, organization=str(organization.id), name="otto")
    async with world.services.database.write() as db:
        await memberships.remove(db, organization.id, member.user.id)
    afterwards = await asker.ask(ORGANIZATIONS)

    assert as_member["extensions"]["code"] == "FORBIDDEN"
    assert as_admin["createExtensionUser"]["__typename"] == "CreateExtensionUserSuccess"
    assert afterwards["organizations"]["nodes"] == []


async def test_a_revoked_token_is_refused_at_once(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    for asker, made in (
        await service_account(admin, organization, "ORGANIZATION_READ"),
        await personal(admin, "ORGANIZATION_READ"),
    ):
        token = made.get("serviceAccount") or made["personalAccessToken"]
        assert "errors" not in await asker.post(ORGANIZATIONS)

        revoked = (await admin.ask(REVOKE, id=token["id"]))["revokeToken"]
        again = (await admin.ask(REVOKE, id=token["id"]))["revokeToken"]

        assert revoked == {"__typename": "RevokeTokenSuccess", "id": token["id"]}
        assert again["__typename"] == "NotFound"
        refused = await asker.refused(ORGANIZATIONS)
        assert refused["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_expired_token_is_refused(world: World):
    admin = await world.member(await world.organization())
    asker, _ = await personal(admin, "ORGANIZATION_READ")
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE api_tokens SET expires_at = now()"))

    assert (await asker.refused(ORGANIZATIONS))["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_service_account_goes_with_its_organization(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    asker, _ = await service_account(admin, organization, "ORGANIZATION_READ")

    deletion = "mutation ($id: ID!) { deleteOrganization(input: {id: $id}) { __typename } }"
    await admin.ask(deletion, id=str(organization.id))

    assert (await asker.refused(ORGANIZATIONS))["extensions"]["code"] == "UNAUTHENTICATED"


def mistyped() -> list[str]:
    """Tokens that are none: a digit changed, cut off, too long, of another kind, empty after the prefix."""
    token = new_api_token(PERSONAL).text
    changed = token[:10] + ("a" if token[10] != "a" else "b") + token[11:]
    return [changed, token[:-1], token + "0", SERVICE_ACCOUNT + token[4:], "wbp_"]


@pytest.mark.parametrize("number", range(5))
async def test_a_mistyped_token_is_told_apart_without_being_looked_up(world: World, number: int):
    async with world.services.database.write() as db:
        await db.execute(text("LOCK TABLE api_tokens IN ACCESS EXCLUSIVE MODE"))
        refused = await Asker(world.http, token=mistyped()[number]).refused(ORGANIZATIONS)

    assert refused["extensions"]["code"] == "UNAUTHENTICATED"
    assert "checksum" in refused["message"]


@pytest.mark.parametrize("kind", [SERVICE_ACCOUNT, PERSONAL])
async def test_a_well_formed_token_that_nobody_was_given_is_refused(world: World, kind: str):
    refused = await Asker(world.http, token=new_api_token(kind).text).refused(ORGANIZATIONS)

    assert refused["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_database_holds_no_token(world: World):
    admin = await world.member(await world.organization())
    _, made = await personal(admin, "ORGANIZATION_READ")

    async with world.services.database.read() as db:
        rows = (await db.execute(text("SELECT CAST(api_tokens AS text) FROM api_tokens"))).scalars().all()

    assert len(rows) == 1
    assert made["token"][8:] not in rows[0]


async def test_a_token_holds_for_90_days_unless_said_otherwise(world: World):
    admin = await world.member(await world.organization())
    chosen = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)

    _, unsaid = await personal(admin, "EXPORT")
    _, said = await personal(admin, "EXPORT", expiresAt=chosen.isoformat())

    left = datetime.fromisoformat(unsaid["personalAccessToken"]["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=89, hours=23) < left < timedelta(days=90)
    assert datetime.fromisoformat(said["personalAccessToken"]["expiresAt"]) == chosen


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"name": " "}, "name"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2099-01-01T00:00:00Z"}, "expiresAt"),
    ],
)
async def test_a_bad_argument_is_told(world: World, values: dict[str, Any], field: str):
    organization = await world.organization()
    admin = await world.member(organization)
    given = {"name": "n", "scopes": ["EXPORT"]} | values

    personal_token = (await admin.ask(CREATE_PERSONAL, input=given))["createPersonalAccessToken"]
    given["organizationId"] = str(organization.id)
    account = (await admin.ask(CREATE_SERVICE_ACCOUNT, input=given))["createServiceAccount"]

    assert (personal_token["__typename"], personal_token["field"]) == ("InvalidInput", field)
    assert (account["__typename"], account["field"]) == ("InvalidInput", field)


async def test_there_are_so_many_at_most(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    async with world.services.database.write() as db:
        await db.execute(
            text("""
                INSERT INTO api_tokens
                    (token_hash, token_prefix, organization_id, user_id, name, scopes, created_by, expires_at)
                SELECT sha256(CAST(number || owner AS bytea)), 'wb',
                       CASE owner WHEN 'o' THEN CAST(:organization AS uuid) END,
                       CASE owner WHEN 'u' THEN CAST(:user AS uuid) END,
                       'n', '{export}', :user, now() - interval '1 day'
                FROM generate_series(1, :count) AS number, (VALUES ('o'), ('u')) AS owners (owner)
            """),
            {"organization": organization.id, "user": admin.user and admin.user.id, "count": API_TOKENS},
        )

    answers = [(await personal(admin, "EXPORT"))[1], (await service_account(admin, organization, "EXPORT"))[1]]

    assert [answer["__typename"] for answer in answers] == ["TooManyTokens"] * 2


async def test_the_last_use_is_told_to_the_minute(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    asker, _ = await service_account(admin, organization, "ORGANIZATION_READ")

    async def last_used() -> str | None:
        found = (await admin.ask(SERVICE_ACCOUNTS, id=str(organization.id)))["organization"]["serviceAccounts"]
        used_at: str | None = found[0]["lastUsedAt"]
        return used_at

    before = await last_used()
    await asker.ask(ORGANIZATIONS)
    first = await last_used()
    await asker.ask(ORGANIZATIONS)
    same = await last_used()
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE api_tokens SET last_used_at = last_used_at - interval '61 seconds'"))
    await asker.ask(ORGANIZATIONS)
    later = await last_used()

    assert before is None
    assert first is not None
    assert same == first
    assert later is not None
    assert later > first


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
async def test_only_admins_make_see_and_revoke_service_accounts(world: World, role: Role):
    organization = await world.organization()
    admin, reader = await world.member(organization), await world.member(organization, role)
    outsider = await world.member(await world.organization())
    _, made = await service_account(admin, organization, "EXPORT")
    values = {"organizationId": str(organization.id), "name": "x", "scopes": ["EXPORT"]}

    by_reader = await reader.refused(CREATE_SERVICE_ACCOUNT, input=values)
    by_outsider = (await outsider.ask(CREATE_SERVICE_ACCOUNT, input=values))["createServiceAccount"]
    seen = await reader.post(SERVICE_ACCOUNTS, id=str(organization.id))
    revoked = await reader.refused(REVOKE, id=made["serviceAccount"]["id"])
    revoked_by_outsider = (await outsider.ask(REVOKE, id=made["serviceAccount"]["id"]))["revokeToken"]

    assert by_reader["extensions"]["code"] == "FORBIDDEN"
    assert by_outsider["__typename"] == "NotFound"
    assert seen["data"]["organization"]["serviceAccounts"] is None
    assert revoked["extensions"]["code"] == "FORBIDDEN"
    assert revoked_by_outsider["__typename"] == "NotFound"


async def test_nobody_sees_or_revokes_the_personal_tokens_of_others(world: World):
    organization = await world.organization()
    owner, boss = await world.member(organization), await world.super_admin()
    _, made = await personal(owner, "EXPORT")

    others = (await boss.ask("{ users { nodes { personalAccessTokens { id } } } }"))["users"]["nodes"]
    revoked = (await boss.ask(REVOKE, id=made["personalAccessToken"]["id"]))["revokeToken"]

    assert {"personalAccessTokens": None} in others
    assert revoked["__typename"] == "NotFound"
    assert [each["id"] for each in (await owner.ask(OWN))["viewer"]["personalAccessTokens"]] == [
        made["personalAccessToken"]["id"]
    ]


EVERY_SCOPE = [scope.name for scope in TokenScope]


@pytest.mark.parametrize(
    "mutation",
    [
        'createPersonalAccessToken(input: {name: "n", scopes: [EXPORT]}) { __typename }',
        'createServiceAccount(input: {organizationId: "x", name: "n", scopes: [EXPORT]}) { __typename }',
        'revokeToken(input: {id: "x"}) { __typename }',
        'changePassword(input: {currentPassword: "x", newPassword: "y"}) { __typename }',
        "endOtherSignIns { __typename }",
        'createUser(input: {username: "n", password: "p"}) { __typename }',
        'createOrganization(input: {name: "n"}) { __typename }',
        'acceptMembership(input: {id: "x"}) { __typename }',
        'leaveOrganization(input: {organizationId: "x"}) { __typename }',
        "logout { __typename }",
    ],
)
async def test_some_things_take_a_sign_in_whatever_the_scopes(world: World, mutation: str):
    boss = await world.super_admin()
    asker, _ = await personal(boss, *EVERY_SCOPE)

    refused = await asker.refused(f"mutation {{ {mutation} }}")

    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert "sign in" in refused["message"]


async def test_a_service_account_is_no_user(world: World):
    organization = await world.organization()
    asker, _ = await service_account(await world.member(organization), organization, *EVERY_SCOPE)

    refused = await asker.refused("{ viewer { username } }")

    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert "service account" in refused["message"]


async def test_the_audit_log_tells_who_did_it_and_by_which_token(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    assert admin.user
    account, made = await service_account(admin, organization, "PEOPLE_WRITE", "PEOPLE_READ")
    own, mine = await personal(admin, "PEOPLE_WRITE", "PEOPLE_READ")

    await account.ask(CREATE_PERSON, organization=str(organization.id), name="by the account")
    await own.ask(CREATE_PERSON, organization=str(organization.id), name="by the token")

    newest, older, *rest = (await admin.ask(LOG))["auditLog"]["nodes"]
    account_id, token_id = made["serviceAccount"]["uuid"], mine["personalAccessToken"]["uuid"]
    assert (newest["action"], newest["actorId"], newest["tokenId"]) == ("KEY_ISSUED", str(admin.user.id), token_id)
    assert (older["action"], older["actorId"], older["tokenId"]) == ("KEY_ISSUED", account_id, account_id)
    [creation] = [entry for entry in rest if entry["action"] == "SERVICE_ACCOUNT_CREATED"]
    assert (creation["subjectId"], creation["tokenId"]) == (account_id, None)
    assert creation["details"] == [{"name": "scopes", "value": "people:read people:write"}]


async def test_a_token_downloads_and_its_tickets_end_with_it(world: World):
    organization = await world.organization()
    admin, person = await world.member(organization), await world.recorded(organization)
    await world.browse(person, raw("09:00:00"))
    asker, made = await service_account(admin, organization, "EXPORT")
    poor, _ = await service_account(admin, organization, "BEHAVIORS_READ")
    export = (
        "mutation { exportBehaviors(input: {format: NDJSON}) { ... on ExportBehaviorsSuccess { download { url } } } }"
    )

    ticket = (await asker.ask(export))["exportBehaviors"]["download"]["url"]
    by_ticket = await world.http.get(ticket)
    by_token = await world.http.get(
        "/api/v1/exports/behaviors.ndjson", headers={"Authorization": f"Bearer {asker.token}"}
    )
    without_scope = await world.http.get(
        "/api/v1/exports/behaviors.ndjson", headers={"Authorization": f"Bearer {poor.token}"}
    )
    await admin.ask(REVOKE, id=made["serviceAccount"]["id"])
    revoked = await world.http.get(ticket)

    assert by_ticket.status_code == 200
    assert by_ticket.text.count("\n") == 1
    assert by_token.text == by_ticket.text
    assert (without_scope.status_code, "export" in without_scope.text) == (403, True)
    assert revoked.status_code == 401


async def test_an_id_of_another_kind_is_no_token(world: World):
    organization = await world.organization()
    admin = await world.member(organization)

    for identifier in (encode_node_id("Organization", organization.id.bytes), "nonsense", ""):
        assert (await admin.ask(REVOKE, id=identifier))["revokeToken"]["__typename"] == "NotFound"


async def test_ingest_stores_events_of_the_organizations_people_without_their_keys(world: World):
    ours, theirs = await world.organization(), await world.organization()
    admin = await world.member(ours)
    await admin.ask(
        "mutation ($id: ID!) { updateOrganization(input: {id: $id, requiresApiKey: true}) { __typename } }",
        id=str(ours.id),
    )
    olga, theo = await world.recorded(ours), await world.recorded(theirs)
    asker, _ = await service_account(admin, ours, "INGEST")
    poor, _ = await service_account(admin, ours, "PEOPLE_WRITE")
    events = [
        {"sessionId": "s", "ts": "2026-08-03T09:00:00Z", "type": "FOCUS", "userId": str(olga.id)},
        {"sessionId": "s", "ts": "2026-08-03T09:00:01Z", "type": "FOCUS", "userId": str(theo.id)},
    ]

    stored = (await asker.ask(INGEST, events=events[:1]))["ingestBehaviors"]
    as_a_stranger = (await world.stranger.ask(INGEST, events=events[:1]))["ingestBehaviors"]
    of_others = (await asker.ask(INGEST, events=events[1:]))["ingestBehaviors"]
    refused = await poor.refused(INGEST, events=events)

    assert stored == {"accepted": 1, "rejected": []}
    assert as_a_stranger["rejected"] == [{"code": "UNKNOWN_USER"}]
    assert of_others == {"accepted": 1, "rejected": []}, "as without a token: their organization requires no keys"
    assert refused["extensions"]["code"] == "FORBIDDEN"


async def test_a_service_account_offers_membership_and_its_offers_go_with_it(world: World):
    organization = await world.organization()
    admin = await world.member(organization)
    asker, made = await service_account(admin, organization, "ORGANIZATION_ADMIN")
    offers = "query ($id: ID!) { organization(id: $id) { membershipOffers { nodes { username } } } }"

    offer = """mutation ($id: ID!) {
        addMember(input: {organizationId: $id, username: "nora", role: MEMBER}) { __typename }
    }"""

    offered = await asker.ask(offer, id=str(organization.id))
    before = (await admin.ask(offers, id=str(organization.id)))["organization"]["membershipOffers"]["nodes"]
    await admin.ask(REVOKE, id=made["serviceAccount"]["id"])
    after = (await admin.ask(offers, id=str(organization.id)))["organization"]["membershipOffers"]["nodes"]

    assert offered["addMember"]["__typename"] == "AddMemberSuccess"
    assert before == [{"username": "nora"}]
    assert after == []
