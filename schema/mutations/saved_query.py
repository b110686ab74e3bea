"""Saved queries: save, update, delete."""

from typing import Annotated

import orjson
import strawberry
from strawberry.scalars import JSON

from core.errors import InvalidInput as InvalidInputError
from core.ids import encode_node_id, uuid_of
from core.limits import SAVED_VARIABLES_BYTES
from core.names import checked_name
from core.token_scopes import TokenScope
from db.queries.saved_queries import NewSavedQuery, SavedQueryRow
from execution.context import Info
from execution.declarations import SIGNED_IN, priced
from execution.documents.prices import saved_document_points
from execution.token_scopes import for_tokens
from resolvers import saved_queries
from schema.errors import InvalidInput, NameTaken, NotFound, TooManySavedQueries
from schema.mutations.field import mutation
from schema.saved_query import SavedQuery, problem_of

_NAME = "The name, unique in the organization, in any case and form."
_DOCUMENT = (
    "The GraphQL document: one query, perhaps with fragments. Where only trusted documents are answered, one of them."
)
_VARIABLES = "The variables that hold unless a request gives others: an object. Required ones may be missing."


@strawberry.input(description="The query to save.")
class SaveQueryInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization it belongs to, for good.")
    name: str = strawberry.field(description=_NAME)
    document: str = strawberry.field(description=_DOCUMENT)
    variables: JSON | None = strawberry.field(default=None, description=_VARIABLES)


@strawberry.type(description="The query is saved.")
class SaveQuerySuccess:
    """The outcome."""

    saved_query: SavedQueryRow = strawberry.field(graphql_type=SavedQuery, description="The saved query.")


SaveQueryResult = Annotated[
    SaveQuerySuccess | InvalidInput | NameTaken | NotFound | TooManySavedQueries,
    strawberry.union("SaveQueryResult", description="The result of `saveQuery`."),
]


@mutation(
    SaveQueryResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN) | priced(by_input=saved_document_points),
    description="Save a query for the organization. For its admins.",
)
async def save_query(
    info: Info, input: Annotated[SaveQueryInput, strawberry.argument(description="The query to save.")]
) -> SaveQuerySuccess:
    """Resolve the field."""
    caller = info.context.caller
    organization_id = caller.viewer.require_management_of(uuid_of(input.organization_id, "Organization"))
    variables = _written(input.variables if input.variables is not None else {})
    new = await _checked(info, NewSavedQuery(input.name, input.document, variables))
    return SaveQuerySuccess(saved_query=await saved_queries.create(caller, organization_id, new))


@strawberry.input(description="The saved query, and its changes. What is left out stays as it is.")
class UpdateSavedQueryInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The saved query.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description=_NAME)
    document: str | None = strawberry.field(default=strawberry.UNSET, description=_DOCUMENT)
    variables: JSON | None = strawberry.field(default=strawberry.UNSET, description=_VARIABLES)


@strawberry.type(description="The saved query is changed.")
class UpdateSavedQuerySuccess:
    """The outcome."""

    saved_query: SavedQueryRow = strawberry.field(graphql_type=SavedQuery, description="The saved query as it is now.")


UpdateSavedQueryResult = Annotated[
    UpdateSavedQuerySuccess | InvalidInput | NameTaken | NotFound,
    strawberry.union("UpdateSavedQueryResult", description="The result of `updateSavedQuery`."),
]


@mutation(
    UpdateSavedQueryResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN) | priced(by_input=saved_document_points),
    description="Change a saved query. For the organization's admins.",
)
async def update_saved_query(
    info: Info,
    input: Annotated[UpdateSavedQueryInput, strawberry.argument(description="The saved query, and its changes.")],
) -> UpdateSavedQuerySuccess:
    """Resolve the field."""
    caller = info.context.caller
    row = await saved_queries.managed(caller, uuid_of(input.id, "SavedQuery"))
    variables = input.variables
    new = NewSavedQuery(
        _given(input.name, row.name),
        _given(input.document, row.document),
        row.variables_json if variables is None or variables is strawberry.UNSET else _written(variables),
    )
    return UpdateSavedQuerySuccess(saved_query=await saved_queries.update(caller, row, await _checked(info, new)))


@strawberry.input(description="The saved query to delete.")
class DeleteSavedQueryInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The saved query.")


@strawberry.type(description="The saved query is gone.")
class DeleteSavedQuerySuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


DeleteSavedQueryResult = Annotated[
    DeleteSavedQuerySuccess | NotFound,
    strawberry.union("DeleteSavedQueryResult", description="The result of `deleteSavedQuery`."),
]


@mutation(
    DeleteSavedQueryResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Delete a saved query. For the organization's admins.",
)
async def delete_saved_query(
    info: Info,
    input: Annotated[DeleteSavedQueryInput, strawberry.argument(description="The saved query to delete.")],
) -> DeleteSavedQuerySuccess:
    """Resolve the field."""
    deleted = await saved_queries.delete(info.context.caller, uuid_of(input.id, "SavedQuery"))
    return DeleteSavedQuerySuccess(deleted_id=strawberry.ID(encode_node_id("SavedQuery", deleted.bytes)))


async def _checked(info: Info, new: NewSavedQuery) -> NewSavedQuery:
    """Return what is to be saved, if it would be run. InvalidInput."""
    name = checked_name("name", new.name)
    if "\0" in new.document:
        raise InvalidInputError("`document` must not hold a NUL character.", "document")
    problem = await problem_of(info, new.document, new.variables_json)
    if problem is not None:
        raise InvalidInputError(problem.message, problem.part)
    return NewSavedQuery(name, new.document, new.variables_json)


def _written(variables: object) -> str:
    """Variables as JSON. InvalidInput for what is no object, or too long."""
    if not isinstance(variables, dict):
        raise InvalidInputError("`variables` is an object: a value for each variable, by its name.", "variables")
    try:
        written = orjson.dumps(variables)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise InvalidInputError("`variables` holds a number that is too large.", "variables") from error
    if len(written) > SAVED_VARIABLES_BYTES:
        raise InvalidInputError(f"`variables` has at most {SAVED_VARIABLES_BYTES} bytes as JSON.", "variables")
    return written.decode()


def _given(value: str | None, before: str) -> str:
    return before if value is None or value is strawberry.UNSET else value
