"""Passwords: argon2id, off the event loop, a bounded number at a time."""

import os

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from core.errors import InvalidInput
from core.limits import PASSWORD_CHARACTERS


class Passwords:
    """Hashes and checks passwords. Each takes some 50 ms and 64 MiB, so only as many run at once as there are cores."""

    def __init__(self) -> None:
        # argon2id for what we hash ourselves; bcrypt only to check passwords that came from the old service.
        self._hasher = PasswordHash((Argon2Hasher(), BcryptHasher()))
        self._limiter = CapacityLimiter(os.cpu_count() or 1)
        self._decoy = self._hasher.hash("a password that nobody has")

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await to_thread.run_sync(self._hasher.hash, password, limiter=self._limiter)

    async def check(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one hashed in `stored`. Without one it takes as long, and is not."""
        matches, _ = await self.check_and_renew(password, stored)
        return matches

    async def check_and_renew(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """The same, and for a right password the hash to store from now on, where `stored` is not made like ours."""
        return await to_thread.run_sync(self._check, password, stored, limiter=self._limiter)

    def _check(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        try:
            matches, renewed = self._hasher.verify_and_update(password, stored or self._decoy)
        except (UnknownHashError, ValueError):  # ValueError: bcrypt takes no password of more than 72 bytes
            return False, None
        return (matches, renewed) if stored else (False, None)


def checked_password(password: str, field: str = "password") -> str:
    """A password fit to be set; InvalidInput otherwise."""
    shortest, longest = PASSWORD_CHARACTERS
    if not shortest <= len(password) <= longest:
        raise InvalidInput(f"A password has between {shortest} and {longest} characters.", field)
    return password
