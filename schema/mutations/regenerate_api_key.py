"""regenerateApiKey: give an extension user a new API key. For admins of the organization."""

from typing import Annotated

import strawberry

from core.ids import uuid_of
from db.queries.extension_user import ExtensionUserRow
from resolvers import extension_user as extension_users
from schema.context import Info
from schema.errors import NotFound
from schema.extension_user import ExtensionUser


@strawberry.input(description="Whose key to replace.")
class RegenerateApiKeyInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="Which extension user.")


@strawberry.type(description="The extension user has a new key; the old one stopped working.")
class RegenerateApiKeySuccess:
    """The outcome."""

    extension_user: ExtensionUserRow = strawberry.field(graphql_type=ExtensionUser, description="The extension user.")
    api_key: str = strawberry.field(description="Their new API key. Shown this once: only a hash of it is kept.")


RegenerateApiKeyResult = Annotated[
    RegenerateApiKeySuccess | NotFound,
    strawberry.union("RegenerateApiKeyResult", description="What `regenerateApiKey` answers."),
]


async def regenerate_api_key(
    info: Info,
    input: Annotated[RegenerateApiKeyInput, strawberry.argument(description="Whose key to replace.")],
) -> RegenerateApiKeySuccess:
    """Resolve the field."""
    person, key = await extension_users.regenerate_key(info.context.caller, uuid_of(input.id, "ExtensionUser"))
    return RegenerateApiKeySuccess(extension_user=person, api_key=key.text)
