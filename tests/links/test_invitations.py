"""Invitations: a link makes one person a member, once, while whoever made it may still invite."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from core.ids import encode_node_id
from core.limits import MEMBERSHIP_OFFERS
from core.roles import Role
from db.queries.organizations import OrganizationRow
from tests.auth.test_login import LOGIN
from tests.conftest import StatementCounter, counted
from tests.links.requests import (
    ACCEPT,
    CONFIRM,
    EMAIL,
    INVITE,
    OPEN,
    REVOKE,
    invitations_of,
    invited,
    let_time_pass,
    token_in,
)
from tests.mail_server import MailServer, link_in, text_of
from tests.schema.membership_offers import offered
from tests.schema.sample_tenants import run, user_id
from tests.schema.test_membership_offers import LOG, members_of
from tests.schema.test_organization_mutations import DELETE, REMOVE, SET_ROLE
from tests.world import PASSWORD, Asker, World

LEAVE = "mutation ($input: LeaveOrganizationInput!) { leaveOrganization(input: $input) { __typename } }"
SERVICE_ACCOUNTS = """mutation ($input: CreateServiceAccountInput!) { createServiceAccount(input: $input) {
    ... on CreateServiceAccountSuccess { token serviceAccount { id } } ... on Error { message }
} }"""
REVOKE_TOKEN = "mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) { __typename } }"
NORA = {"username": "nora", "password": PASSWORD}


@pytest.fixture
async def acme(mailing: World) -> OrganizationRow:
    return await mailing.organization("Acme")


@pytest.fixture
async def admin(mailing: World, acme: OrganizationRow) -> Asker:
    return await mailing.member(acme)


async def reason(world: World, link: str) -> str:
    """The reason told to a link's holder why it does nothing, the same by opening and by accepting it."""
    opened = await run(world.stranger, OPEN, token=token_in(link))
    accepted = await run(world.stranger, ACCEPT, token=token_in(link), newAccount=NORA)
    assert opened == accepted, (opened, accepted)
    assert opened["__typename"] == "InvalidLink"
    return str(opened["reason"])


async def test_an_invitation_is_mailed_listed_and_returned(mails: MailServer, acme: OrganizationRow, admin: Asker):
    answer = await invited(admin, acme, " Nora@Example.COM ", "VIEWER")
    mail = await mails.mail_to("Nora@example.com")

    invitation = answer["invitation"]
    assert admin.user
    assert invitation["organizationId"] == encode_node_id("Organization", acme.id.bytes)
    assert (invitation["email"], invitation["role"]) == ("Nora@example.com", "VIEWER")
    assert invitation["invitedBy"] == {"username": admin.user.username}
    assert (answer["mail"], answer["mailProblem"]) == ("SENT", None)
    assert answer["link"].startswith("http://testserver/invitation#")
    assert link_in(mail) == answer["link"]
    assert (mail["Subject"], mail["From"]) == ("Invitation to Acme", "web-behavior <no-reply@example.com>")
    assert "a viewer of the organization Acme" in text_of(mail)
    assert await invitations_of(admin, acme) == [
        {"id": invitation["id"], "email": "Nora@example.com", "role": "VIEWER"}
    ]


async def test_whoever_has_the_link_becomes_a_member_with_a_new_account(
    mailing: World, acme: OrganizationRow, admin: Asker
):
    link = (await invited(admin, acme))["link"]

    opened = await run(mailing.stranger, OPEN, token=token_in(link))
    accepted = await run(mailing.stranger, ACCEPT, token=token_in(link), newAccount=NORA)
    name = accepted["username"]
    login = (await mailing.stranger.ask(LOGIN, username=name, password=PASSWORD))["login"]

    assert opened == {
        "__typename": "OpenInvitationSuccess",
        "organizationName": "Acme",
        "role": "MEMBER",
        "email": "nora@example.com",
    }
    assert accepted == {
        "__typename": "AcceptInvitationSuccess",
        "username": name,
        "organizationId": encode_node_id("Organization", acme.id.bytes),
        "organizationName": "Acme",
        "role": "MEMBER",
    }
    assert name.startswith("nora-")
    assert name.removeprefix("nora-").isdigit()
    assert login["__typename"] == "LoginSuccess"
    assert (await members_of(admin, acme))[name] == "MEMBER"
    assert await invitations_of(admin, acme) == []


async def test_the_invited_address_is_the_accounts_only_when_it_is_confirmed(
    mailing: World, mails: MailServer, acme: OrganizationRow, admin: Asker
):
    link = (await invited(admin, acme))["link"]
    accepted = await run(mailing.stranger, ACCEPT, token=token_in(link), newAccount=NORA)
    confirmation = await mails.mail_to("nora@example.com", 2)
    login = (await mailing.stranger.ask(LOGIN, username=accepted["username"], password=PASSWORD))["login"]
    nora = Asker(mailing.http, token=login["accessToken"])

    before = (await nora.ask(EMAIL))["viewer"]["email"]
    confirmed = await run(mailing.stranger, CONFIRM, token=token_in(confirmation))
    after = (await nora.ask(EMAIL))["viewer"]["email"]

    assert (before["confirmed"], before["unconfirmed"]) == (None, "nora@example.com")
    assert before["unconfirmedUntil"]
    assert accepted["username"] in text_of(confirmation)
    assert confirmed["email"] == "nora@example.com"
    assert after == {"confirmed": "nora@example.com", "unconfirmed": None, "unconfirmedUntil": None}


async def test_an_account_that_exists_accepts_and_keeps_its_address(
    mailing: World, mails: MailServer, acme: OrganizationRow, admin: Asker
):
    nora = await mailing.sign_in(await mailing.user("Nora"))
    link = (await invited(admin, acme))["link"]

    accepted = await run(nora, ACCEPT, token=token_in(link))
    again = await run(nora, ACCEPT, token=token_in(link))

    assert (accepted["username"], accepted["role"]) == ("Nora", "MEMBER")
    assert (again["__typename"], again["reason"]) == ("InvalidLink", "USED")
    assert (await members_of(admin, acme))["Nora"] == "MEMBER"
    assert (await nora.ask(EMAIL))["viewer"]["email"]["unconfirmed"] is None
    assert len(mails.received) == 1


async def test_a_member_does_not_use_up_an_invitation(mailing: World, acme: OrganizationRow, admin: Asker):
    member = await mailing.member(acme, Role.VIEWER)
    link = (await invited(admin, acme, role="ADMIN"))["link"]

    answer = await run(member, ACCEPT, token=token_in(link))

    assert answer["__typename"] == "AlreadyMember"
    assert (await run(mailing.stranger, OPEN, token=token_in(link)))["__typename"] == "OpenInvitationSuccess"
    assert member.user
    assert (await members_of(admin, acme))[member.user.username] == "VIEWER"


async def test_without_an_account_and_a_new_one_nobody_accepts(mailing: World, acme: OrganizationRow, admin: Asker):
    link = (await invited(admin, acme))["link"]

    error = await mailing.stranger.refused(ACCEPT, input={"token": token_in(link)})

    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_of_many_at_once_one_uses_the_link(mailing: World, acme: OrganizationRow, admin: Asker):
    users = [await mailing.sign_in(await mailing.user()) for _ in range(5)]
    link = (await invited(admin, acme))["link"]

    answers = await asyncio.gather(*(run(user, ACCEPT, token=token_in(link)) for user in users))

    outcomes = sorted(answer.get("reason", answer["__typename"]) for answer in answers)
    assert outcomes == ["AcceptInvitationSuccess", *["USED"] * 4]
    assert len(await members_of(admin, acme)) == 2


async def test_a_used_link_says_so_to_somebody_else(mailing: World, acme: OrganizationRow, admin: Asker):
    link = (await invited(admin, acme))["link"]
    await run(mailing.stranger, ACCEPT, token=token_in(link), newAccount=NORA)

    assert await reason(mailing, link) == "USED"


async def test_revoked_and_expired_links_say_so(mailing: World, acme: OrganizationRow, admin: Asker):
    revoked, expired = await invited(admin, acme), await invited(admin, acme, "olga@example.com")
    answer = await run(admin, REVOKE, id=revoked["invitation"]["id"])
    again = await run(admin, REVOKE, id=revoked["invitation"]["id"])
    await let_time_pass(mailing, "invitations")

    assert answer == {"__typename": "RevokeInvitationSuccess", "revokedId": revoked["invitation"]["id"]}
    assert again["__typename"] == "NotFound"
    assert await reason(mailing, revoked["link"]) == "REVOKED"
    assert await reason(mailing, expired["link"]) == "EXPIRED"
    assert await invitations_of(admin, acme) == []


@pytest.mark.parametrize("token", ["", "x", "é" * 43, "x" * 101, "a\u0000b", "https://testserver/invitation#x"])
async def test_links_that_nobody_made_are_unknown(mailing: World, token: str):
    answer = await mailing.stranger.post(OPEN, input={"token": token})

    if "errors" in answer:  # NUL, which no input may hold
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    else:
        assert answer["data"]["openInvitation"]["reason"] == "UNKNOWN"


async def test_a_link_of_an_organization_that_is_gone_is_unknown(mailing: World, acme: OrganizationRow, admin: Asker):
    link = (await invited(admin, acme))["link"]

    await admin.ask(DELETE, id=str(acme.id))

    assert await reason(mailing, link) == "UNKNOWN"


@pytest.mark.parametrize("loss", ["demoted", "removed", "leaves"])
async def test_an_invitation_ends_with_the_role_that_allowed_it(
    mailing: World, acme: OrganizationRow, admin: Asker, loss: str
):
    boss = await mailing.member(acme)
    link = (await invited(admin, acme))["link"]
    kept = (await invited(boss, acme, "kept@example.com"))["link"]
    whom = {"organizationId": str(acme.id), "userId": user_id(admin)}

    if loss == "demoted":
        await run(boss, SET_ROLE, **whom, role="MEMBER")
        await run(boss, SET_ROLE, **whom, role="ADMIN")  # does not bring it back
    elif loss == "removed":
        await run(boss, REMOVE, **whom)
    else:
        await run(admin, LEAVE, organizationId=str(acme.id))

    assert await reason(mailing, link) == "INVITER_LOST_ROLE"
    assert [each["email"] for each in await invitations_of(boss, acme)] == ["kept@example.com"]
    assert (await run(mailing.stranger, OPEN, token=token_in(kept)))["__typename"] == "OpenInvitationSuccess"


@pytest.mark.parametrize("end", ["revoked", "expired"])
async def test_an_invitation_ends_with_the_service_account_that_made_it(
    mailing: World, acme: OrganizationRow, admin: Asker, end: str
):
    wanted = {"organizationId": str(acme.id), "name": "robot", "scopes": ["ORGANIZATION_ADMIN", "ORGANIZATION_READ"]}
    made = (await admin.ask(SERVICE_ACCOUNTS, input=wanted))["createServiceAccount"]
    robot = Asker(mailing.http, token=made["token"])
    answer = await invited(robot, acme)
    shown = await invitations_of(admin, acme)

    if end == "revoked":
        await admin.ask(REVOKE_TOKEN, input={"id": made["serviceAccount"]["id"]})
    else:
        async with mailing.services.database.write() as db:
            await db.execute(text("UPDATE api_tokens SET expires_at = now()"))

    assert answer["invitation"]["invitedBy"] is None
    assert len(shown) == 1
    assert await reason(mailing, answer["link"]) == "INVITER_LOST_ROLE"
    assert await invitations_of(admin, acme) == []


async def test_an_invitation_of_a_super_admin_ends_with_their_account(
    mailing: World, acme: OrganizationRow, admin: Asker
):
    boss = await mailing.super_admin()
    link = (await invited(boss, acme))["link"]
    opened = await run(mailing.stranger, OPEN, token=token_in(link))

    async with mailing.services.database.write() as db:
        await db.execute(text("UPDATE users SET is_super_admin = false"))

    assert opened["__typename"] == "OpenInvitationSuccess"
    assert await reason(mailing, link) == "INVITER_LOST_ROLE"
    assert (await invited(admin, acme))["mail"] == "SENT"  # what has ended by itself makes room


async def test_accepting_waits_for_a_removal_of_the_inviter(mailing: World, acme: OrganizationRow, admin: Asker):
    boss = await mailing.member(acme)
    nora = await mailing.sign_in(await mailing.user())
    link = (await invited(admin, acme))["link"]
    whom = {"organizationId": str(acme.id), "userId": user_id(admin)}

    removed, accepted = await asyncio.gather(run(boss, REMOVE, **whom), run(nora, ACCEPT, token=token_in(link)))

    assert removed["__typename"] == "RemoveMemberSuccess"
    assert accepted.get("reason", accepted["__typename"]) in {"INVITER_LOST_ROLE", "AcceptInvitationSuccess"}


@pytest.mark.parametrize("address", ["", "nora", "nora@", "@example.com", "a@b@c.com", "nöra@example.com", "x" * 300])
async def test_what_is_no_address_is_refused(acme: OrganizationRow, admin: Asker, address: str):
    answer = await run(admin, INVITE, organizationId=str(acme.id), email=address, role="MEMBER")

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "email")


@pytest.mark.parametrize("address", ["a@example.com\nBcc: b@example.com", "Nora <nora@example.com>", "a@b.com,c@d.com"])
async def test_no_header_and_no_second_recipient_gets_in(
    mails: MailServer, acme: OrganizationRow, admin: Asker, address: str
):
    answer = await run(admin, INVITE, organizationId=str(acme.id), email=address, role="MEMBER")

    assert answer["__typename"] == "InvalidInput"
    assert mails.received == []


async def test_international_domains_are_sent_to_in_ascii(mails: MailServer, acme: OrganizationRow, admin: Asker):
    answer = await invited(admin, acme, "nora@bücher.example")

    assert answer["invitation"]["email"] == "nora@xn--bcher-kva.example"
    await mails.mail_to("nora@xn--bcher-kva.example")


async def test_an_address_has_one_open_invitation(acme: OrganizationRow, admin: Asker):
    first = await invited(admin, acme, "nora@example.com")
    second = await run(admin, INVITE, organizationId=str(acme.id), email="NORA@example.com", role="ADMIN")
    await run(admin, REVOKE, id=first["invitation"]["id"])
    third = await invited(admin, acme, "nora@example.com")

    assert second["__typename"] == "AlreadyInvited"
    assert third["link"] != first["link"]


async def test_an_expired_invitation_makes_room(mailing: World, acme: OrganizationRow, admin: Asker):
    first = await invited(admin, acme)
    await let_time_pass(mailing, "invitations")

    second = await invited(admin, acme)

    assert await reason(mailing, first["link"]) == "EXPIRED"
    assert (await run(mailing.stranger, OPEN, token=token_in(second["link"])))["__typename"] == "OpenInvitationSuccess"


async def test_invitations_and_offers_are_limited_together(mailing: World, acme: OrganizationRow, admin: Asker):
    await offered(admin, acme, "somebody")
    async with mailing.services.database.write() as db:
        many = """
            INSERT INTO invitations (token_hash, organization_id, role, email, normalized_email, invited_by, expires_at)
            SELECT sha256(CAST(n AS text)::bytea), :organization, 'member', 'x' || n, 'x' || n, :admin,
                now() + interval '1 day'
            FROM generate_series(1, :count) AS n
        """
        assert admin.user
        values = {"organization": acme.id, "admin": admin.user.id, "count": MEMBERSHIP_OFFERS - 2}
        await db.execute(text(many), values)

    last = await run(admin, INVITE, organizationId=str(acme.id), email="last@example.com", role="MEMBER")
    beyond = await run(admin, INVITE, organizationId=str(acme.id), email="beyond@example.com", role="MEMBER")

    assert last["__typename"] == "InviteMemberSuccess"
    assert beyond["__typename"] == "TooManyOffers"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
async def test_only_admins_invite_list_and_revoke(mailing: World, acme: OrganizationRow, admin: Asker, role: Role):
    member, stranger = await mailing.member(acme, role), await mailing.member(await mailing.organization())
    invitation = (await invited(admin, acme))["invitation"]
    wanted = {"organizationId": str(acme.id), "email": "x@example.com", "role": "ADMIN"}

    assert (await member.refused(INVITE, input=wanted))["extensions"]["code"] == "FORBIDDEN"
    assert (await run(stranger, INVITE, **wanted))["__typename"] == "NotFound"
    assert (await member.refused(REVOKE, input={"id": invitation["id"]}))["extensions"]["code"] == "FORBIDDEN"
    assert (await run(stranger, REVOKE, id=invitation["id"]))["__typename"] == "NotFound"
    assert len(await invitations_of(admin, acme)) == 1


async def test_a_name_that_is_taken_answers_like_one_that_is_free(mailing: World, acme: OrganizationRow, admin: Asker):
    await mailing.user("nora")
    links = [(await invited(admin, acme, f"{n}@example.com"))["link"] for n in range(2)]
    answers, costs = [], []
    for link, name in zip(links, ("nora", "nobody"), strict=True):
        with counted(mailing.services) as statements:
            wanted = {"username": name, "password": PASSWORD}
            answers.append(await run(mailing.stranger, ACCEPT, token=token_in(link), newAccount=wanted))
            await mailing.services.background_sends.done()
            costs.append(_shapes(statements))

    assert [answer["__typename"] for answer in answers] == ["AcceptInvitationSuccess"] * 2
    assert [answer["username"].rstrip("0123456789") for answer in answers] == ["nora-", "nobody-"]
    assert costs[0] == costs[1]


def _shapes(statements: StatementCounter) -> list[str]:
    return list(statements.statements)


@pytest.mark.parametrize(
    ("account", "field"),
    [
        ({"username": " ", "password": PASSWORD}, "username"),
        ({"username": "x" * 250, "password": PASSWORD}, "username"),
        ({"username": "a\u202eb", "password": PASSWORD}, "username"),
        ({"username": "nora", "password": "short"}, "password"),
    ],
)
async def test_bad_accounts_leave_the_invitation_open(
    mailing: World, acme: OrganizationRow, admin: Asker, account: dict[str, Any], field: str
):
    link = (await invited(admin, acme))["link"]

    answer = await run(mailing.stranger, ACCEPT, token=token_in(link), newAccount=account)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", field)
    assert (await run(mailing.stranger, OPEN, token=token_in(link)))["__typename"] == "OpenInvitationSuccess"


async def test_a_mail_server_that_refuses_is_told_and_the_link_still_works(
    mailing: World, mails: MailServer, acme: OrganizationRow, admin: Asker
):
    mails.refusals["nora@example.com"] = "550 no such secret mailbox"

    answer = await invited(admin, acme)

    assert answer["mail"] == "FAILED"
    assert answer["mailProblem"] == "The mail server refuses the recipient's address (550)."
    assert (await run(mailing.stranger, OPEN, token=token_in(answer["link"])))["__typename"] == "OpenInvitationSuccess"


async def test_without_a_mail_server_the_link_is_returned(world: World):
    acme = await world.organization("Acme")
    admin = await world.member(acme)

    answer = await invited(admin, acme)
    accepted = await run(world.stranger, ACCEPT, token=token_in(answer["link"]), newAccount=NORA)

    assert (answer["mail"], answer["mailProblem"]) == ("NOT_CONFIGURED", None)
    assert accepted["__typename"] == "AcceptInvitationSuccess"


async def test_the_database_holds_no_token_and_the_audit_log_no_address(
    mailing: World, acme: OrganizationRow, admin: Asker
):
    link = (await invited(admin, acme))["link"]
    accepted = await run(mailing.stranger, ACCEPT, token=token_in(link), newAccount=NORA)
    entries = (await admin.ask(LOG))["auditLog"]["nodes"]
    async with mailing.services.database.read() as db:
        stored = str((await db.execute(text("SELECT * FROM invitations"))).mappings().all())
        log = str((await db.execute(text("SELECT * FROM audit_entries"))).mappings().all())

    assert token_in(link) not in stored
    assert token_in(link) not in log
    assert "example.com" not in log
    assert accepted["username"] not in log
    assert [entry["action"] for entry in entries] == ["MEMBER_ADDED", "MEMBER_INVITED"]
    assert {"name": "role", "value": "member"} in entries[0]["details"]
    assert entries[0]["actorId"] == entries[0]["subjectId"]


async def test_an_organization_deleted_while_somebody_accepts_leaves_no_deadlock(
    mailing: World, acme: OrganizationRow, admin: Asker
):
    nora = await mailing.sign_in(await mailing.user())
    link = (await invited(admin, acme))["link"]

    deleted, accepted = await asyncio.gather(
        admin.ask(DELETE, id=str(acme.id)), run(nora, ACCEPT, token=token_in(link))
    )

    assert deleted["deleteOrganization"]["__typename"] == "DeleteOrganizationSuccess"
    assert accepted.get("reason", accepted["__typename"]) in {"UNKNOWN", "AcceptInvitationSuccess"}
