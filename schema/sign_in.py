"""Sign-ins of an account."""

from datetime import datetime

import strawberry

from core.ids import encode_node_id
from db.queries.sign_ins import SignInRow
from execution.context import Info


@strawberry.type(description="A sign-in: the tokens that a client got by signing in once, and by refreshing since.")
class SignIn:
    """Shows a SignInRow."""

    @strawberry.field(description="Opaque and stable; `endSignIn` takes it.")
    def id(root: strawberry.Parent[SignInRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("SignIn", root.id.bytes))

    client: str | None = strawberry.field(
        description="The User-Agent that signed in or refreshed last, cut to 256 characters; null if none was sent."
    )
    created_at: datetime = strawberry.field(description="The time of signing in.")
    last_used_at: datetime = strawberry.field(
        description="The time of the last refresh, or of signing in: an access token may be used for an hour after it."
    )
    expires_at: datetime = strawberry.field(description="The time at which it ends unless it is refreshed before.")

    @strawberry.field(description="True for the sign-in that this request uses.")
    def current(root: strawberry.Parent[SignInRow], info: Info) -> bool:
        return root.id == info.context.caller.viewer.credential_id
