"""`web-behavior create-admin | set-password`."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.startup import prepared_services, start

if TYPE_CHECKING:
    from app.settings import Settings


def create_admin(
    username: Annotated[str, typer.Option(prompt=True)],
    password: Annotated[
        str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, envvar="ADMIN_PASSWORD")
    ],
) -> None:
    """Make a super admin."""
    settings, url = start()
    asyncio.run(_create_admin(settings, url, username, password))
    Console(stderr=True).print(f"[bold]{escape(username)}[/bold] can sign in.")


def set_password(
    username: Annotated[str, typer.Argument(help="Whose; in any case and form.")],
    password: Annotated[str, typer.Option(prompt="New password", confirmation_prompt=True, hide_input=True)],
) -> None:
    """Set an account's password, and end all its sign-ins."""
    settings, url = start()
    asyncio.run(_set_password(settings, url, username, password))
    Console(stderr=True).print(f"[bold]{escape(username)}[/bold] can sign in with the new password, and only so.")


async def _create_admin(settings: "Settings", url: str, username: str, password: str) -> None:
    from resolvers.users import create_account

    async with prepared_services(settings, url) as services:
        await create_account(services, username, password, is_super_admin=True)


async def _set_password(settings: "Settings", url: str, username: str, password: str) -> None:
    from resolvers.sign_ins import set_password as set_account_password

    async with prepared_services(settings, url) as services:
        await set_account_password(services, username, password)
