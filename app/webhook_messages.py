"""The messages of webhooks: an event's selection, answered with the rights that the webhook's owner has now."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import orjson
from graphql import GraphQLError

from app.settings import Settings
from auth.budget import Budget
from auth.throttle import Counters
from auth.viewer import Viewer
from core.errors import AppError, InvalidInput
from core.ids import encode_node_id
from core.limits import WEBHOOK_BODY_BYTES, WEBHOOK_SELECTION_COST
from core.roles import Role
from core.token_scopes import TokenScope
from db.queries.users import UserRow
from db.queries.webhook_deliveries import WebhookDeliveryRow
from db.queries.webhooks import WebhookRow
from execution.context import Context
from execution.documents.trusted import TrustedDocuments
from execution.request_policy import RequestPolicy
from execution.webhook_documents import DEFAULT_SELECTION, FIELD, payload_document
from resolvers.caller import Client
from resolvers.services import Services
from resolvers.sign_ins import Session
from resolvers.webhook_worker import InvalidSelection, NoPayload, WebhookWorker
from schema.build import executed_by

MESSAGE_SECONDS = 10.0
_RIGHTS = frozenset(TokenScope) - {TokenScope.PEOPLE_WRITE, TokenScope.EXPORT, TokenScope.INGEST}
"""The rights of reading: a selection can do nothing else."""


class _NoCookies:
    """A message has no browser."""

    refresh_token: str | None = None
    missing: str | None = None

    def require(self) -> None:
        """Do nothing."""

    def set(self, session: Session) -> None:
        """Do nothing."""

    def clear(self) -> None:
        """Do nothing."""


class Messages:
    """Makes messages. Their selections are checked and priced as requests are; nobody's budget pays for them."""

    def __init__(self, services: Services, policy: RequestPolicy, *, columnar: bool) -> None:
        free = Budget(Counters(None), "webhooks", f"{WEBHOOK_SELECTION_COST}/second", enabled=False)
        self._services = replace(services, throttles=replace(services.throttles, query_budget=free))
        self._policy = replace(policy, cost_limit=WEBHOOK_SELECTION_COST, trusted=TrustedDocuments())
        self._schema = executed_by(columnar=columnar)

    async def body(self, webhook: WebhookRow, owner: UserRow, delivery: WebhookDeliveryRow) -> bytes:
        """Return the body of a message. NoPayload."""
        try:
            document = payload_document(webhook.selection or DEFAULT_SELECTION)
        except (GraphQLError, InvalidInput) as error:
            raise InvalidSelection(error.message) from error
        try:
            async with asyncio.timeout(MESSAGE_SECONDS):
                data = await self._answer(document, webhook, owner, delivery)
        except TimeoutError as error:
            raise NoPayload(f"The selection was not answered within {MESSAGE_SECONDS:g} s: select less.") from error
        except AppError as error:
            raise NoPayload(f"The selection could not be answered: {error.message}") from error
        message = {"type": delivery.event_type.value, "timestamp": delivery.occurred_at, "data": data}
        body = orjson.dumps(message, option=orjson.OPT_UTC_Z)
        if len(body) > WEBHOOK_BODY_BYTES:
            raise NoPayload(f"The message would have more than {WEBHOOK_BODY_BYTES // 1024} KiB: select less.")
        return body

    async def _answer(self, document: str, webhook: WebhookRow, owner: UserRow, delivery: WebhookDeliveryRow) -> Any:
        # Whatever else the owner may see, a webhook of an organization is told of that one.
        viewer = Viewer(
            owner.id, webhook.id, is_super_admin=False, roles={webhook.organization_id: Role.ADMIN}, scopes=_RIGHTS
        )
        context = Context(self._services, Client("webhook"), _NoCookies(), (viewer, owner), self._policy)
        variables = {"id": encode_node_id("WebhookEvent", delivery.event_id.bytes)}
        try:
            result = await self._schema.execute(document, variable_values=variables, context_value=context)
        finally:
            context.forget()
        for error in result.errors or ():
            code = (error.extensions or {}).get("code")
            kind = InvalidSelection if code in {"GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_COMPLEX"} else NoPayload
            raise kind(f"The selection could not be answered: {error.message}")
        data = (result.data or {}).get(FIELD)
        if data is None:
            raise NoPayload("The event is not kept any more.")
        return data


@asynccontextmanager
async def delivering(services: Services, policy: RequestPolicy, settings: Settings) -> AsyncIterator[WebhookWorker]:
    """Deliver what webhooks are to be told, in the background."""
    messages = Messages(services, policy, columnar=settings.columnar_executor)
    worker = WebhookWorker(services.background_database, services.webhook_sender, messages.body, services.observer)
    task = asyncio.create_task(worker.run(), name="webhooks")
    try:
        yield worker
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
