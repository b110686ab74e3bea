"""Passwords: argon2id, off the event loop, one at a time."""

from functools import partial

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from auth.hashing_queue import HashingQueue
from core.errors import InvalidInput
from core.limits import PASSWORD_CHARACTERS

_OLD_ROUNDS = 10
"""The cost of the old service's bcrypt hashes."""
_DECOYS = {
    Argon2Hasher: "$argon2id$v=19$m=65536,t=3,p=4$f8Y+R72EmFyGzDIbrrY8vw$+IVUGWD8ysdu8WpTii0CI3xHBMXS/FhdmHiyjzIli+c",
    BcryptHasher: "$2b$10$1CSVVB3TwnUDzB5CZzclOu.bvMfBXTxZDrXCxSo64KXumajuqJUb2",
}
"""Hashes of no password, checked so that every failure takes the same time. Constants save 0.4 s at each start."""


class Passwords:
    """Hashes and checks passwords in a thread, in the order of `queue`.

    `network` is the network of a request that is not signed in; None for a signed-in user or a command. All methods
    raise TooManyAttempts if too many are waiting.
    """

    def __init__(self) -> None:
        # argon2id for what we hash ourselves; bcrypt only to check passwords that came from the old service.
        self._hashers = (Argon2Hasher(), BcryptHasher(rounds=_OLD_ROUNDS))
        self._hasher = PasswordHash(self._hashers)
        self._decoys = tuple((hasher, _DECOYS[type(hasher)]) for hasher in self._hashers)
        self.queue = HashingQueue()

    async def hash(self, password: str, network: str | None = None) -> str:
        """Return the hash to store."""
        return await self.queue.run(partial(self._hasher.hash, password), network)

    async def check(self, password: str, stored: str | None) -> bool:
        """Return True if `stored` is a hash of the password. Every failure takes the same time."""
        matches, _ = await self.check_and_renew(password, stored)
        return matches

    async def check_and_renew(
        self, password: str, stored: str | None, network: str | None = None
    ) -> tuple[bool, str | None]:
        """Return the same, and for a right password the new hash to store if `stored` was made by the old service."""
        return await self.queue.run(partial(self._check, password, stored), network)

    def close(self) -> None:
        """Stop hashing."""
        self.queue.close()

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
        # Every failure takes one hash of each kind, so that time does not reveal which accounts exist, or which of them
        # come from the old service.
        for hasher, decoy in self._decoys:
            if hasher is not worked:
                hasher.verify("", decoy)
        return False, None


def checked_password(password: str, field: str = "password") -> str:
    """Return the password if it may be set; InvalidInput otherwise."""
    shortest, longest = PASSWORD_CHARACTERS
    if not shortest <= len(password) <= longest:
        raise InvalidInput(f"A password has between {shortest} and {longest} characters.", field)
    return password
