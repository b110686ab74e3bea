"""Mutations about webhooks, and what became of deliveries."""

import asyncio
from typing import Any

from sqlalchemy import text

from core.ids import encode_node_id
from db.queries.organizations import OrganizationRow
from tests.schema.sample_tenants import run
from tests.world import Asker, World

_PROBLEM = "... on Error { message } ... on InvalidInput { field }"
WEBHOOK = """webhook {
    id uuid name url eventTypes selection status pauseReason pauseProblem ownerId previousSecretUntil failingSince
    lastSuccessAt
}"""
DELIVERY = """id eventId eventType state attemptCount problem nextAttemptAt finishedAt
    attempts { outcome status problem seconds }"""
CREATE = f"""mutation ($input: CreateWebhookInput!) {{ createWebhook(input: $input) {{
    __typename ... on CreateWebhookSuccess {{ {WEBHOOK} secret }} {_PROBLEM}
}} }}"""
UPDATE = f"""mutation ($input: UpdateWebhookInput!) {{ updateWebhook(input: $input) {{
    __typename ... on UpdateWebhookSuccess {{ {WEBHOOK} }} {_PROBLEM}
}} }}"""
DELETE = """mutation ($input: DeleteWebhookInput!) { deleteWebhook(input: $input) {
    __typename ... on DeleteWebhookSuccess { deletedId }
} }"""
ROTATE = f"""mutation ($input: RotateWebhookSecretInput!) {{ rotateWebhookSecret(input: $input) {{
    __typename ... on RotateWebhookSecretSuccess {{ {WEBHOOK} secret }}
}} }}"""
TEST = f"""mutation ($input: TestWebhookInput!) {{ testWebhook(input: $input) {{
    __typename ... on TestWebhookSuccess {{ delivery {{ {DELIVERY} }} }} {_PROBLEM}
}} }}"""
REDELIVER = f"""mutation ($input: RedeliverInput!) {{ redeliver(input: $input) {{
    __typename ... on RedeliverSuccess {{ delivery {{ {DELIVERY} }} }} {_PROBLEM}
}} }}"""
_WEBHOOKS = f"""query ($id: ID!, $state: WebhookDeliveryState) {{ organization(id: $id) {{ webhooks {{
    id name status pauseReason pauseProblem failingSince lastSuccessAt
    deliveries(state: $state, first: 100) {{ nodes {{ {DELIVERY} }} }}
}} }} }}"""
CREATE_PERSON = """mutation ($input: CreateExtensionUserInput!) { createExtensionUser(input: $input) {
    ... on CreateExtensionUserSuccess { extensionUser { id username } apiKey }
} }"""
ALL = ["PERSON_CREATED", "KEY_REGENERATED", "EXPORT_MADE", "RETENTION_RUN"]
_PATIENCE_SECONDS = 30


def organization_id(row: OrganizationRow) -> str:
    """The opaque id of an organization."""
    return encode_node_id("Organization", row.id.bytes)


async def made(admin: Asker, organization: OrganizationRow, url: str, **more: Any) -> dict[str, Any]:
    """A new webhook with its secret."""
    wanted = {"organizationId": str(organization.id), "name": "hook", "url": url, "eventTypes": ALL} | more
    answer = await run(admin, CREATE, **wanted)
    assert answer["__typename"] == "CreateWebhookSuccess", answer
    return answer


async def person_made(admin: Asker, organization: OrganizationRow, username: str) -> dict[str, Any]:
    """The outcome of the making of an extension user, of which webhooks are told."""
    return await run(admin, CREATE_PERSON, organizationId=str(organization.id), username=username)


async def webhooks_of(admin: Asker, organization: OrganizationRow, state: str | None = None) -> list[dict[str, Any]]:
    """An organization's webhooks with their deliveries."""
    answer = await admin.ask(_WEBHOOKS, id=str(organization.id), state=state)
    found: list[dict[str, Any]] = answer["organization"]["webhooks"]
    return found


async def deliveries_of(admin: Asker, organization: OrganizationRow) -> list[dict[str, Any]]:
    """The deliveries to the first webhook of an organization, the newest first."""
    found: list[dict[str, Any]] = (await webhooks_of(admin, organization))[0]["deliveries"]["nodes"]
    return found


async def tried(admin: Asker, organization: OrganizationRow, attempts: int) -> dict[str, Any]:
    """The newest delivery to the first webhook, once it was tried so often."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            deliveries = await deliveries_of(admin, organization)
            if deliveries and deliveries[0]["attemptCount"] >= attempts:
                return deliveries[0]
            await asyncio.sleep(0.02)


async def paused(admin: Asker, organization: OrganizationRow) -> dict[str, Any]:
    """The first webhook, once it is paused."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            webhook = (await webhooks_of(admin, organization))[0]
            if webhook["status"] == "PAUSED":
                return webhook
            await asyncio.sleep(0.02)


async def due_now(world: World) -> None:
    """Let all pauses between attempts be over."""
    async with world.services.database.write() as db:
        await db.execute(text("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE state = 'pending'"))
        await db.execute(text("UPDATE webhooks SET retry_at = NULL"))
