"""The delivering of what webhooks are to be told: in turns, at least once, tried again for 24 hours.

A webhook is held by one process at a time, which delivers to it one message after another: a slow endpoint keeps nobody
waiting but itself. A process that dies holding one lets go after HOLD_SECONDS; what it had sent without recording that
is then sent again.

    due webhooks ──organizations in turn──▶ at most SLOTS turns at once, SLOTS_OF_ORGANIZATION of one organization
    turn         ──▶ hold, then for each delivery: message, send, record ──▶ let go
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import structlog

from core.audit import AuditAction
from core.clock import now
from core.errors import Unavailable
from core.observer import NOBODY, Job, Observer, PortionOutcome
from core.webhooks import FAILING_FOR, PROBLEM_CHARACTERS, AttemptOutcome, DeliveryState, WebhookPause, delay_after
from core.webhooks import rest_after as rest_after_failures
from db.background_jobs import BackgroundJob
from db.engine import Database
from db.queries import audit_entries, webhook_deliveries, webhooks
from db.queries.audit_entries import NewEntry
from db.queries.users import UserRow
from db.queries.webhook_deliveries import DueEndpoint, WebhookDeliveryRow
from db.queries.webhooks import WebhookRow
from webhooks.sender import GONE, Attempt, WebhookSender
from webhooks.signing import Message

log = structlog.get_logger()

INTERVAL_SECONDS = 1.0
SLOTS = 8
SLOTS_OF_ORGANIZATION = 2
HOLD_SECONDS = 45.0
"""Longer than a message takes to make (10 s), to send (10 s) and to record (15 s)."""
_LOOKED_AT = 100
_TURN_SECONDS, _TURN_DELIVERIES = 15.0, 50
_RECORD_SECONDS, _RECORD_PAUSE_SECONDS = 15.0, 0.5
"""For how long the outcome of an attempt is tried to be recorded: one that is not is sent again."""
_STOP_SECONDS = 3.0


class NoPayload(Exception):
    """There is no message to send; the text says why."""


class InvalidSelection(NoPayload):
    """There can be none before the selection is changed."""


MakeMessage = Callable[[WebhookRow, UserRow, WebhookDeliveryRow], Awaitable[bytes]]
"""Returns the body of a delivery's message, with what the owner may see. NoPayload."""


class WebhookWorker:
    """Delivers until stopped. `overdue_seconds`: for how long the delivery that waits for a turn has been due."""

    def __init__(
        self, database: Database, sender: WebhookSender, make_message: MakeMessage, observer: Observer = NOBODY
    ) -> None:
        self.job = BackgroundJob(Job.WEBHOOKS, database, observer, largest=1)
        self.overdue_seconds = 0.0
        self._database = database
        self._sender = sender
        self._make_message = make_message
        self._observer = observer
        self._turns: dict[UUID, asyncio.Task[None]] = {}
        self._turns_of: Counter[UUID] = Counter()
        self._held_until: dict[UUID, float] = {}
        self._broken_off: set[UUID] = set()
        self._progress = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Work until cancelled; what is being sent then has a moment to be recorded."""
        try:
            await self.job.repeat(self.work_round, INTERVAL_SECONDS, self._progress)
        finally:
            self._stopping = True
            turns = list(self._turns.values())
            if turns:
                _, left = await asyncio.wait(turns, timeout=_STOP_SECONDS)
                for task in left:
                    task.cancel()
                await asyncio.gather(*left, return_exceptions=True)

    async def work_round(self) -> None:
        """Begin turns of webhooks with something to deliver, as many as may be at once."""
        await self._release_broken_off()
        async with self._database.read() as connection:
            due = await webhook_deliveries.due_endpoints(connection, _LOOKED_AT)
        self.overdue_seconds = max((each.overdue.total_seconds() for each in due), default=0.0)
        for endpoint in due:
            if len(self._turns) >= SLOTS:
                break
            if endpoint.webhook_id not in self._turns and (
                self._turns_of[endpoint.organization_id] < SLOTS_OF_ORGANIZATION
            ):
                self._begin(endpoint)

    async def finish_turns(self) -> None:
        """Return once every turn under way is over."""
        while self._turns:
            await asyncio.wait(list(self._turns.values()))

    def _begin(self, endpoint: DueEndpoint) -> None:
        task = asyncio.create_task(self._turn(endpoint.webhook_id), name="webhooks")
        self._turns[endpoint.webhook_id] = task
        self._turns_of[endpoint.organization_id] += 1
        task.add_done_callback(partial(self._ended, endpoint))

    def _ended(self, endpoint: DueEndpoint, _task: asyncio.Task[None]) -> None:
        del self._turns[endpoint.webhook_id]
        if endpoint.webhook_id not in self._broken_off:
            self._held_until.pop(endpoint.webhook_id, None)
        self._turns_of[endpoint.organization_id] -= 1
        if not self._turns_of[endpoint.organization_id]:
            del self._turns_of[endpoint.organization_id]

    async def _turn(self, webhook_id: UUID) -> None:
        try:
            webhook, _, _ = await self._hold(webhook_id, is_held=False)
            if webhook is not None:
                await self._deliver_some(webhook_id)
                async with self._database.write() as connection:
                    await webhooks.release(connection, webhook_id)
                self._progress.set()
        except Unavailable as error:
            log.warning("webhook put off", webhook_id=str(webhook_id), reason=error.message)
            self._put_aside(webhook_id)
        except Exception:
            log.exception("webhook put off", webhook_id=str(webhook_id))
            self._put_aside(webhook_id)

    def _put_aside(self, webhook_id: UUID) -> None:
        self._observer.portion_ended(Job.WEBHOOKS, PortionOutcome.PUT_ASIDE)
        self._broken_off.add(webhook_id)

    async def _release_broken_off(self) -> None:
        """Let go of webhooks whose turn a failure of the database ended, unless others may hold them by now."""
        for webhook_id in list(self._broken_off - self._turns.keys()):
            if time.monotonic() < self._held_until.get(webhook_id, 0):
                async with self._database.write() as connection:
                    await webhooks.release(connection, webhook_id)
            self._broken_off.discard(webhook_id)
            self._held_until.pop(webhook_id, None)

    async def _deliver_some(self, webhook_id: UUID) -> None:
        """Deliver what is due to a webhook, for a while, until an attempt fails."""
        ends_at = time.monotonic() + _TURN_SECONDS
        for _ in range(_TURN_DELIVERIES):
            if self._stopping or time.monotonic() > ends_at:
                return
            webhook, delivery, owner = await self._hold(webhook_id, is_held=True)
            if webhook is None or delivery is None:
                return
            if owner is None:
                await self._pause(webhook, WebhookPause.OWNER_LOST_ACCESS, None)
                return
            attempt = await self._attempt(webhook, owner, delivery)
            if attempt is None:
                return
            await self._record_in_time(webhook, delivery, attempt)
            if not attempt.is_delivered:
                return

    async def _hold(
        self, webhook_id: UUID, *, is_held: bool
    ) -> tuple[WebhookRow | None, WebhookDeliveryRow | None, UserRow | None]:
        """Hold a webhook, or go on holding it; return it with the delivery that is due and its owner, if any."""
        held_until = time.monotonic() + HOLD_SECONDS - 1
        async with self._database.write() as connection:
            webhook = await webhooks.hold(connection, webhook_id, HOLD_SECONDS, is_held=is_held)
            if webhook is None:
                return None, None, None
            delivery = await webhook_deliveries.next_due(connection, webhook_id)
            owner = await webhooks.owner(connection, webhook)
        self._held_until[webhook_id] = held_until
        return webhook, delivery, owner

    async def _attempt(self, webhook: WebhookRow, owner: UserRow, delivery: WebhookDeliveryRow) -> Attempt | None:
        """Try a delivery; None if the webhook was paused instead."""
        began = time.monotonic()
        try:
            body = await self._make_message(webhook, owner, delivery)
        except InvalidSelection as error:
            await self._pause(webhook, WebhookPause.INVALID_SELECTION, str(error))
            return None
        except NoPayload as error:
            seconds = time.monotonic() - began
            return Attempt(AttemptOutcome.NO_PAYLOAD, problem=str(error)[:PROBLEM_CHARACTERS], seconds=seconds)
        salts = [webhook.secret_salt, *([webhook.previous_salt] if webhook.previous_salt else [])]
        secrets = [self._sender.key.secret(webhook.id, salt) for salt in salts]
        return await self._sender.send(webhook.url, Message(str(delivery.event_id), body), secrets)

    async def _record_in_time(self, webhook: WebhookRow, delivery: WebhookDeliveryRow, attempt: Attempt) -> None:
        """Record an attempt, again and again while the database is away. Unavailable after a while."""
        self._observer.webhook_attempted(attempt.outcome.value, attempt.seconds)
        gives_up_at = time.monotonic() + _RECORD_SECONDS
        while True:
            try:
                state = await self._record(webhook, delivery, attempt)
            except Unavailable:
                if time.monotonic() > gives_up_at:
                    raise
                await asyncio.sleep(_RECORD_PAUSE_SECONDS)
            else:
                break
        self.job.portion_finished(attempt.seconds, full=False)
        if state not in {None, DeliveryState.PENDING}:
            self._observer.webhook_ended(state.value)

    async def _record(
        self, webhook: WebhookRow, delivery: WebhookDeliveryRow, attempt: Attempt
    ) -> DeliveryState | None:
        """Record an attempt; return the state of the delivery, None if it had ended."""
        told = {
            "at": now().isoformat(),
            "outcome": attempt.outcome.value,
            "status": attempt.status,
            "problem": attempt.problem,
            "seconds": round(attempt.seconds, 3),
        }
        async with self._database.write() as connection:
            if attempt.is_delivered:
                await webhooks.note_success(connection, webhook.id)
                arrived = await webhook_deliveries.note_success(connection, delivery.id, told)
                return DeliveryState.DELIVERED if arrived else None
            delay = delay_after(delivery.attempt_count + 1)
            state = await webhook_deliveries.note_failure(connection, delivery.id, told, delay)
            failures, failing_for = await webhooks.note_failure(connection, webhook.id)
            await webhooks.rest(connection, webhook.id, rest_after_failures(failures))
        if attempt.status == GONE:
            await self._pause(webhook, WebhookPause.GONE, attempt.problem)
        elif failing_for >= FAILING_FOR:
            await self._pause(webhook, WebhookPause.FAILING, attempt.problem)
        return state

    async def _pause(self, webhook: WebhookRow, reason: WebhookPause, problem: str | None) -> None:
        details = {"webhookId": str(webhook.id), "reason": reason.name}
        problem = None if problem is None else problem[:PROBLEM_CHARACTERS]
        async with self._database.write() as connection:
            if await webhooks.pause(connection, webhook.id, reason, problem):
                entry = NewEntry(AuditAction.WEBHOOK_PAUSED, None, webhook.organization_id, details=details)
                await audit_entries.add(connection, entry)
