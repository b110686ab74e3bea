"""A cache of the extension user that an API key belongs to, for a minute.

The cache only saves a query per request: the event writer checks the key again in its transaction, so a revoked key
stores nothing even while it is cached. Unknown keys are not cached, so a new key works at once.
"""

import time
from collections import OrderedDict
from uuid import UUID

from auth.tokens import hash_of
from core.errors import INVALID_KEY, Unauthenticated
from db.engine import Database
from db.queries import extension_users
from db.queries.extension_users import ExtensionUserRow
from db.submissions import KeyClaim

_SECONDS = 60.0
_ENTRIES = 10_000


class ApiKeyCache:
    """Looks API keys up. `hits` and `misses` count the lookups that the cache could and could not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.hits = 0
        self.misses = 0
        self._remembered: OrderedDict[bytes, tuple[UUID, float]] = OrderedDict()

    def has_seen(self, api_key: str) -> bool:
        """True if this was an active key when it was looked up last, however long ago."""
        return hash_of(api_key) in self._remembered

    async def claim(self, api_key: str) -> KeyClaim:
        """Return the claim of a key. Unauthenticated if nobody holds it, or its holder is inactive."""
        key_hash = hash_of(api_key)
        remembered = self._remembered.get(key_hash)
        if remembered is not None and time.monotonic() < remembered[1]:
            self.hits += 1
            return KeyClaim(remembered[0], key_hash)
        self.misses += 1
        try:
            holder = await self.holder(api_key)
        except Unauthenticated:
            self._remembered.pop(key_hash, None)
            raise
        self._remembered[key_hash] = (holder.id, time.monotonic() + _SECONDS)
        self._remembered.move_to_end(key_hash)
        if len(self._remembered) > _ENTRIES:
            self._remembered.popitem(last=False)
        return KeyClaim(holder.id, key_hash)

    async def holder(self, api_key: str) -> ExtensionUserRow:
        """Return the active holder of a key, read from the database. Unauthenticated, with the same message always."""
        async with self._database.read() as connection:
            holder = await extension_users.by_key_hash(connection, hash_of(api_key))
        if holder is None or not holder.is_active:
            raise Unauthenticated(INVALID_KEY)
        return holder
