"""Extension users: create many at once."""

from typing import Annotated

import strawberry

from core.errors import AppError
from core.errors import InvalidInput as InvalidInputError
from core.ids import uuid_of
from core.token_scopes import TokenScope
from execution.context import Info
from execution.declarations import SIGNED_IN, priced
from execution.documents.prices import new_people_points
from execution.token_scopes import for_tokens
from resolvers import new_extension_users
from resolvers.new_extension_users import Outcome
from schema.errors import InvalidInput, NameTaken, NotFound
from schema.mutations.extension_user import CreateExtensionUserSuccess
from schema.mutations.field import mutation


@strawberry.input(description="One of the extension users to make.")
class NewExtensionUserInput:
    """A person."""

    username: str = strawberry.field(description="The name, unique in the organization in any case.")


@strawberry.input(description="The extension users to make.")
class CreateExtensionUsersInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization they belong to, for good.")
    people: list[NewExtensionUserInput] = strawberry.field(description="The extension users: 1 to 250.")


CreateExtensionUserReceipt = Annotated[
    CreateExtensionUserSuccess | InvalidInput | NameTaken,
    strawberry.union(
        "CreateExtensionUserReceipt", description="What became of one of the extension users that were to be made."
    ),
]


@strawberry.type(description="Each of the extension users is made, or has a failure of its own.")
class CreateExtensionUsersSuccess:
    """The outcome."""

    created: int = strawberry.field(description="The number of those that are made.")
    receipts: list[CreateExtensionUserReceipt] = strawberry.field(
        description="A receipt for each of `people`, in the same order. A failure costs the others nothing."
    )


CreateExtensionUsersResult = Annotated[
    CreateExtensionUsersSuccess | InvalidInput | NotFound,
    strawberry.union("CreateExtensionUsersResult", description="The result of `createExtensionUsers`."),
]


@mutation(
    CreateExtensionUsersResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE) | priced(by_input=new_people_points),
    description="Make many extension users at once, each with an API key and a receipt. For the organization's admins.",
)
async def create_extension_users(
    info: Info,
    input: Annotated[CreateExtensionUsersInput, strawberry.argument(description="The extension users to make.")],
) -> CreateExtensionUsersSuccess:
    """Resolve the field."""
    organization_id = uuid_of(input.organization_id, "Organization")
    usernames = [person.username for person in input.people]
    outcomes = await new_extension_users.create_each(info.context.caller, organization_id, usernames)
    created = sum(not isinstance(outcome, AppError) for outcome in outcomes)
    return CreateExtensionUsersSuccess(created=created, receipts=[_receipt(outcome) for outcome in outcomes])


def _receipt(outcome: Outcome) -> CreateExtensionUserSuccess | InvalidInput | NameTaken:
    if isinstance(outcome, InvalidInputError):
        return InvalidInput(message=outcome.message, field=outcome.field)
    if isinstance(outcome, AppError):
        return NameTaken(message=outcome.message)
    person, key = outcome
    return CreateExtensionUserSuccess(extension_user=person, api_key=key.text)
