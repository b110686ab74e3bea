"""Service accounts and personal access tokens."""

from datetime import datetime
from uuid import UUID

import strawberry

from core.ids import encode_node_id
from db.queries.api_tokens import ApiTokenRow
from schema.enums import TokenScope

_ID = "Opaque and stable; `revokeToken` takes it."
_PREFIX = "The first characters of the token, to tell it from others."
_EXPIRES = "The time from which on the token is refused."
_LAST_USED = "The last time that a request presented the token, to the minute; null for never."


@strawberry.type(
    description="A program's access to one organization, by an API token that does not belong to a person. It has the "
    "rights of an admin within its scopes, and ends with the organization."
)
class ServiceAccount:
    """Shows an ApiTokenRow of an organization."""

    @strawberry.field(description=_ID)
    def id(root: strawberry.Parent[ApiTokenRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("ServiceAccount", root.id.bytes))

    @strawberry.field(description="The plain id: the `actorId` of what it does in the audit log.")
    def uuid(root: strawberry.Parent[ApiTokenRow]) -> UUID:
        return root.id

    name: str = strawberry.field(description="The name; need not be unique.")
    scopes: list[TokenScope] = strawberry.field(description="The scopes of its token.")
    token_prefix: str = strawberry.field(description=_PREFIX)
    created_by: UUID = strawberry.field(description="The plain id of the admin who made it.")
    created_at: datetime = strawberry.field(description="The time at which it was made.")
    expires_at: datetime = strawberry.field(description=_EXPIRES)
    last_used_at: datetime | None = strawberry.field(description=_LAST_USED)


@strawberry.type(
    description="An API token of a user's own: within its scopes it has the rights that the user has at the moment."
)
class PersonalAccessToken:
    """Shows an ApiTokenRow of a user."""

    @strawberry.field(description=_ID)
    def id(root: strawberry.Parent[ApiTokenRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("PersonalAccessToken", root.id.bytes))

    @strawberry.field(description="The plain id: the `tokenId` of what is done with it in the audit log.")
    def uuid(root: strawberry.Parent[ApiTokenRow]) -> UUID:
        return root.id

    name: str = strawberry.field(description="The name; need not be unique.")
    scopes: list[TokenScope] = strawberry.field(description="The scopes.")
    token_prefix: str = strawberry.field(description=_PREFIX)
    created_at: datetime = strawberry.field(description="The time at which it was made.")
    expires_at: datetime = strawberry.field(description=_EXPIRES)
    last_used_at: datetime | None = strawberry.field(description=_LAST_USED)
