"""Annotations."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core.ids import encode_node_id
from db.queries.annotations import AnnotationRow
from db.queries.organizations import OrganizationRow
from execution.context import Info
from resolvers import organizations

if TYPE_CHECKING:
    from schema.organization import Organization


@strawberry.type(
    description="A note on a day or several days of an organization: a holiday, a release, an outage. Its days are "
    "dates of the calendar: beside figures they are the local days of the time zone that these are seen in."
)
class Annotation:
    """Shows an AnnotationRow."""

    @strawberry.field(description="Opaque and stable: what `updateAnnotation` and `deleteAnnotation` take.")
    def id(root: strawberry.Parent[AnnotationRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("Annotation", root.id.bytes))

    first_day: date = strawberry.field(description="The first day it is about.")
    last_day: date = strawberry.field(description="The last day it is about: the first one, if it is about one.")
    text: str = strawberry.field(description="The note: plain text, perhaps of several lines.")
    created_at: datetime = strawberry.field(description="The time at which it was made.")
    updated_at: datetime = strawberry.field(description="The time of its last change.")

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")],
        description="The organization it belongs to.",
    )
    async def organization(root: strawberry.Parent[AnnotationRow], info: Info) -> OrganizationRow | None:
        return await organizations.organization(info.context.caller, root.organization_id)
