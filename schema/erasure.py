"""Erasures."""

from datetime import datetime

import strawberry

from core.ids import encode_node_id
from db.queries.erasures import MOST_COUNTED, PEOPLE_COUNTED, ErasureRow
from execution.context import Info
from resolvers import erasures
from schema.enums import ErasureStatus
from schema.scalars import BigInt


@strawberry.type(
    description="The deletion of everything held on an extension user, or on all of an organization that was deleted. "
    "They are gone for everybody as soon as it begins; what is left of them is deleted in the background."
)
class Erasure:
    """Shows an ErasureRow."""

    @strawberry.field(description="The opaque and stable id, for `erasure`.")
    def id(root: strawberry.Parent[ErasureRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("Erasure", root.id.bytes))

    @strawberry.field(description="The id that the organization has, or had.")
    def organization_id(root: strawberry.Parent[ErasureRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("Organization", root.organization_id.bytes))

    @strawberry.field(description="The id that the extension user had; null for that of a whole organization.")
    def extension_user_id(root: strawberry.Parent[ErasureRow]) -> strawberry.ID | None:
        if root.extension_user_id is None:
            return None
        return strawberry.ID(encode_node_id("ExtensionUser", root.extension_user_id.bytes))

    status: ErasureStatus = strawberry.field(
        description="The state of the erasure: running while something may be left."
    )
    begun_at: datetime = strawberry.field(description="The time of its beginning.")
    finished_at: datetime | None = strawberry.field(description="The time from which nothing was left; null before.")

    @strawberry.field(description="The number of events it has deleted so far.")
    def removed(root: strawberry.Parent[ErasureRow]) -> BigInt:
        return BigInt(root.behaviors)

    @strawberry.field(
        description=f"The number of events that are left, counted up to {MOST_COUNTED:,}; of an organization, those "
        f"of the next "
        f"{PEOPLE_COUNTED:,} people. With 0 events left it may still be deleting what was made from them."
    )
    async def left(root: strawberry.Parent[ErasureRow], info: Info) -> BigInt:
        return BigInt(await erasures.events_left(info.context.caller, root))
