"""The headers that tell a client how much it may still send: `RateLimit-Policy` and `RateLimit`.

Their form is that of draft-ietf-httpapi-ratelimit-headers-10: lists of structured fields (RFC 9651), in which the name
of a policy has its numbers as parameters.

    RateLimit-Policy: "ingest-key";q=6000;w=60, "ingest-person-events";q=100000;qu="events";w=3600
    RateLimit: "ingest-key";r=5999;t=1, "ingest-person-events";r=99000;t=1
"""

from collections.abc import Sequence
from functools import lru_cache

from starlette.types import Scope

from auth.quotas import Quota, QuotaPolicy

HEADERS = ("RateLimit", "RateLimit-Policy")
"""Their names; scripts of other origins may read them (web/response_headers.py)."""
_KEY = "web_behavior.quotas"


def quotas_of(scope: Scope) -> list[Quota]:
    """Return the list of the quotas that a request is counted against, to be filled by whoever counts it."""
    quotas: list[Quota] = scope.setdefault(_KEY, [])
    return quotas


def rate_limit_headers(quotas: Sequence[Quota]) -> list[tuple[bytes, bytes]]:
    """Return the two headers of an answer."""
    left = ", ".join(
        f'"{policy.name}";r={remaining}' if seconds is None else f'"{policy.name}";r={remaining};t={seconds}'
        for policy, remaining, seconds in quotas
    )
    return [(b"ratelimit-policy", _policies(tuple([quota.policy for quota in quotas]))), (b"ratelimit", left.encode())]


@lru_cache(64)  # each combination of limits is that of one kind of client
def _policies(policies: tuple[QuotaPolicy, ...]) -> bytes:
    return ", ".join(map(_policy, policies)).encode()


def _policy(policy: QuotaPolicy) -> str:
    unit = "" if policy.unit is None else f';qu="{policy.unit}"'
    window = "" if policy.window is None else f";w={policy.window}"
    return f'"{policy.name}";q={policy.units}{unit}{window}'
