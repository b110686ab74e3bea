"""Events of the house that webhooks are told."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from core.ids import encode_node_id
from db.queries.extension_users import ExtensionUserRow
from db.queries.organizations import OrganizationRow
from db.queries.users import UserRow
from db.queries.webhook_events import WebhookEventRow
from execution.context import Info
from resolvers import extension_users, organizations, users
from schema.enums import WebhookEventType, WebhookExport
from schema.scalars import BigInt
from schema.user import User

if TYPE_CHECKING:
    from schema.extension_user import ExtensionUser
    from schema.organization import Organization

_PERSON = "The extension user as they are now; null if they were deleted since."


@strawberry.interface(
    description="An event that webhooks are told. It is kept for as long as a delivery of it is: 30 days after its end."
)
class WebhookEvent:
    """Shows a WebhookEventRow."""

    @strawberry.field(description="Opaque and stable; `webhookEvent` takes it.")
    def id(root: strawberry.Parent[WebhookEventRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("WebhookEvent", root.id.bytes))

    @strawberry.field(
        description="The plain id: the `webhook-id` of its messages, by which one that comes again is recognised."
    )
    def uuid(root: strawberry.Parent[WebhookEventRow]) -> UUID:
        return root.id

    type: WebhookEventType = strawberry.field(description="The type.")
    occurred_at: datetime = strawberry.field(description="The time at which it happened.")

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")] | None,
        description="The organization it happened in.",
    )
    async def organization(root: strawberry.Parent[WebhookEventRow], info: Info) -> OrganizationRow | None:
        return await organizations.organization(info.context.caller, root.organization_id)

    actor_id: UUID | None = strawberry.field(
        description="The plain id of the user or service account that did it; null for the service itself."
    )

    @strawberry.field(
        graphql_type=User | None,
        description="The user who did it; null for service accounts, and for the service itself.",
    )
    async def actor(root: strawberry.Parent[WebhookEventRow], info: Info) -> UserRow | None:
        return None if root.actor_id is None else await users.user(info.context.caller, root.actor_id)


def _is(value: object, *types: WebhookEventType) -> bool:
    return isinstance(value, WebhookEventRow) and value.type in types


async def _person(row: WebhookEventRow, info: Info) -> ExtensionUserRow | None:
    if row.subject_id is None:
        return None
    return await extension_users.extension_user(info.context.caller, row.subject_id)


@strawberry.type(description="An extension user was made.")
class PersonCreatedEvent(WebhookEvent):
    """An event of the type PERSON_CREATED."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return _is(value, WebhookEventType.PERSON_CREATED)

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None, description=_PERSON
    )
    async def person(root: strawberry.Parent[WebhookEventRow], info: Info) -> ExtensionUserRow | None:
        return await _person(root, info)


@strawberry.type(description="An extension user got a new API key. No message holds a key.")
class KeyRegeneratedEvent(WebhookEvent):
    """An event of the type KEY_REGENERATED."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return _is(value, WebhookEventType.KEY_REGENERATED)

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None, description=_PERSON
    )
    async def person(root: strawberry.Parent[WebhookEventRow], info: Info) -> ExtensionUserRow | None:
        return await _person(root, info)


@strawberry.type(description="A download was begun.")
class ExportMadeEvent(WebhookEvent):
    """An event of the type EXPORT_MADE."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return _is(value, WebhookEventType.EXPORT_MADE)

    @strawberry.field(description="What was exported.")
    def export(root: strawberry.Parent[WebhookEventRow]) -> WebhookExport:
        return WebhookExport(root.details["action"])

    @strawberry.field(description="The format, such as `csv`; null for everything held on a person.")
    def format(root: strawberry.Parent[WebhookEventRow]) -> str | None:
        found: str | None = root.details["format"]
        return found

    @strawberry.field(
        graphql_type=Annotated["ExtensionUser", strawberry.lazy("schema.extension_user")] | None,
        description="The extension user it was of, if it was of one; null if they were deleted since.",
    )
    async def person(root: strawberry.Parent[WebhookEventRow], info: Info) -> ExtensionUserRow | None:
        return await _person(root, info)


@strawberry.type(description="Events that the organization keeps no longer were deleted.")
class RetentionRunEvent(WebhookEvent):
    """An event of the type RETENTION_RUN."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return _is(value, WebhookEventType.RETENTION_RUN)

    @strawberry.field(description="The number of the organization's events that were deleted one by one.")
    def behaviors(root: strawberry.Parent[WebhookEventRow]) -> BigInt:
        return BigInt(root.details["behaviors"])

    @strawberry.field(
        description="The number of whole months that were dropped, with whatever events of any organization were left "
        "in them; these are not counted."
    )
    def months(root: strawberry.Parent[WebhookEventRow]) -> int:
        found: int = root.details["months"]
        return found


@strawberry.type(description="`testWebhook` was called.")
class TestEvent(WebhookEvent):
    """An event of the type TEST."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return _is(value, WebhookEventType.TEST)


WEBHOOK_EVENTS = [PersonCreatedEvent, KeyRegeneratedEvent, ExportMadeEvent, RetentionRunEvent, TestEvent]
"""The types of events: nothing in the schema names them, but their interface."""
