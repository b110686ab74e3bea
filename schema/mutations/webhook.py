"""Webhooks: make, change, delete and test one, give it another secret, try a delivery again."""

from typing import Annotated, Any

import strawberry

from core.ids import encode_node_id, uuid_of
from core.token_scopes import TokenScope
from core.webhooks import WebhookEventType as EventType
from db.queries.webhook_deliveries import WebhookDeliveryRow
from db.queries.webhooks import WebhookRow
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from execution.webhook_documents import checked_selection
from resolvers import webhooks
from resolvers.webhooks import WebhookSettings
from schema.enums import WebhookEventType
from schema.errors import InvalidInput, NotFound, TooManyWebhooks
from schema.mutations.field import mutation
from schema.webhook import Webhook, WebhookDelivery

_URL = "The address to post messages to: https://…, of the open internet."
_TYPES = "The types of events to be told, at least one."
_SELECTION = (
    "The fields of WebhookEvent that messages hold, in braces, such as `{ id type ... on PersonCreatedEvent { person "
    "{ username } } }`; fragments may follow. It may cost 1,000 points."
)
_SECRET = "The secret that messages are signed by, `whsec_…`. It is shown this once."  # noqa: S105 - a description
_AFTERWARDS = "The delivery, after its first attempt or three seconds, whichever comes first."


@strawberry.input(description="The webhook to make.")
class CreateWebhookInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")
    name: str = strawberry.field(description="A name that tells what it is for: 1 to 255 characters.")
    url: str = strawberry.field(description=_URL)
    event_types: list[WebhookEventType] = strawberry.field(description=_TYPES)
    selection: str | None = strawberry.field(
        default=None, description=f"{_SELECTION} A selection of everything usual if left out."
    )


@strawberry.type(description="The webhook is made: it is told what happens from now on.")
class CreateWebhookSuccess:
    """The outcome."""

    webhook: WebhookRow = strawberry.field(graphql_type=Webhook, description="The webhook.")
    secret: str = strawberry.field(description=_SECRET)


CreateWebhookResult = Annotated[
    CreateWebhookSuccess | InvalidInput | NotFound | TooManyWebhooks,
    strawberry.union("CreateWebhookResult", description="The result of `createWebhook`."),
]


@mutation(
    CreateWebhookResult,
    metadata=SIGNED_IN,
    description="Have events of an organization posted to an address as they happen. For its admins.",
)
async def create_webhook(
    info: Info, input: Annotated[CreateWebhookInput, strawberry.argument(description="The webhook to make.")]
) -> CreateWebhookSuccess:
    """Resolve the field."""
    wanted = WebhookSettings(input.name, input.url, tuple(input.event_types), _checked(info, input.selection))
    organization_id = uuid_of(input.organization_id, "Organization")
    row, secret = await webhooks.create(info.context.caller, organization_id, wanted)
    return CreateWebhookSuccess(webhook=row, secret=secret)


@strawberry.input(
    description="The webhook, and what to change; what is left out stays as it is. Even without a change it is the "
    "viewer's afterwards, and no longer paused."
)
class UpdateWebhookInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The new name.")
    url: str | None = strawberry.field(default=strawberry.UNSET, description=_URL)
    event_types: list[WebhookEventType] | None = strawberry.field(default=strawberry.UNSET, description=_TYPES)
    selection: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"{_SELECTION} Null for the default selection."
    )
    is_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET, description="False to be told nothing for the time being."
    )


@strawberry.type(description="The webhook is changed. Deliveries that wait go by it, too.")
class UpdateWebhookSuccess:
    """The outcome."""

    webhook: WebhookRow = strawberry.field(graphql_type=Webhook, description="The webhook as it is now.")


UpdateWebhookResult = Annotated[
    UpdateWebhookSuccess | InvalidInput | NotFound,
    strawberry.union("UpdateWebhookResult", description="The result of `updateWebhook`."),
]


@mutation(
    UpdateWebhookResult,
    metadata=SIGNED_IN,
    description="Change, switch off or resume a webhook. For the organization's admins.",
)
async def update_webhook(
    info: Info, input: Annotated[UpdateWebhookInput, strawberry.argument(description="The webhook, and the changes.")]
) -> UpdateWebhookSuccess:
    """Resolve the field."""
    given: dict[str, Any] = {
        "name": input.name,
        "url": input.url,
        "event_types": tuple[EventType, ...](input.event_types) if input.event_types else input.event_types,
        "is_enabled": input.is_enabled,
    }
    changes = {name: value for name, value in given.items() if value is not None and value is not strawberry.UNSET}
    if input.selection is not strawberry.UNSET:
        changes["selection"] = _checked(info, input.selection)
    row = await webhooks.update(info.context.caller, uuid_of(input.id, "Webhook"), changes)
    return UpdateWebhookSuccess(webhook=row)


@strawberry.input(description="The webhook to delete.")
class DeleteWebhookInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.type(description="The webhook is gone, with its deliveries: nothing more is sent to it.")
class DeleteWebhookSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


DeleteWebhookResult = Annotated[
    DeleteWebhookSuccess | NotFound,
    strawberry.union("DeleteWebhookResult", description="The result of `deleteWebhook`."),
]


@mutation(
    DeleteWebhookResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Delete a webhook with its deliveries. For the organization's admins.",
)
async def delete_webhook(
    info: Info, input: Annotated[DeleteWebhookInput, strawberry.argument(description="The webhook to delete.")]
) -> DeleteWebhookSuccess:
    """Resolve the field."""
    deleted = await webhooks.delete(info.context.caller, uuid_of(input.id, "Webhook"))
    return DeleteWebhookSuccess(deleted_id=strawberry.ID(encode_node_id("Webhook", deleted.bytes)))


@strawberry.input(description="The webhook that is to get another secret.")
class RotateWebhookSecretInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.type(description="Messages are signed by the new secret, and for 24 hours by the one before it, too.")
class RotateWebhookSecretSuccess:
    """The outcome."""

    webhook: WebhookRow = strawberry.field(graphql_type=Webhook, description="The webhook.")
    secret: str = strawberry.field(description=_SECRET)


RotateWebhookSecretResult = Annotated[
    RotateWebhookSecretSuccess | NotFound,
    strawberry.union("RotateWebhookSecretResult", description="The result of `rotateWebhookSecret`."),
]


@mutation(
    RotateWebhookSecretResult,
    metadata=SIGNED_IN,
    description="Give a webhook another secret. For the organization's admins.",
)
async def rotate_webhook_secret(
    info: Info, input: Annotated[RotateWebhookSecretInput, strawberry.argument(description="The webhook.")]
) -> RotateWebhookSecretSuccess:
    """Resolve the field."""
    row, secret = await webhooks.rotate_secret(info.context.caller, uuid_of(input.id, "Webhook"))
    return RotateWebhookSecretSuccess(webhook=row, secret=secret)


@strawberry.input(description="The webhook to test.")
class TestWebhookInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.type(description="A test event is sent to the webhook.")
class TestWebhookSuccess:
    """The outcome."""

    delivery: WebhookDeliveryRow = strawberry.field(graphql_type=WebhookDelivery, description=_AFTERWARDS)


TestWebhookResult = Annotated[
    TestWebhookSuccess | InvalidInput | NotFound,
    strawberry.union("TestWebhookResult", description="The result of `testWebhook`."),
]


@mutation(
    TestWebhookResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Send a test event to a webhook. For the organization's admins.",
)
async def test_webhook(
    info: Info, input: Annotated[TestWebhookInput, strawberry.argument(description="The webhook to test.")]
) -> TestWebhookSuccess:
    """Resolve the field."""
    return TestWebhookSuccess(delivery=await webhooks.test(info.context.caller, uuid_of(input.id, "Webhook")))


@strawberry.input(description="The delivery to try again.")
class RedeliverInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The delivery, whatever became of it.")


@strawberry.type(description="The delivery is tried again, for 24 hours, with the same `webhook-id`.")
class RedeliverSuccess:
    """The outcome."""

    delivery: WebhookDeliveryRow = strawberry.field(graphql_type=WebhookDelivery, description=_AFTERWARDS)


RedeliverResult = Annotated[
    RedeliverSuccess | InvalidInput | NotFound,
    strawberry.union("RedeliverResult", description="The result of `redeliver`."),
]


@mutation(
    RedeliverResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Try a delivery to a webhook again. For the organization's admins.",
)
async def redeliver(
    info: Info, input: Annotated[RedeliverInput, strawberry.argument(description="The delivery to try again.")]
) -> RedeliverSuccess:
    """Resolve the field."""
    delivery = await webhooks.redeliver(info.context.caller, uuid_of(input.id, "WebhookDelivery"))
    return RedeliverSuccess(delivery=delivery)


def _checked(info: Info, selection: str | None) -> str | None:
    return None if selection is None else checked_selection(selection, info.context.policy.documents)
