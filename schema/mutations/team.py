"""Teams: create, rename, delete; add and remove people."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from core.token_scopes import TokenScope
from db.queries.teams import TeamRow
from execution.context import Info
from execution.declarations import SIGNED_IN, priced
from execution.documents.prices import team_people_points
from execution.token_scopes import for_tokens
from resolvers import teams
from schema.errors import InvalidInput, NameTaken, NotFound, TooManyTeams
from schema.mutations.field import mutation
from schema.team import Team


@strawberry.input(description="The team to make.")
class CreateTeamInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization it belongs to, for good.")
    name: str = strawberry.field(description="The name, unique in the organization, in any case and form.")


@strawberry.type(description="The team is made. Nobody is in it yet.")
class CreateTeamSuccess:
    """The outcome."""

    team: TeamRow = strawberry.field(graphql_type=Team, description="The team.")


CreateTeamResult = Annotated[
    CreateTeamSuccess | InvalidInput | NameTaken | NotFound | TooManyTeams,
    strawberry.union("CreateTeamResult", description="The result of `createTeam`."),
]


@mutation(
    CreateTeamResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Make a team. For the organization's admins.",
)
async def create_team(
    info: Info, input: Annotated[CreateTeamInput, strawberry.argument(description="The team to make.")]
) -> CreateTeamSuccess:
    """Resolve the field."""
    organization_id = uuid_of(input.organization_id, "Organization")
    return CreateTeamSuccess(team=await teams.create(info.context.caller, organization_id, input.name))


@strawberry.input(description="The team, and its new name.")
class RenameTeamInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The team.")
    name: str = strawberry.field(description="The new name, unique in the organization, in any case and form.")


@strawberry.type(description="The team has the name.")
class RenameTeamSuccess:
    """The outcome."""

    team: TeamRow = strawberry.field(graphql_type=Team, description="The team as it is now.")


RenameTeamResult = Annotated[
    RenameTeamSuccess | InvalidInput | NameTaken | NotFound,
    strawberry.union("RenameTeamResult", description="The result of `renameTeam`."),
]


@mutation(
    RenameTeamResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Give a team another name. For the organization's admins.",
)
async def rename_team(
    info: Info, input: Annotated[RenameTeamInput, strawberry.argument(description="The team, and its new name.")]
) -> RenameTeamSuccess:
    """Resolve the field."""
    return RenameTeamSuccess(team=await teams.rename(info.context.caller, uuid_of(input.id, "Team"), input.name))


@strawberry.input(description="The team to delete.")
class DeleteTeamInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The team.")


@strawberry.type(description="The team is gone. Its people, and all their events, stay.")
class DeleteTeamSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


DeleteTeamResult = Annotated[
    DeleteTeamSuccess | NotFound, strawberry.union("DeleteTeamResult", description="The result of `deleteTeam`.")
]


@mutation(
    DeleteTeamResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Delete a team; its people stay. For the organization's admins.",
)
async def delete_team(
    info: Info, input: Annotated[DeleteTeamInput, strawberry.argument(description="The team to delete.")]
) -> DeleteTeamSuccess:
    """Resolve the field."""
    deleted = await teams.delete(info.context.caller, uuid_of(input.id, "Team"))
    return DeleteTeamSuccess(deleted_id=strawberry.ID(encode_node_id("Team", deleted.bytes)))


@strawberry.input(description="The team, and the people to put into it.")
class AddTeamPeopleInput:
    """The arguments."""

    team_id: strawberry.ID = strawberry.field(description="The team.")
    extension_user_ids: list[strawberry.ID] = strawberry.field(
        description="The extension users, of the team's organization: 1 to 250."
    )


@strawberry.type(description="All of these people are in the team.")
class AddTeamPeopleSuccess:
    """The outcome."""

    team: TeamRow = strawberry.field(graphql_type=Team, description="The team.")
    added: int = strawberry.field(description="The number of those who were not in it before.")


AddTeamPeopleResult = Annotated[
    AddTeamPeopleSuccess | InvalidInput | NotFound,
    strawberry.union("AddTeamPeopleResult", description="The result of `addTeamPeople`."),
]


@mutation(
    AddTeamPeopleResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN) | priced(by_input=team_people_points),
    description="Put people into a team: all of them, or none. For the organization's admins.",
)
async def add_team_people(
    info: Info,
    input: Annotated[AddTeamPeopleInput, strawberry.argument(description="The team, and the people to put into it.")],
) -> AddTeamPeopleSuccess:
    """Resolve the field."""
    ids = [uuid_of(text, "ExtensionUser") for text in input.extension_user_ids]
    team, added = await teams.add_people(info.context.caller, uuid_of(input.team_id, "Team"), ids)
    return AddTeamPeopleSuccess(team=team, added=added)


@strawberry.input(description="The team, and the people to take out of it.")
class RemoveTeamPeopleInput:
    """The arguments."""

    team_id: strawberry.ID = strawberry.field(description="The team.")
    extension_user_ids: list[strawberry.ID] = strawberry.field(description="The extension users: 1 to 250.")


@strawberry.type(description="None of these people is in the team.")
class RemoveTeamPeopleSuccess:
    """The outcome."""

    team: TeamRow = strawberry.field(graphql_type=Team, description="The team.")
    removed: int = strawberry.field(description="The number of those who were in it before.")


RemoveTeamPeopleResult = Annotated[
    RemoveTeamPeopleSuccess | InvalidInput | NotFound,
    strawberry.union("RemoveTeamPeopleResult", description="The result of `removeTeamPeople`."),
]


@mutation(
    RemoveTeamPeopleResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN) | priced(by_input=team_people_points),
    description="Take people out of a team. For the organization's admins.",
)
async def remove_team_people(
    info: Info,
    input: Annotated[
        RemoveTeamPeopleInput, strawberry.argument(description="The team, and the people to take out of it.")
    ],
) -> RemoveTeamPeopleSuccess:
    """Resolve the field."""
    ids = [uuid_of(text, "ExtensionUser") for text in input.extension_user_ids]
    team, removed = await teams.remove_people(info.context.caller, uuid_of(input.team_id, "Team"), ids)
    return RemoveTeamPeopleSuccess(team=team, removed=removed)
