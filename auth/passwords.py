"""Passwords: argon2id, off the event loop, a bounded number at a time."""

import os

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from core.errors import InvalidInput
from core.limits import PASSWORD_CHARACTERS

_OLD_ROUNDS = 10
"""The cost of the old service's bcrypt hashes."""
_DECOYS = {
    Argon2Hasher: "$argon2id$v=19$m=65536,t=3,p=4$f8Y+R72EmFyGzDIbrrY8vw$+IVUGWD8ysdu8WpTii0CI3xHBMXS/FhdmHiyjzIli+c",
    BcryptHasher: "$2b$10$1CSVVB3TwnUDzB5CZzclOu.bvMfBXTxZDrXCxSo64KXumajuqJUb2",
}
"""Hashes that open nothing, checked so that time passes. Written down: making them took 0.4 s of each start."""


class Passwords:
    """Hashes and checks passwords. Each takes some 50 ms and 64 MiB, so only as many run at once as there are cores."""

    def __init__(self) -> None:
        # argon2id for what we hash ourselves; bcrypt only to check passwords that came from the old service.
        self._hashers = (Argon2Hasher(), BcryptHasher(rounds=_OLD_ROUNDS))
        self._hasher = PasswordHash(self._hashers)
        self._decoys = tuple((hasher, _DECOYS[type(hasher)]) for hasher in self._hashers)
        self._limiter = CapacityLimiter(os.cpu_count() or 1)

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await to_thread.run_sync(self._hasher.hash, password, limiter=self._limiter)

    async def check(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one hashed in `stored`. Whatever is wrong, it costs as much."""
        matches, _ = await self.check_and_renew(password, stored)
        return matches

    async def check_and_renew(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """The same, and for a right password the hash to store from now on, where `stored` is not made like ours."""
        return await to_thread.run_sync(self._check, password, stored, limiter=self._limiter)

    def _check(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        worked: object = None
        try:
            if stored:
                matches, renewed = self._hasher.verify_and_update(password, stored)
                if matches:
                    return True, renewed
                worked = next(hasher for hasher in self._hashers if hasher.identify(stored))
        except (UnknownHashError, ValueError):  # ValueError: bcrypt takes no password of more than 72 bytes
            pass
        # Each failure is made to cost one hash of either kind: time must not tell which accounts there are, nor which
        # of them are the old service's.
        for hasher, decoy in self._decoys:
            if hasher is not worked:
                hasher.verify("", decoy)
        return False, None


def checked_password(password: str, field: str = "password") -> str:
    """A password fit to be set; InvalidInput otherwise."""
    shortest, longest = PASSWORD_CHARACTERS
    if not shortest <= len(password) <= longest:
        raise InvalidInput(f"A password has between {shortest} and {longest} characters.", field)
    return password
