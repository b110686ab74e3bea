"""The time of a refused sign-in, by what was wrong: `python -m bench.sign_in [ROUNDS]`.

The kinds of failure take turns, so that whatever else the machine does meets them alike. Prints medians, and each one's
ratio to that of an unknown user, which an attacker would have to tell from 1.
"""

import asyncio
import statistics
import sys
import time

import bcrypt

from auth.passwords import Passwords

RIGHT, WRONG = "correct horse battery", "correct horse batterz"
UNKNOWN = "unknown user"


async def measure(rounds: int) -> dict[str, float]:
    """The median seconds of each kind of failure."""
    passwords = Passwords()
    old = bcrypt.hashpw(RIGHT.encode(), bcrypt.gensalt(10, b"2a")).decode()
    kinds = {
        UNKNOWN: (WRONG, None),
        "wrong password": (WRONG, await passwords.hash(RIGHT)),
        "wrong password, hash of the service before": (WRONG, old),
        "a password of 73 bytes, hash of the service before": ("x" * 73, old),
        "account that cannot sign in": (RIGHT, "!"),
    }
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, (password, stored) in kinds.items():
            start = time.perf_counter()
            if await passwords.check(password, stored):
                raise AssertionError(kind)
            taken[kind].append(time.perf_counter() - start)
    return {kind: statistics.median(each) for kind, each in taken.items()}


def main(rounds: int = 100) -> None:
    """Print the table."""
    medians = asyncio.run(measure(rounds))
    for kind, median in medians.items():
        print(f"{kind:52} {median * 1000:7.1f} ms   {median / medians[UNKNOWN]:.3f}")  # noqa: T201 - the result


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
