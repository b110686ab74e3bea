"""Which extension user an API key belongs to, remembered for a little while.

Only a hint that spares a query per request: the event writer checks the key again in its transaction, so a revoked key
stores nothing however fresh the memory of it. Unknown keys are not remembered: a new key works at once.
"""

import time
from collections import OrderedDict
from uuid import UUID

from auth.tokens import hash_of
from core.errors import Unauthenticated
from db.engine import Database
from db.queries import extension_user as extension_users
from db.queries.extension_user import ExtensionUserRow
from db.submissions import KeyClaim

_SECONDS = 60.0
_ENTRIES = 10_000


class KeyRing:
    """Looks API keys up. `hits` and `misses` count what was and was not remembered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.hits = 0
        self.misses = 0
        self._remembered: OrderedDict[bytes, tuple[UUID, float]] = OrderedDict()

    async def claim(self, api_key: str) -> KeyClaim:
        """Whose key this claims to be. Unauthenticated when it is nobody's, or its holder is inactive."""
        key_hash = hash_of(api_key)
        remembered = self._remembered.get(key_hash)
        if remembered is not None and time.monotonic() < remembered[1]:
            self.hits += 1
            return KeyClaim(remembered[0], key_hash)
        self.misses += 1
        holder = await self.holder(api_key)
        self._remembered[key_hash] = (holder.id, time.monotonic() + _SECONDS)
        self._remembered.move_to_end(key_hash)
        if len(self._remembered) > _ENTRIES:
            self._remembered.popitem(last=False)
        return KeyClaim(holder.id, key_hash)

    async def holder(self, api_key: str) -> ExtensionUserRow:
        """The active holder of a key, looked up afresh. Unauthenticated, in the same words, whatever is wrong."""
        async with self._database.read() as connection:
            holder = await extension_users.by_key_hash(connection, hash_of(api_key))
        if holder is None or not holder.is_active:
            raise Unauthenticated("Invalid or inactive API key")
        return holder
