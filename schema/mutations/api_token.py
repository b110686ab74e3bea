"""API tokens: make a service account or a personal access token, revoke either."""

from datetime import datetime
from typing import Annotated

import strawberry

from core.ids import uuid_of
from db.queries.api_tokens import ApiTokenRow
from execution.context import Info
from execution.declarations import SIGNED_IN
from resolvers import api_tokens
from resolvers.api_tokens import TokenRequest
from schema.api_token import PersonalAccessToken, ServiceAccount
from schema.enums import TokenScope
from schema.errors import InvalidInput, NotFound, TooManyTokens
from schema.mutations.field import mutation

_NAME = "A name that tells what the token is for: 1 to 255 characters."
_SCOPES = "The parts of its owner's rights that the token has, at least one."
_EXPIRES = "The time at which the token ends, at most 400 days from now; 90 days from now if left out."
_TOKEN = "The token, to be sent as `Authorization: Bearer …`. It is shown this once."  # noqa: S105 - a description


@strawberry.input(description="The service account to make.")
class CreateServiceAccountInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")
    name: str = strawberry.field(description=_NAME)
    scopes: list[TokenScope] = strawberry.field(description=_SCOPES)
    expires_at: datetime | None = strawberry.field(default=None, description=_EXPIRES)


@strawberry.type(description="The service account exists, and its token is accepted.")
class CreateServiceAccountSuccess:
    """The service account and its token."""

    token: str = strawberry.field(description=_TOKEN)
    service_account: ApiTokenRow = strawberry.field(graphql_type=ServiceAccount, description="The service account.")


CreateServiceAccountResult = Annotated[
    CreateServiceAccountSuccess | NotFound | InvalidInput | TooManyTokens,
    strawberry.union("CreateServiceAccountResult", description="The result of `createServiceAccount`."),
]


@mutation(
    CreateServiceAccountResult,
    metadata=SIGNED_IN,
    description="Make a service account of an organization, with an API token. For the organization's admins.",
)
async def create_service_account(
    info: Info,
    input: Annotated[CreateServiceAccountInput, strawberry.argument(description="The service account to make.")],
) -> CreateServiceAccountSuccess:
    """Resolve the field."""
    request = TokenRequest(input.name, input.scopes, input.expires_at)
    organization_id = uuid_of(input.organization_id, "Organization")
    issued = await api_tokens.create_service_account(info.context.caller, organization_id, request)
    return CreateServiceAccountSuccess(token=issued.text, service_account=issued.row)


@strawberry.input(description="The token to make.")
class CreatePersonalAccessTokenInput:
    """The arguments."""

    name: str = strawberry.field(description=_NAME)
    scopes: list[TokenScope] = strawberry.field(description=_SCOPES)
    expires_at: datetime | None = strawberry.field(default=None, description=_EXPIRES)


@strawberry.type(description="The token is accepted from now on.")
class CreatePersonalAccessTokenSuccess:
    """The token."""

    token: str = strawberry.field(description=_TOKEN)
    personal_access_token: ApiTokenRow = strawberry.field(
        graphql_type=PersonalAccessToken, description="The token as it is listed."
    )


CreatePersonalAccessTokenResult = Annotated[
    CreatePersonalAccessTokenSuccess | InvalidInput | TooManyTokens,
    strawberry.union("CreatePersonalAccessTokenResult", description="The result of `createPersonalAccessToken`."),
]


@mutation(
    CreatePersonalAccessTokenResult,
    metadata=SIGNED_IN,
    description="Make an API token that has the viewer's own rights, within its scopes.",
)
async def create_personal_access_token(
    info: Info,
    input: Annotated[CreatePersonalAccessTokenInput, strawberry.argument(description="The token to make.")],
) -> CreatePersonalAccessTokenSuccess:
    """Resolve the field."""
    request = TokenRequest(input.name, input.scopes, input.expires_at)
    issued = await api_tokens.create_personal(info.context.caller, request)
    return CreatePersonalAccessTokenSuccess(token=issued.text, personal_access_token=issued.row)


@strawberry.input(description="The token to revoke.")
class RevokeTokenInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The `id` of a service account or personal access token.")


@strawberry.type(description="The token is gone: no request that presents it is answered from now on.")
class RevokeTokenSuccess:
    """The token that was revoked."""

    id: strawberry.ID = strawberry.field(description="The id, as it was given.")


RevokeTokenResult = Annotated[
    RevokeTokenSuccess | NotFound, strawberry.union("RevokeTokenResult", description="The result of `revokeToken`.")
]


@mutation(
    RevokeTokenResult,
    metadata=SIGNED_IN,
    description="Delete a service account, or a personal access token of one's own; the token is refused at once.",
)
async def revoke_token(
    info: Info, input: Annotated[RevokeTokenInput, strawberry.argument(description="The token to revoke.")]
) -> RevokeTokenSuccess:
    """Resolve the field."""
    token_id = uuid_of(input.id, "ServiceAccount") or uuid_of(input.id, "PersonalAccessToken")
    await api_tokens.revoke(info.context.caller, token_id)
    return RevokeTokenSuccess(id=input.id)
