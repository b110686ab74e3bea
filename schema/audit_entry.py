"""The audit log."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from db.queries.audit_entries import AuditEntryRow
from db.queries.organizations import OrganizationRow
from db.queries.users import UserRow
from execution.context import Info
from resolvers import organizations, users
from schema.enums import AuditAction
from schema.user import User

if TYPE_CHECKING:
    from schema.organization import Organization


@strawberry.type(description="A particular of an entry of the audit log.")
class AuditDetail:
    """A name and its value."""

    name: str = strawberry.field(description="The name, such as `behaviors`: the number of events deleted.")
    value: str | None = strawberry.field(description="The number, id or word, as text; null for none.")


@strawberry.type(description="A record of an action. It names people by their ids alone, and is kept for good.")
class AuditEntry:
    """Shows an AuditEntryRow."""

    at: datetime = strawberry.field(description="The time of the action.")
    action: AuditAction = strawberry.field(description="The action.")

    @strawberry.field(
        graphql_type=User | None,
        description="The user who did it; null if the viewer may not see them, and for the command line and "
        "single sign-on.",
    )
    async def actor(root: strawberry.Parent[AuditEntryRow], info: Info) -> UserRow | None:
        return None if root.actor_id is None else await users.user(info.context.caller, root.actor_id)

    actor_id: UUID | None = strawberry.field(
        description="The plain id of the user or service account that did it; null for the command line and "
        "single sign-on."
    )
    token_id: UUID | None = strawberry.field(
        description="The plain id of the API token by which it was done; null if it was done by signing in."
    )

    @strawberry.field(
        graphql_type=Annotated["Organization", strawberry.lazy("schema.organization")] | None,
        description="The organization it was done in; null when it has been deleted, or there is none.",
    )
    async def organization(root: strawberry.Parent[AuditEntryRow], info: Info) -> OrganizationRow | None:
        if root.organization_id is None:
            return None
        return await organizations.organization(info.context.caller, root.organization_id)

    organization_id: UUID | None = strawberry.field(description="The plain id of that organization.")
    subject_id: UUID | None = strawberry.field(
        description="The plain id of the extension user or user it was done to; null for nobody in particular."
    )

    @strawberry.field(description="The particulars.")
    def details(root: strawberry.Parent[AuditEntryRow]) -> list[AuditDetail]:
        return [
            AuditDetail(name=name, value=None if value is None else str(value)) for name, value in root.details.items()
        ]
