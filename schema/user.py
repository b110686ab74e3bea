"""Accounts."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from db.queries.membership import MembershipRow
from db.queries.user import UserRow
from resolvers import membership as memberships
from schema.context import Info
from schema.node import Node

if TYPE_CHECKING:
    from schema.membership import Membership


@strawberry.type(description="Somebody who signs in to ask questions.")
class User(Node):
    """Shows a UserRow."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return isinstance(value, UserRow)

    @strawberry.field(description="The plain id.")
    def uuid(root: strawberry.Parent[UserRow]) -> UUID:
        return root.id

    username: str = strawberry.field(description="The name they sign in with; unique, whatever the case.")
    is_super_admin: bool = strawberry.field(description="Whether they may see and manage everything.")
    created_at: datetime = strawberry.field(description="When the account was made.")
    updated_at: datetime = strawberry.field(description="When the account was last changed.")

    @strawberry.field(
        graphql_type=list[Annotated["Membership", strawberry.lazy("schema.membership")]],
        description="The organizations they belong to, as far as the viewer may read those.",
    )
    async def memberships(root: strawberry.Parent[UserRow], info: Info) -> list[MembershipRow]:
        return await memberships.of_user(info.context.caller, root.id)
