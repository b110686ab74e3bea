"""createExtensionUser: make an extension user with an API key. For admins of the organization."""

from typing import Annotated

import strawberry

from core.ids import uuid_of
from db.queries.extension_user import ExtensionUserRow
from resolvers import extension_user as extension_users
from schema.context import Info
from schema.errors import InvalidInput, NameTaken, NotFound
from schema.extension_user import ExtensionUser


@strawberry.input(description="The extension user to make.")
class CreateExtensionUserInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="Which organization they belong to, for good.")
    username: str = strawberry.field(description="Their name, unique in the organization whatever the case.")


@strawberry.type(description="The extension user is made.")
class CreateExtensionUserSuccess:
    """The outcome."""

    extension_user: ExtensionUserRow = strawberry.field(graphql_type=ExtensionUser, description="The extension user.")
    api_key: str = strawberry.field(description="Their API key. Shown this once: only a hash of it is kept.")


CreateExtensionUserResult = Annotated[
    CreateExtensionUserSuccess | InvalidInput | NameTaken | NotFound,
    strawberry.union("CreateExtensionUserResult", description="What `createExtensionUser` answers."),
]


async def create_extension_user(
    info: Info,
    input: Annotated[CreateExtensionUserInput, strawberry.argument(description="The extension user to make.")],
) -> CreateExtensionUserSuccess:
    """Resolve the field."""
    organization_id = uuid_of(input.organization_id, "Organization")
    person, key = await extension_users.create(info.context.caller, organization_id, input.username)
    return CreateExtensionUserSuccess(extension_user=person, api_key=key.text)
