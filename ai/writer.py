"""Other words for an insight: asked of a model, checked, remembered. When that does not work out, there are none."""

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import msgspec
import structlog
from limits import RateLimitItem, RateLimitItemPerHour

from ai.breaker import Breaker
from ai.call_counters import CallCounters, Skip, Status
from ai.failure import Failed, Failure
from ai.options import MOST_CALLS_AT_ONCE, ModelOptions
from ai.prompt import VERSION, Prompt, prompt_of
from ai.reply import decode
from ai.rules import AcceptedSentences, ReplyRefusal, ReplyRefused, accepted
from core.clock import now
from core.insight import Insight, WorkPattern

if TYPE_CHECKING:
    # They load clients, which services without a model do without.
    from ai.endpoint import Endpoint
    from ai.memory import Memory

log = structlog.get_logger()


class Counts(Protocol):
    """Counts what is done within a window of time; auth.throttle.Counters is one."""

    async def hit(self, limit: RateLimitItem, *key: str) -> int | None:
        """Count once. None when it is within the limit."""


@dataclass(frozen=True, slots=True)
class Written:
    """Other words for an insight, the model they are from, and when it found them."""

    words: AcceptedSentences
    model: str
    at: datetime


class _Kept(msgspec.Struct):
    """A cached answer: no words where they were refused."""

    written: Written | None


_kept = msgspec.json.Decoder(_Kept)


class _BudgetSpent(Exception):
    """The organization has had its calls of this hour."""


class InsightWriter:
    """Words insights anew. Never raises, and never takes longer than the options' timeout."""

    def __init__(
        self, options: ModelOptions, endpoint: "Endpoint", counts: Counts, memory: "Memory", breaker: Breaker
    ) -> None:
        self._options = options
        self._endpoint = endpoint
        self._counts = counts
        self._budget = RateLimitItemPerHour(options.calls_per_hour)
        self._memory = memory
        self._breaker = breaker
        self._counters = CallCounters()
        self._calling = 0
        self._flights: dict[str, asyncio.Task[Written | None]] = {}

    @property
    def status(self) -> Status:
        """The configuration and the outcomes so far."""
        return Status(
            enabled=True,
            model=self._options.model,
            host=self._options.host,
            breaker=self._breaker.state,
            calls_per_hour=self._options.calls_per_hour,
            counters=self._counters,
        )

    async def written(self, insight: Insight, organization_id: UUID) -> Written | None:
        """Other words for an insight of somebody of the organization; None when the insight must do as it is.

        Equal questions at the same time are asked once. An answer holds until the figures change, or its time is over.
        """
        prompt = None if insight.work_pattern is WorkPattern.INSUFFICIENT_DATA else prompt_of(insight)
        if prompt is None:
            return None
        key = self._key(prompt, insight, organization_id)
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._answer(key, prompt, insight, organization_id), name="insight")
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        else:
            self._counters.shared += 1
        return await asyncio.shield(flight)  # who stops waiting does not end it for the others

    async def close(self) -> None:
        """End what is under way, and close the connections."""
        flights = [*self._flights.values()]
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await self._endpoint.close()
        await self._memory.close()

    def _key(self, prompt: Prompt, insight: Insight, organization_id: UUID) -> str:
        """The state of the data and of the question. Tenants share nothing, not even equal answers."""
        parts = (VERSION, self._options.model, self._options.base_url, organization_id.hex, prompt.instructions)
        figures = tuple((each.id, each.measure, repr(each.value), each.domain) for each in insight.evidence)
        return hashlib.sha256(repr((parts, figures)).encode() + prompt.data).hexdigest()

    async def _answer(self, key: str, prompt: Prompt, insight: Insight, organization_id: UUID) -> Written | None:
        ends_at = asyncio.get_running_loop().time() + self._options.timeout.total_seconds()
        try:
            async with asyncio.timeout_at(ends_at):
                kept = await self._remembered(key)
            if kept is not None:
                self._counters.remembered += 1
                return kept.written
            written, seconds = await self._asked(prompt, insight, organization_id, ends_at)
            if seconds:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(ends_at):
                        await self._memory.keep(key, msgspec.json.encode(_Kept(written)), seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, the insight stands; and its text may hold the key
            log.error("An insight could not be worded", error=type(error).__name__)  # noqa: TRY400 - for that reason
            return None
        return written

    async def _remembered(self, key: str) -> _Kept | None:
        value = await self._memory.recall(key)
        try:
            return None if value is None else _kept.decode(value)
        except msgspec.DecodeError:  # not ours, whoever put it there
            return None

    async def _asked(
        self, prompt: Prompt, insight: Insight, organization_id: UUID, ends_at: float
    ) -> tuple[Written | None, float]:
        """The model's words, if it has acceptable ones; and for how many seconds that should be remembered."""
        if self._calling >= MOST_CALLS_AT_ONCE:  # a list of people, say: who waits in line would wait in vain
            self._counters.skips[Skip.BUSY] += 1
            return None, 0
        if not self._breaker.admits():
            self._counters.skips[Skip.BREAKER_OPEN] += 1
            return None, 0
        self._calling += 1
        try:
            async with asyncio.timeout_at(ends_at):
                content = await self._endpoint.ask(prompt, partial(self._spend, organization_id))
            self._breaker.succeeded()
            written = Written(accepted(decode(content), insight), self._options.model, now())
        except TimeoutError:
            self._note_failure(Failed(Failure.TIMEOUT))
        except Failed as failure:
            self._note_failure(failure)
        except _BudgetSpent:
            self._counters.skips[Skip.BUDGET_SPENT] += 1
        except msgspec.DecodeError:
            return self._note_refusal(ReplyRefusal.MALFORMED)
        except ReplyRefused as refused:
            return self._note_refusal(refused.reason)
        else:
            self._counters.answers += 1
            return written, self._options.keep_answers.total_seconds()
        finally:
            self._calling -= 1
            self._breaker.abandoned()  # where it has not been told how it went; else it changes nothing to speak of
        return None, 0

    async def _spend(self, organization_id: UUID) -> None:
        if await self._counts.hit(self._budget, "insight", organization_id.hex) is not None:
            raise _BudgetSpent
        self._counters.calls += 1

    def _note_failure(self, failed: Failed) -> None:
        self._counters.failures[failed.reason] += 1
        self._breaker.failed(failed.retry_after)
        log.warning("The model did not reply", reason=failed.reason.value, status=failed.status)

    def _note_refusal(self, reason: ReplyRefusal) -> tuple[None, float]:
        # A reply is never a reason to leave the endpoint alone: somebody's odd domains must not end it for all others.
        self._breaker.succeeded()
        self._counters.refusals[reason] += 1
        log.warning("The model's reply was refused", reason=reason.value)
        return None, self._options.keep_refusals.total_seconds()
