"""Mail addresses: one's own once the link that was mailed to it is opened, and nobody else's business."""

import pytest

from tests.links.requests import (
    CHANGE_EMAIL,
    CONFIRM,
    EMAIL,
    NEW_PASSWORD,
    REQUEST_RESET,
    RESET,
    let_time_pass,
    token_in,
    user_with_email,
)
from tests.mail_server import MailServer, link_in, text_of
from tests.schema.sample_tenants import run
from tests.world import PASSWORD, Asker, World

OTHERS = "query ($id: ID!) { node(id: $id) { ... on User { username email { confirmed unconfirmed } } } }"


async def own_email(asker: Asker) -> tuple[str | None, str | None]:
    """The confirmed and the unconfirmed address of an account."""
    email = (await asker.ask(EMAIL))["viewer"]["email"]
    return email["confirmed"], email["unconfirmed"]


@pytest.fixture
async def ada(mailing: World) -> Asker:
    return await mailing.sign_in(await user_with_email(mailing, "Ada", "old@example.com"))


async def test_an_address_is_changed_once_it_is_confirmed(mailing: World, mails: MailServer, ada: Asker):
    changed = await run(ada, CHANGE_EMAIL, email="new@example.com", currentPassword=PASSWORD)
    mail = await mails.mail_to("new@example.com")
    before = await own_email(ada)
    confirmed = await run(mailing.stranger, CONFIRM, token=token_in(mail))
    again = await run(mailing.stranger, CONFIRM, token=token_in(mail))
    notice = await mails.mail_to("old@example.com")

    assert changed == {"__typename": "ChangeEmailSuccess", "mail": "SENT", "mailProblem": None}
    assert link_in(mail).startswith("http://testserver/email-confirmation#")
    assert before == ("old@example.com", "new@example.com")
    assert confirmed == {"__typename": "ConfirmEmailSuccess", "username": "Ada", "email": "new@example.com"}
    assert (again["__typename"], again["reason"]) == ("InvalidLink", "USED")
    assert await own_email(ada) == ("new@example.com", None)
    assert "new@example.com" not in text_of(notice)


async def test_changing_takes_the_password(mails: MailServer, ada: Asker):
    answer = await run(ada, CHANGE_EMAIL, email="new@example.com", currentPassword="wrong password!")

    assert answer["__typename"] == "InvalidCredentials"
    assert mails.received == []


async def test_the_newest_link_holds(mailing: World, mails: MailServer, ada: Asker):
    for address in ("first@example.com", "second@example.com"):
        await run(ada, CHANGE_EMAIL, email=address, currentPassword=PASSWORD)
    first, second = await mails.mail_to("first@example.com"), await mails.mail_to("second@example.com")

    answers = [await run(mailing.stranger, CONFIRM, token=token_in(mail)) for mail in (first, second)]

    assert answers[0]["reason"] == "REPLACED"
    assert answers[1]["email"] == "second@example.com"


async def test_links_to_the_former_address_end_with_it(mailing: World, mails: MailServer, ada: Asker):
    await run(mailing.stranger, REQUEST_RESET, username="Ada")
    reset = await mails.mail_to("old@example.com")
    await run(ada, CHANGE_EMAIL, email="new@example.com", currentPassword=PASSWORD)
    await run(mailing.stranger, CONFIRM, token=token_in(await mails.mail_to("new@example.com")))

    answer = await run(mailing.stranger, RESET, token=token_in(reset), newPassword=NEW_PASSWORD)

    assert (answer["__typename"], answer["reason"]) == ("InvalidLink", "REPLACED")


async def test_expired_links_confirm_nothing(mailing: World, mails: MailServer, ada: Asker):
    await run(ada, CHANGE_EMAIL, email="new@example.com", currentPassword=PASSWORD)
    mail = await mails.mail_to("new@example.com")
    await let_time_pass(mailing, "account_links")

    answer = await run(mailing.stranger, CONFIRM, token=token_in(mail))

    assert answer["reason"] == "EXPIRED"
    assert await own_email(ada) == ("old@example.com", None)


async def test_a_mail_that_fails_is_told(mails: MailServer, ada: Asker):
    mails.refusals["new@example.com"] = "550 no"

    answer = await run(ada, CHANGE_EMAIL, email="new@example.com", currentPassword=PASSWORD)

    assert answer["mail"] == "FAILED"
    assert answer["mailProblem"] == "The mail server refuses the recipient's address (550)."


async def test_what_is_no_address_is_refused(ada: Asker):
    answer = await run(ada, CHANGE_EMAIL, email="new", currentPassword=PASSWORD)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "email")


async def test_without_a_mail_server_it_cannot_be_changed(world: World):
    bob = await world.sign_in(await world.user_with_password("Bob"))

    answer = await run(bob, CHANGE_EMAIL, email="new@example.com", currentPassword=PASSWORD)

    assert answer["__typename"] == "MailNotConfigured"


async def test_nobody_else_is_shown_an_address(mailing: World, ada: Asker):
    boss = await mailing.super_admin()
    assert ada.user
    shown = (await ada.ask("{ viewer { id } }"))["viewer"]["id"]

    answer = await boss.ask(OTHERS, id=shown)

    assert answer["node"] == {"username": "Ada", "email": None}
