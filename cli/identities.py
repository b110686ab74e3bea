"""`web-behavior link-identity`."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.startup import prepared_services, start

if TYPE_CHECKING:
    from app.settings import Settings


def link_identity(
    username: Annotated[str, typer.Argument(help="Whose account; in any case and form.")],
    subject: Annotated[str, typer.Argument(help="The person's `sub` at the provider.")],
    issuer: Annotated[str | None, typer.Option(help="The provider's issuer URL; otherwise OIDC_ISSUER.")] = None,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take it from the account that has it, and end that one's sign-ins.")
    ] = False,
) -> None:
    """Let a person of the provider of single sign-on sign in to an account that exists."""
    from core.errors import CannotGoOn

    settings, url = start()
    provider = issuer or settings.oidc_issuer
    if provider is None:
        raise CannotGoOn("Say which provider the identity is of: --issuer, or OIDC_ISSUER.")
    asyncio.run(_link_identity(settings, url, username, provider, subject, replace=replace))
    Console(stderr=True).print(
        f"{escape(subject)} of {escape(provider)} signs in to [bold]{escape(username)}[/bold].", soft_wrap=True
    )


async def _link_identity(
    settings: "Settings", url: str, username: str, issuer: str, subject: str, *, replace: bool
) -> None:
    from resolvers.single_sign_on import link_identity as link

    async with prepared_services(settings, url) as services:
        await link(services, username, issuer, subject, replace=replace)
