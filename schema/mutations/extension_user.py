"""Extension users: create, update, replace the API key, delete, erase."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from core.token_scopes import TokenScope
from db.queries.erasures import ErasureRow
from db.queries.extension_users import ExtensionUserRow
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import extension_users
from schema.erasure import Erasure
from schema.errors import InvalidInput, NameTaken, NotFound, OutdatedVersion
from schema.extension_user import ExtensionUser
from schema.mutations.field import mutation
from schema.scalars import BigInt


@strawberry.input(description="The extension user to make.")
class CreateExtensionUserInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization they belong to, for good.")
    username: str = strawberry.field(description="The name, unique in the organization, in any case and form.")


@strawberry.type(description="The extension user is made.")
class CreateExtensionUserSuccess:
    """The outcome."""

    extension_user: ExtensionUserRow = strawberry.field(graphql_type=ExtensionUser, description="The extension user.")
    api_key: str = strawberry.field(description="The API key. Shown this once: only a hash of it is kept.")


CreateExtensionUserResult = Annotated[
    CreateExtensionUserSuccess | InvalidInput | NameTaken | NotFound,
    strawberry.union("CreateExtensionUserResult", description="The result of `createExtensionUser`."),
]


@mutation(
    CreateExtensionUserResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
    description="Make an extension user with an API key. For the organization's admins.",
)
async def create_extension_user(
    info: Info,
    input: Annotated[CreateExtensionUserInput, strawberry.argument(description="The extension user to make.")],
) -> CreateExtensionUserSuccess:
    """Resolve the field."""
    organization_id = uuid_of(input.organization_id, "Organization")
    person, key = await extension_users.create(info.context.caller, organization_id, input.username)
    return CreateExtensionUserSuccess(extension_user=person, api_key=key.text)


@strawberry.input(description="The extension user, and what to change. What is left out stays as it is.")
class UpdateExtensionUserInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The extension user.")
    username: str | None = strawberry.field(default=strawberry.UNSET, description="The new name.")
    is_active: bool | None = strawberry.field(
        default=strawberry.UNSET, description="True if their events are to be collected from now on."
    )


@strawberry.type(description="The extension user is changed.")
class UpdateExtensionUserSuccess:
    """The outcome."""

    extension_user: ExtensionUserRow = strawberry.field(
        graphql_type=ExtensionUser, description="The extension user as they are now."
    )


UpdateExtensionUserResult = Annotated[
    UpdateExtensionUserSuccess | InvalidInput | NameTaken | NotFound,
    strawberry.union("UpdateExtensionUserResult", description="The result of `updateExtensionUser`."),
]


@mutation(
    UpdateExtensionUserResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
    description="Rename, deactivate or reactivate an extension user. For the organization's admins.",
)
async def update_extension_user(
    info: Info,
    input: Annotated[
        UpdateExtensionUserInput, strawberry.argument(description="The extension user, and what to change.")
    ],
) -> UpdateExtensionUserSuccess:
    """Resolve the field."""
    given = {"username": input.username, "is_active": input.is_active}
    changes = {name: value for name, value in given.items() if value is not strawberry.UNSET and value is not None}
    person = await extension_users.update(info.context.caller, uuid_of(input.id, "ExtensionUser"), changes)
    return UpdateExtensionUserSuccess(extension_user=person)


@strawberry.input(description="The extension user whose key to replace.")
class RegenerateApiKeyInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The extension user.")


@strawberry.type(description="The extension user has a new key; the old one stopped working.")
class RegenerateApiKeySuccess:
    """The outcome."""

    extension_user: ExtensionUserRow = strawberry.field(graphql_type=ExtensionUser, description="The extension user.")
    api_key: str = strawberry.field(description="The new API key. Shown this once: only a hash of it is kept.")


RegenerateApiKeyResult = Annotated[
    RegenerateApiKeySuccess | NotFound | OutdatedVersion,
    strawberry.union("RegenerateApiKeyResult", description="The result of `regenerateApiKey`."),
]


@mutation(
    RegenerateApiKeyResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
    description="Give an extension user a new API key; the old one stops working at once. "
    "For the organization's admins.",
)
async def regenerate_api_key(
    info: Info,
    input: Annotated[
        RegenerateApiKeyInput, strawberry.argument(description="The extension user whose key to replace.")
    ],
) -> RegenerateApiKeySuccess:
    """Resolve the field."""
    person, key = await extension_users.regenerate_key(info.context.caller, uuid_of(input.id, "ExtensionUser"))
    return RegenerateApiKeySuccess(extension_user=person, api_key=key.text)


@strawberry.input(description="The extension user to delete, for good. To keep their history, deactivate them instead.")
class DeleteExtensionUserInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The extension user.")


@strawberry.type(
    description="The extension user is gone for everybody, and every event of theirs is deleted, or is being deleted: "
    "`erasure` tells."
)
class DeleteExtensionUserSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id they had.")
    erasure: ErasureRow = strawberry.field(graphql_type=Erasure, description="The progress of deleting their events.")


DeleteExtensionUserResult = Annotated[
    DeleteExtensionUserSuccess | NotFound,
    strawberry.union("DeleteExtensionUserResult", description="The result of `deleteExtensionUser`."),
]


@mutation(
    DeleteExtensionUserResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
    description="Delete an extension user with all their events, for good. For the organization's admins.",
    deprecation_reason="`eraseExtensionUser` does the same, and says how much it has deleted. "
    "Deprecated since 2026-11-24; will be removed no sooner than 2027-06-01.",
)
async def delete_extension_user(
    info: Info,
    input: Annotated[DeleteExtensionUserInput, strawberry.argument(description="The extension user to delete.")],
) -> DeleteExtensionUserSuccess:
    """Resolve the field."""
    erasure = await extension_users.erase(info.context.caller, uuid_of(input.id, "ExtensionUser"))
    assert erasure.extension_user_id is not None  # noqa: S101 - it is one of a person
    deleted_id = encode_node_id("ExtensionUser", erasure.extension_user_id.bytes)
    return DeleteExtensionUserSuccess(deleted_id=strawberry.ID(deleted_id), erasure=erasure)


@strawberry.input(description="The extension user to erase, for good. To keep their history, deactivate them instead.")
class EraseExtensionUserInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The extension user.")


@strawberry.type(
    description="The extension user is gone for everybody, and every event of theirs is deleted, or is being deleted: "
    "`erasure` tells. The audit log keeps the id they had and how much it was."
)
class EraseExtensionUserSuccess:
    """The outcome."""

    erased_id: strawberry.ID = strawberry.field(description="The id they had.")
    behaviors: BigInt = strawberry.field(description="The number of events that have been deleted so far.")
    rejected_events: BigInt = strawberry.field(
        description="The number of refused events, kept for an operator to look at, that have been deleted so far."
    )
    erasure: ErasureRow = strawberry.field(
        graphql_type=Erasure,
        description="The progress of the erasure. Most are done by now; large ones take longer than an answer may.",
    )


EraseExtensionUserResult = Annotated[
    EraseExtensionUserSuccess | NotFound,
    strawberry.union("EraseExtensionUserResult", description="The result of `eraseExtensionUser`."),
]


@mutation(
    EraseExtensionUserResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
    description="Delete everything held on an extension user, for good: their events and what was made from them, "
    "the refused ones, their key, and the person. For the organization's admins.",
)
async def erase_extension_user(
    info: Info,
    input: Annotated[EraseExtensionUserInput, strawberry.argument(description="The extension user to erase.")],
) -> EraseExtensionUserSuccess:
    """Resolve the field."""
    erasure = await extension_users.erase(info.context.caller, uuid_of(input.id, "ExtensionUser"))
    assert erasure.extension_user_id is not None  # noqa: S101 - it is one of a person
    return EraseExtensionUserSuccess(
        erased_id=strawberry.ID(encode_node_id("ExtensionUser", erasure.extension_user_id.bytes)),
        behaviors=BigInt(erasure.behaviors),
        rejected_events=BigInt(erasure.rejected_events),
        erasure=erasure,
    )
