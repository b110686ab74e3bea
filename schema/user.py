"""Accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from db.queries.api_tokens import ApiTokenRow
from db.queries.memberships import MembershipRow
from db.queries.sign_ins import SignInRow
from db.queries.users import UserRow
from execution.context import Info
from resolvers import api_tokens, email_changes, memberships, viewer_sign_ins
from resolvers.email_changes import AccountEmail as AccountEmailRow
from schema.account_email import AccountEmail
from schema.api_token import PersonalAccessToken
from schema.node import Node
from schema.sign_in import SignIn

if TYPE_CHECKING:
    from schema.membership import Membership


@strawberry.type(description="An account, which signs in to ask questions.")
class User(Node):
    """Shows a UserRow."""

    @classmethod
    def is_type_of(cls, value: object, _info: Any) -> bool:
        return isinstance(value, UserRow)

    @strawberry.field(description="The plain id.")
    def uuid(root: strawberry.Parent[UserRow]) -> UUID:
        return root.id

    username: str = strawberry.field(description="The name they sign in with; unique in any case and form.")
    is_super_admin: bool = strawberry.field(description="True if they may see and manage everything.")
    created_at: datetime = strawberry.field(description="The time at which the account was created.")
    updated_at: datetime = strawberry.field(description="The time of the account's last change.")

    @strawberry.field(
        graphql_type=list[Annotated["Membership", strawberry.lazy("schema.membership")]],
        description="The organizations they belong to, as far as the viewer may read those.",
    )
    async def memberships(root: strawberry.Parent[UserRow], info: Info) -> list[MembershipRow]:
        return await memberships.of_user(info.context.caller, root.id)

    @strawberry.field(
        graphql_type=list[SignIn] | None,
        description="Their sign-ins that have not ended, those used last first: at most 100. Null for every account "
        "but the viewer's own.",
    )
    async def sign_ins(root: strawberry.Parent[UserRow], info: Info) -> Sequence[SignInRow] | None:
        return await viewer_sign_ins.latest_used(info.context.caller, root.id)

    @strawberry.field(
        graphql_type=AccountEmail | None,
        description="Their mail address, changed by `changeEmail`. Null for every account but the viewer's own.",
    )
    async def email(root: strawberry.Parent[UserRow], info: Info) -> AccountEmailRow | None:
        return await email_changes.own(info.context.caller, root.id)

    @strawberry.field(
        graphql_type=list[PersonalAccessToken] | None,
        description="Their API tokens, the newest first: at most 50. Null for every account but the viewer's own.",
    )
    async def personal_access_tokens(root: strawberry.Parent[UserRow], info: Info) -> Sequence[ApiTokenRow] | None:
        return await api_tokens.own(info.context.caller, root.id)
