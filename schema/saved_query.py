"""Saved queries."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from core.ids import encode_node_id
from db.queries.organizations import OrganizationRow
from db.queries.saved_queries import SavedQueryRow
from execution.context import Info
from execution.documents.saved import PREFIX, Problem
from resolvers import organizations

if TYPE_CHECKING:
    from schema.organization import Organization


@strawberry.type(
    description="A query that an organization has saved. Its members run it by its `documentId`, each with their own "
    "rights."
)
class SavedQuery:
    """Shows a SavedQueryRow."""

    @strawberry.field(description="Opaque and stable: what `updateSavedQuery` and `deleteSavedQuery` take.")
    def id(root: strawberry.Parent[SavedQueryRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("SavedQuery", root.id.bytes))

    @strawberry.field(description="The plain id.")
    def uuid(root: strawberry.Parent[SavedQueryRow]) -> UUID:
        return root.id

    @strawberry.field(
        description="What a request sends as `documentId`, instead of a `query`, to run it. Its `variables` are those "
        "that differ from the saved ones."
    )
    def document_id(root: strawberry.Parent[SavedQueryRow]) -> str:
        return f"{PREFIX}{root.id}"

    name: str = strawberry.field(description="The name, unique in the organization, in any case and form.")
    document: str = strawberry.field(description="The GraphQL document: one query, perhaps with fragments.")

    @strawberry.field(description="The variables that hold unless a request gives others: an object.")
    def variables(root: strawberry.Parent[SavedQueryRow]) -> JSON:
        return JSON(root.variables)

    created_at: datetime = strawberry.field(description="The time at which it was saved.")
    updated_at: datetime = strawberry.field(description="The time of its last change.")

    @strawberry.field(description="True if the service, as it is now, would run it: it fits the schema and the limits.")
    async def is_valid(root: strawberry.Parent[SavedQueryRow], info: Info) -> bool:
        return await problem_of(info, root.document, root.variables_json) is None

    @strawberry.field(description="What is wrong with it; null if nothing is.")
    async def problem(root: strawberry.Parent[SavedQueryRow], info: Info) -> str | None:
        found = await problem_of(info, root.document, root.variables_json)
        return None if found is None else found.message

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")],
        description="The organization it belongs to.",
    )
    async def organization(root: strawberry.Parent[SavedQueryRow], info: Info) -> OrganizationRow | None:
        return await organizations.organization(info.context.caller, root.organization_id)


async def problem_of(info: Info, document: str, variables_json: str) -> Problem | None:
    """Return the fault of a saved query; None if it has none."""
    context: Any = info.context
    asker = str(context.caller.viewer.user_id)

    async def turn() -> None:
        await context.services.heavy_work.turn(asker)

    problem: Problem | None = await context.policy.saved.problem(document, variables_json, turn)
    return problem
