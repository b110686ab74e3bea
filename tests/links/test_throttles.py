"""Links are tried, and mails sent, so often at most."""

from pathlib import Path
from typing import Any

from tests.conftest import empty, make_settings
from tests.links.requests import CONFIRM, INVITE, OPEN, REQUEST_RESET, RESET, user_with_email
from tests.mail_server import MailServer
from tests.schema.sample_tenants import run
from tests.servers import own_world


async def outcomes(asker: Any, times: int, query: str, **arguments: Any) -> list[str]:
    """The outcomes of the same mutation, several times."""
    return [(await run(asker, query, **arguments))["__typename"] for _ in range(times)]


async def test_links_are_tried_so_often_from_one_address(data_dir: Path, database_url: str):
    settings = make_settings(data_dir, rate_limit_enabled=True, sign_in_limit_per_address="3/hour")
    async with own_world(settings, database_url) as world:
        got = [
            await outcomes(world.stranger, 1, OPEN, token="x"),
            await outcomes(world.stranger, 1, RESET, token="x", newPassword="a long enough password"),
            await outcomes(world.stranger, 1, CONFIRM, token="x"),
            await outcomes(world.stranger, 1, OPEN, token="x"),
        ]

    assert got == [["InvalidLink"], ["InvalidLink"], ["InvalidLink"], ["TooManyAttempts"]]


async def test_requests_for_a_name_are_counted_whether_anybody_has_it(
    data_dir: Path, database_url: str, mails: MailServer
):
    settings = make_settings(
        data_dir,
        rate_limit_enabled=True,
        sign_in_limit_per_account="2/hour",
        smtp_url=mails.url,
        mail_from="no-reply@example.com",
    )
    async with own_world(settings, database_url) as world:
        await user_with_email(world, "Ada", "ada@example.com")
        got = [await outcomes(world.stranger, 3, REQUEST_RESET, username=name) for name in ("Ada", "Nobody")]
        await world.services.background_sends.done()
        await empty(world.services)

    assert got == [["RequestPasswordResetSuccess"] * 2 + ["TooManyAttempts"]] * 2
    assert len(mails.received) == 2


async def test_mails_to_an_address_are_limited_by_kind_and_of_resets_nobody_is_told(
    data_dir: Path, database_url: str, mails: MailServer
):
    settings = make_settings(
        data_dir,
        rate_limit_enabled=True,
        mail_limit_per_recipient="2/hour",
        smtp_url=mails.url,
        mail_from="no-reply@example.com",
    )
    async with own_world(settings, database_url) as world:
        await user_with_email(world, "Ada", "ada@example.com")
        resets = await outcomes(world.stranger, 3, REQUEST_RESET, username="Ada")
        await world.services.background_sends.done()
        mailed = len(mails.received)
        invitations = []
        for _ in range(3):
            organization = await world.organization()
            admin = await world.member(organization)
            wanted = {"organizationId": str(organization.id), "email": "ADA@example.com", "role": "MEMBER"}
            invitations += await outcomes(admin, 1, INVITE, **wanted)
        await empty(world.services)

    assert resets == ["RequestPasswordResetSuccess"] * 3
    assert mailed == 2
    assert invitations == ["InviteMemberSuccess", "InviteMemberSuccess", "TooManyAttempts"]


async def test_one_account_makes_so_many_invitations(data_dir: Path, database_url: str):
    settings = make_settings(data_dir, rate_limit_enabled=True, mail_limit_per_sender="2/hour")
    async with own_world(settings, database_url) as world:
        organization = await world.organization()
        admin = await world.member(organization)
        got = []
        for number in range(3):
            wanted = {"organizationId": str(organization.id), "email": f"{number}@example.com", "role": "MEMBER"}
            got += await outcomes(admin, 1, INVITE, **wanted)
        await empty(world.services)

    assert got == ["InviteMemberSuccess", "InviteMemberSuccess", "TooManyAttempts"]
