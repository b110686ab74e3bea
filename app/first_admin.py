"""The first super admin, created at the first start from ADMIN_USERNAME and ADMIN_PASSWORD."""

import structlog

from app.settings import Settings
from core.errors import CannotGoOn, InvalidInput, NameTaken
from db.queries import users
from resolvers.services import Services
from resolvers.users import create_account

log = structlog.get_logger()


async def ensure_admin(services: Services, settings: Settings) -> None:
    """Create the configured super admin unless there is one already; log how to create one if none is configured."""
    async with services.database.read() as connection:
        if await users.any_super_admin(connection):
            return
    if settings.admin_username and settings.admin_password:
        try:
            await create_account(services, settings.admin_username, settings.admin_password, is_super_admin=True)
        except NameTaken:
            return  # another process that starts at the same time was faster, or an ordinary user has the name
        except InvalidInput as error:
            raise CannotGoOn(f"ADMIN_USERNAME or ADMIN_PASSWORD cannot be used: {error.message}") from error
        log.info("first admin created", username=settings.admin_username)
    else:
        log.warning("nobody can sign in yet: run `web-behavior create-admin`, or set ADMIN_USERNAME and ADMIN_PASSWORD")
