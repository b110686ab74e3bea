"""Annotations: create, update, delete."""

from datetime import date
from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from core.limits import ANNOTATION_CHARACTERS, ANNOTATION_DAYS
from core.token_scopes import TokenScope
from db.queries.annotations import AnnotationRow
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import annotations
from schema.annotation import Annotation
from schema.errors import InvalidInput, NotFound, TooManyAnnotations
from schema.mutations.field import mutation

_TEXT = f"The note: plain text of at most {ANNOTATION_CHARACTERS} characters, perhaps of several lines."


@strawberry.input(description="The annotation to make.")
class CreateAnnotationInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization it belongs to, for good.")
    first_day: date = strawberry.field(description="The first day it is about.")
    last_day: date | None = strawberry.field(
        default=None,
        description=f"The last day it is about; without it the first one. At most {ANNOTATION_DAYS} days in all.",
    )
    text: str = strawberry.field(description=_TEXT)


@strawberry.type(description="The annotation is made.")
class CreateAnnotationSuccess:
    """The outcome."""

    annotation: AnnotationRow = strawberry.field(graphql_type=Annotation, description="The annotation.")


CreateAnnotationResult = Annotated[
    CreateAnnotationSuccess | InvalidInput | NotFound | TooManyAnnotations,
    strawberry.union("CreateAnnotationResult", description="The result of `createAnnotation`."),
]


@mutation(
    CreateAnnotationResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Make a note on days of an organization. For its admins.",
)
async def create_annotation(
    info: Info, input: Annotated[CreateAnnotationInput, strawberry.argument(description="The annotation to make.")]
) -> CreateAnnotationSuccess:
    """Resolve the field."""
    organization_id = uuid_of(input.organization_id, "Organization")
    row = await annotations.create(info.context.caller, organization_id, input.first_day, input.last_day, input.text)
    return CreateAnnotationSuccess(annotation=row)


@strawberry.input(description="The annotation, and its changes. What is left out stays as it is.")
class UpdateAnnotationInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The annotation.")
    first_day: date | None = strawberry.field(default=strawberry.UNSET, description="The first day it is about.")
    last_day: date | None = strawberry.field(default=strawberry.UNSET, description="The last day it is about.")
    text: str | None = strawberry.field(default=strawberry.UNSET, description=_TEXT)


@strawberry.type(description="The annotation is changed.")
class UpdateAnnotationSuccess:
    """The outcome."""

    annotation: AnnotationRow = strawberry.field(graphql_type=Annotation, description="The annotation as it is now.")


UpdateAnnotationResult = Annotated[
    UpdateAnnotationSuccess | InvalidInput | NotFound,
    strawberry.union("UpdateAnnotationResult", description="The result of `updateAnnotation`."),
]


@mutation(
    UpdateAnnotationResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Change an annotation. For the organization's admins.",
)
async def update_annotation(
    info: Info,
    input: Annotated[UpdateAnnotationInput, strawberry.argument(description="The annotation, and its changes.")],
) -> UpdateAnnotationSuccess:
    """Resolve the field."""
    given = {"first_day": input.first_day, "last_day": input.last_day, "text": input.text}
    changes = {name: value for name, value in given.items() if value is not None and value is not strawberry.UNSET}
    row = await annotations.update(info.context.caller, uuid_of(input.id, "Annotation"), changes)
    return UpdateAnnotationSuccess(annotation=row)


@strawberry.input(description="The annotation to delete.")
class DeleteAnnotationInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The annotation.")


@strawberry.type(description="The annotation is gone.")
class DeleteAnnotationSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


DeleteAnnotationResult = Annotated[
    DeleteAnnotationSuccess | NotFound,
    strawberry.union("DeleteAnnotationResult", description="The result of `deleteAnnotation`."),
]


@mutation(
    DeleteAnnotationResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Delete an annotation. For the organization's admins.",
)
async def delete_annotation(
    info: Info, input: Annotated[DeleteAnnotationInput, strawberry.argument(description="The annotation to delete.")]
) -> DeleteAnnotationSuccess:
    """Resolve the field."""
    deleted = await annotations.delete(info.context.caller, uuid_of(input.id, "Annotation"))
    return DeleteAnnotationSuccess(deleted_id=strawberry.ID(encode_node_id("Annotation", deleted.bytes)))
