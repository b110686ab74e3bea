"""Forgotten passwords: the same answer for every name, a link for confirmed addresses, no sign-in that outlives it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from auth.tokens import hash_of
from core.limits import PASSWORD_RESET_LINKS
from core.links import PASSWORD_RESET_LIFETIME
from db.queries import account_links
from db.queries.account_links import AccountLinkKind
from tests.auth.test_login import LOGIN
from tests.conftest import counted
from tests.links.requests import NEW_PASSWORD, REQUEST_RESET, RESET, let_time_pass, token_in, user_with_email
from tests.mail_server import MailServer, link_in, text_of
from tests.schema.sample_tenants import run
from tests.world import PASSWORD, Asker, World

LOG = "{ auditLog { nodes { action actorId subjectId } } }"


async def requested(world: World, username: str) -> dict[str, Any]:
    """The answer to a request for a link, once all that comes of it is done."""
    answer = await run(world.stranger, REQUEST_RESET, username=username)
    await world.services.background_sends.done()
    return answer


async def signed_in_with(world: World, username: str, password: str) -> str:
    """The outcome of signing in."""
    login = (await world.stranger.ask(LOGIN, username=username, password=password))["login"]
    return str(login["__typename"])


async def test_a_forgotten_password_is_replaced_by_a_link(mailing: World, mails: MailServer):
    ada = await user_with_email(mailing, "Ada", "ada@example.com")
    elsewhere = await mailing.sign_in(ada)

    answer = await requested(mailing, "ADA")
    mail = await mails.mail_to("ada@example.com")
    reset = await run(mailing.stranger, RESET, token=token_in(mail), newPassword=NEW_PASSWORD)

    assert answer == {"__typename": "RequestPasswordResetSuccess", "username": "ADA"}
    assert link_in(mail).startswith("http://testserver/password-reset#")
    assert "Ada" in text_of(mail)
    assert reset == {"__typename": "ResetPasswordSuccess", "username": "Ada"}
    assert await signed_in_with(mailing, "Ada", PASSWORD) == "InvalidCredentials"
    assert await signed_in_with(mailing, "Ada", NEW_PASSWORD) == "LoginSuccess"
    assert (await elsewhere.refused("{ viewer { username } }"))["extensions"]["code"] == "UNAUTHENTICATED"


async def test_every_name_gets_the_same_answer_before_anything_is_looked_up(mailing: World, mails: MailServer):
    await user_with_email(mailing, "Ada", "ada@example.com")
    await mailing.user_with_password("Unconfirmed")
    mails.held.clear()  # nothing that is sent can be waited for
    names = ["Ada", "Unconfirmed", "Nobody", "x" * 2000, "%", " "]

    answers, costs = [], []
    for name in names:
        with counted(mailing.services) as statements:
            answers.append(await run(mailing.stranger, REQUEST_RESET, username=name))
            costs.append(len([each for each in statements.statements if "users" in each]))
    mails.held.set()
    await mailing.services.background_sends.done()

    assert [answer.pop("username") for answer in answers] == names
    assert answers == [{"__typename": "RequestPasswordResetSuccess"}] * len(names)
    assert costs[0] == costs[2] == 0
    assert [each["To"] for each in mails.received] == ["ada@example.com"]


async def test_nothing_is_mailed_to_accounts_without_a_password(mailing: World, mails: MailServer):
    ada = await user_with_email(mailing, "Ada", "ada@example.com")
    async with mailing.services.database.write() as db:
        await db.execute(text("UPDATE users SET password_hash = NULL WHERE id = :id"), {"id": ada.id})

    answer = await requested(mailing, "Ada")

    assert answer["__typename"] == "RequestPasswordResetSuccess"
    assert mails.received == []


async def test_accounts_may_share_an_address_and_each_link_is_of_one(mailing: World, mails: MailServer):
    for name in ("Ada", "Bob"):
        await user_with_email(mailing, name, "both@example.com")

    await requested(mailing, "Bob")
    mail = await mails.mail_to("both@example.com")
    reset = await run(mailing.stranger, RESET, token=token_in(mail), newPassword=NEW_PASSWORD)

    assert reset["username"] == "Bob"
    assert await signed_in_with(mailing, "Ada", PASSWORD) == "LoginSuccess"
    assert len(mails.received) == 1


async def test_a_link_works_once_and_takes_the_others_along(mailing: World, mails: MailServer):
    await user_with_email(mailing, "Ada", "ada@example.com")
    for _ in range(2):
        await requested(mailing, "Ada")
    tokens = [token_in(await mails.mail_to("ada@example.com", number)) for number in (1, 2)]

    answers = [
        await run(mailing.stranger, RESET, token=token, newPassword=f"{NEW_PASSWORD} {number}")
        for number, token in enumerate((tokens[1], tokens[1], tokens[0]))
    ]

    assert [answer.get("reason") for answer in answers] == [None, "USED", "REPLACED"]
    assert await signed_in_with(mailing, "Ada", f"{NEW_PASSWORD} 0") == "LoginSuccess"


async def test_of_several_at_once_one_sets_the_password(mailing: World, mails: MailServer):
    await user_with_email(mailing, "Ada", "ada@example.com")
    for _ in range(2):
        await requested(mailing, "Ada")
    tokens = [token_in(await mails.mail_to("ada@example.com", number)) for number in (1, 1, 2, 2)]

    answers = await asyncio.gather(
        *(run(mailing.stranger, RESET, token=token, newPassword=NEW_PASSWORD) for token in tokens)
    )

    outcomes = [answer["__typename"] for answer in answers]
    assert sorted(outcomes) == ["InvalidLink"] * 3 + ["ResetPasswordSuccess"]
    assert {answer["reason"] for answer in answers if "reason" in answer} <= {"USED", "REPLACED"}


async def test_an_expired_link_says_so_and_sets_nothing(mailing: World, mails: MailServer):
    await user_with_email(mailing, "Ada", "ada@example.com")
    await requested(mailing, "Ada")
    token = token_in(await mails.mail_to("ada@example.com"))
    await let_time_pass(mailing, "account_links")

    answer = await run(mailing.stranger, RESET, token=token, newPassword=NEW_PASSWORD)

    assert (answer["__typename"], answer["reason"]) == ("InvalidLink", "EXPIRED")
    assert await signed_in_with(mailing, "Ada", PASSWORD) == "LoginSuccess"


async def test_a_link_for_something_else_sets_no_password(mailing: World):
    ada = await user_with_email(mailing, "Ada", "ada@example.com")
    async with mailing.services.database.write() as db:
        kind, lifetime = AccountLinkKind.EMAIL_CONFIRMATION, PASSWORD_RESET_LIFETIME
        await account_links.add(db, kind, ada.id, hash_of("confirmation"), "ada@example.com", lifetime)

    answer = await run(mailing.stranger, RESET, token="confirmation", newPassword=NEW_PASSWORD)

    assert (answer["__typename"], answer["reason"]) == ("InvalidLink", "UNKNOWN")


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
async def test_bad_passwords_leave_the_link_as_it_is(mailing: World, mails: MailServer, password: str):
    await user_with_email(mailing, "Ada", "ada@example.com")
    await requested(mailing, "Ada")
    token = token_in(await mails.mail_to("ada@example.com"))

    answer = await run(mailing.stranger, RESET, token=token, newPassword=password)
    reset = await run(mailing.stranger, RESET, token=token, newPassword=NEW_PASSWORD)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "newPassword")
    assert reset["__typename"] == "ResetPasswordSuccess"


async def test_an_account_has_so_many_links_at_once(mailing: World, mails: MailServer):
    ada = await user_with_email(mailing, "Ada", "ada@example.com")
    async with mailing.services.database.write() as db:
        for number in range(PASSWORD_RESET_LINKS - 1):
            await account_links.add(
                db,
                AccountLinkKind.PASSWORD_RESET,
                ada.id,
                hash_of(str(number)),
                "ada@example.com",
                PASSWORD_RESET_LIFETIME,
            )

    for _ in range(3):
        await requested(mailing, "Ada")

    assert len(mails.received) == 1


async def test_a_mail_server_that_refuses_shows_in_no_answer(mailing: World, mails: MailServer):
    await user_with_email(mailing, "Ada", "ada@example.com")
    mails.refusals["ada@example.com"] = "550 no"

    assert (await requested(mailing, "Ada"))["__typename"] == "RequestPasswordResetSuccess"


async def test_without_a_mail_server_everybody_is_told(world: World):
    answer = await run(world.stranger, REQUEST_RESET, username="whoever")

    assert answer["__typename"] == "MailNotConfigured"
    assert "web-behavior set-password" in answer["message"]


async def test_the_audit_log_tells_super_admins_of_it(mailing: World, mails: MailServer):
    ada = await user_with_email(mailing, "Ada", "ada@example.com")
    await requested(mailing, "Ada")
    mail = await mails.mail_to("ada@example.com")
    await run(mailing.stranger, RESET, token=token_in(mail), newPassword=NEW_PASSWORD)

    boss: Asker = await mailing.super_admin()
    entries = (await boss.ask(LOG))["auditLog"]["nodes"]

    assert [(entry["action"], entry["actorId"]) for entry in entries] == [
        ("PASSWORD_RESET", str(ada.id)),
        ("PASSWORD_RESET_SENT", None),
    ]
    assert {entry["subjectId"] for entry in entries} == {str(ada.id)}
