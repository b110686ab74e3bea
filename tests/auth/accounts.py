"""Accounts for tests that sign in often."""

import bcrypt

from db.queries import users
from db.queries.users import UserRow
from tests.world import PASSWORD, World

_QUICK_HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode()


async def quick_user(world: World, username: str, *, is_super_admin: bool = False) -> UserRow:
    """An account that signs in with PASSWORD, hashed as by the old service and with the least work."""
    async with world.services.database.write() as db:
        return await users.create(db, username, _QUICK_HASH, is_super_admin=is_super_admin)
