"""The sending of one message, bounded in time and in what is read; redirects are told, never followed."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import httpcore2

from core.clock import now
from core.webhooks import AttemptOutcome
from webhooks.addresses import AddressRules
from webhooks.connections import AddressNotAllowed, CheckedConnections, LookUp, look_up
from webhooks.signing import Message, SigningKey

TIMEOUT_SECONDS = 10.0
MOST_BYTES = 64 * 1024
"""How much of an answer is read, and thrown away: the status is all that counts."""
_BODY_SECONDS = 1.0
_OK, _REDIRECTS, _ERRORS, GONE = 200, 300, 400, 410


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt: its outcome, the status of the answer if there was one, what was wrong, and how long it took."""

    outcome: AttemptOutcome
    status: int | None = None
    problem: str | None = None
    seconds: float = 0.0

    @property
    def is_delivered(self) -> bool:
        """True if the endpoint has taken the message."""
        return self.outcome is AttemptOutcome.DELIVERED


class WebhookSender:
    """Sends messages by the rules of addresses; `key` is what endpoints' secrets are derived from."""

    def __init__(
        self,
        rules: AddressRules,
        key: SigningKey,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        look_up: LookUp = look_up,
    ) -> None:
        self.rules = rules
        self.key = key
        self._timeout_seconds = timeout_seconds
        self._connections = CheckedConnections(rules, look_up)

    async def send(self, url: str, message: Message, secrets: Sequence[str]) -> Attempt:
        """Post a message; never raises what an endpoint can cause."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                status = await self._post(url, message, secrets)
        except TimeoutError:
            attempt = Attempt(
                AttemptOutcome.TIMEOUT, problem=f"The endpoint did not answer within {self._timeout_seconds:g} s."
            )
        except AddressNotAllowed:
            attempt = Attempt(
                AttemptOutcome.NOT_ALLOWED,
                problem="The name of the endpoint leads to an address of a private or reserved network. Whoever runs "
                "the service can allow the network.",
            )
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError) as error:
            attempt = Attempt(AttemptOutcome.CONNECTION, problem=f"There was no HTTP answer: {_reason(error)}.")
        else:
            attempt = _judged(status)
        return Attempt(attempt.outcome, attempt.status, attempt.problem, time.monotonic() - began)

    async def _post(self, url: str, message: Message, secrets: Sequence[str]) -> int:
        headers: dict[bytes | str, bytes | str] = {
            "content-type": "application/json",
            "user-agent": "web-behavior",
            "accept-encoding": "identity",
            **message.headers(now(), secrets),
        }
        pool = httpcore2.AsyncConnectionPool(
            ssl_context=self._tls, max_connections=1, max_keepalive_connections=0, network_backend=self._connections
        )
        async with (
            pool,
            pool.stream("POST", url, headers=headers, content=message.body, extensions={"timeout": self._timeouts}) as (
                answer
            ),
        ):
            with suppress(TimeoutError, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException):
                async with asyncio.timeout(_BODY_SECONDS):
                    size = 0
                    async for chunk in answer.aiter_stream():
                        size += len(chunk)
                        if size > MOST_BYTES:
                            break
            return int(answer.status)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The certificates that the system trusts; loaded when first needed, for that takes a while."""
        return ssl.create_default_context()

    @property
    def _timeouts(self) -> dict[str, float]:
        return dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_seconds)


def _judged(status: int) -> Attempt:
    if _OK <= status < _REDIRECTS:
        return Attempt(AttemptOutcome.DELIVERED, status)
    problem = f"The endpoint answered {status}."
    if _REDIRECTS <= status < _ERRORS:
        problem += " Redirects are not followed: set `url` to where it leads."
    return Attempt(AttemptOutcome.REFUSED, status, problem)


def _reason(error: Exception) -> str:
    """Return the first line of an error's text, or its kind."""
    cause: BaseException | None = error
    while cause is not None:
        text = str(cause).strip()
        if text:
            return text.splitlines()[0].rstrip(".")[:200]
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
