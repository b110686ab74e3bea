"""Mutations of one's own sign-ins: end one, end all others."""

from typing import Annotated

import strawberry

from core.ids import uuid_of
from execution.context import Info
from execution.declarations import SIGNED_IN
from resolvers import viewer_sign_ins
from schema.errors import NotFound
from schema.mutations.field import mutation


@strawberry.input(description="The sign-in to end.")
class EndSignInInput:
    """The arguments."""

    sign_in_id: strawberry.ID = strawberry.field(description="The `id` of one of the viewer's `signIns`.")


@strawberry.type(description="The sign-in has ended: none of its tokens is accepted from now on.")
class EndSignInSuccess:
    """The sign-in that was ended."""

    sign_in_id: strawberry.ID = strawberry.field(description="The id of the sign-in, as it was given.")


EndSignInResult = Annotated[
    EndSignInSuccess | NotFound, strawberry.union("EndSignInResult", description="The result of `endSignIn`.")
]


@mutation(
    EndSignInResult,
    metadata=SIGNED_IN,
    description="End one of one's own sign-ins, on another device, say. Its tokens are refused at once.",
)
async def end_sign_in(
    info: Info, input: Annotated[EndSignInInput, strawberry.argument(description="The sign-in to end.")]
) -> EndSignInSuccess:
    """Resolve the field."""
    caller = info.context.caller
    sign_in_id = uuid_of(input.sign_in_id, "SignIn")
    await viewer_sign_ins.end(caller, sign_in_id)
    if sign_in_id == caller.viewer.credential_id:
        info.context.cookies.clear()
    return EndSignInSuccess(sign_in_id=input.sign_in_id)


@strawberry.type(description="Every sign-in of the viewer has ended, but the one that this request uses.")
class EndOtherSignInsSuccess:
    """The number of sign-ins that were ended."""

    ended: int = strawberry.field(description="The number of sign-ins that were ended.")


EndOtherSignInsResult = Annotated[
    EndOtherSignInsSuccess, strawberry.union("EndOtherSignInsResult", description="The result of `endOtherSignIns`.")
]


@mutation(
    EndOtherSignInsResult,
    metadata=SIGNED_IN,
    description="End all of one's own sign-ins but the one that this request uses.",
)
async def end_other_sign_ins(info: Info) -> EndOtherSignInsSuccess:
    """Resolve the field."""
    return EndOtherSignInsSuccess(ended=await viewer_sign_ins.end_others(info.context.caller))
