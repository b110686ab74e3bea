"""Invitations: make and revoke, for admins; open and accept, for whoever has the link."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from core.token_scopes import TokenScope
from db.queries.invitations import InvitationRow
from execution.context import Info
from execution.declarations import OPEN_TO_EVERYBODY, SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import invitation_links, invitations
from schema.enums import MailDelivery, Role
from schema.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvalidInput,
    InvalidLink,
    NotFound,
    PasswordsNotAccepted,
    TooManyAttempts,
    TooManyOffers,
)
from schema.invitation import Invitation
from schema.mutations.field import mutation


@strawberry.input(description="The invitation to make.")
class InviteMemberInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization.")
    role: Role = strawberry.field(description="The role that whoever accepts it gets.")
    email: str = strawberry.field(description="The mail address to send the link to.")


@strawberry.type(description="The invitation is made.")
class InviteMemberSuccess:
    """The outcome."""

    invitation: InvitationRow = strawberry.field(graphql_type=Invitation, description="The invitation.")
    link: str = strawberry.field(
        description="The link to accept it by, shown this once. Whoever has it can accept the invitation: pass it on "
        "yourself if no mail was sent."
    )
    mail: MailDelivery = strawberry.field(description="What became of the mail with the link.")
    mail_problem: str | None = strawberry.field(description="The reason why no mail was sent, if that failed.")


InviteMemberResult = Annotated[
    InviteMemberSuccess | NotFound | InvalidInput | AlreadyInvited | TooManyOffers | TooManyAttempts,
    strawberry.union("InviteMemberResult", description="The result of `inviteMember`."),
]


@mutation(
    InviteMemberResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Invite somebody, with or without an account, by a link that is mailed to them and returned. For "
    "the organization's admins.",
)
async def invite_member(
    info: Info,
    input: Annotated[InviteMemberInput, strawberry.argument(description="The invitation to make.")],
) -> InviteMemberSuccess:
    """Resolve the field."""
    organization_id = uuid_of(input.organization_id, "Organization")
    issued = await invitations.invite(info.context.caller, organization_id, input.role, input.email)
    return InviteMemberSuccess(
        invitation=issued.row, link=issued.link, mail=issued.mail.delivery, mail_problem=issued.mail.problem
    )


@strawberry.input(description="The invitation to revoke.")
class RevokeInvitationInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The invitation: one of the organization's `invitations`.")


@strawberry.type(description="The invitation has ended: its link does nothing any more.")
class RevokeInvitationSuccess:
    """The outcome."""

    revoked_id: strawberry.ID = strawberry.field(description="The id of the invitation.")


RevokeInvitationResult = Annotated[
    RevokeInvitationSuccess | NotFound,
    strawberry.union("RevokeInvitationResult", description="The result of `revokeInvitation`."),
]


@mutation(
    RevokeInvitationResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="End an invitation. For the organization's admins.",
)
async def revoke_invitation(
    info: Info,
    input: Annotated[RevokeInvitationInput, strawberry.argument(description="The invitation to revoke.")],
) -> RevokeInvitationSuccess:
    """Resolve the field."""
    invitation_id = await invitations.revoke(info.context.caller, uuid_of(input.id, "Invitation"))
    return RevokeInvitationSuccess(revoked_id=strawberry.ID(encode_node_id("Invitation", invitation_id.bytes)))


@strawberry.input(description="The link of an invitation.")
class OpenInvitationInput:
    """The arguments."""

    token: str = strawberry.field(description="What stands behind the `#` of the link.")


@strawberry.type(description="The invitation is open. Nothing has changed.")
class OpenInvitationSuccess:
    """The invitation as its holder is told of it."""

    organization_name: str = strawberry.field(description="The organization that invites.")
    role: Role = strawberry.field(description="The role that whoever accepts it gets.")
    email: str = strawberry.field(description="The mail address that was invited.")


OpenInvitationResult = Annotated[
    OpenInvitationSuccess | InvalidLink | TooManyAttempts,
    strawberry.union("OpenInvitationResult", description="The result of `openInvitation`."),
]


@mutation(
    OpenInvitationResult,
    metadata=OPEN_TO_EVERYBODY,
    description="What an invitation is to. Changes nothing: it is a mutation so that no token is ever part of an "
    "address. For whoever has the link; counts as an attempt to sign in.",
)
async def open_invitation(
    info: Info,
    input: Annotated[OpenInvitationInput, strawberry.argument(description="The link of an invitation.")],
) -> OpenInvitationSuccess:
    """Resolve the field."""
    row = await invitation_links.open_link(info.context.services, info.context.client, input.token)
    return OpenInvitationSuccess(organization_name=row.organization_name, role=row.role, email=row.email)


@strawberry.input(description="The account to make.")
class NewAccountInput:
    """The arguments."""

    username: str = strawberry.field(
        description="The wanted name. A hyphen and digits are put behind it: it is not told which names are taken."
    )
    password: str = strawberry.field(description="The password: 12 to 256 characters.")


@strawberry.input(description="The link of an invitation, and who accepts it.")
class AcceptInvitationInput:
    """The arguments."""

    token: str = strawberry.field(description="What stands behind the `#` of the link.")
    new_account: NewAccountInput | None = strawberry.field(
        default=None, description="The account to make; left out, the viewer accepts the invitation."
    )


@strawberry.type(description="The invitation is accepted, and used up. Nobody is signed in by that.")
class AcceptInvitationSuccess:
    """The outcome."""

    username: str = strawberry.field(description="The name of the new member's account: what it signs in with.")
    organization_id: strawberry.ID = strawberry.field(description="The organization that they belong to now.")
    organization_name: str = strawberry.field(description="The name of that organization.")
    role: Role = strawberry.field(description="The role in the organization.")


AcceptInvitationResult = Annotated[
    AcceptInvitationSuccess | InvalidLink | InvalidInput | AlreadyMember | PasswordsNotAccepted | TooManyAttempts,
    strawberry.union("AcceptInvitationResult", description="The result of `acceptInvitation`."),
]


@mutation(
    AcceptInvitationResult,
    metadata=OPEN_TO_EVERYBODY,
    description="Become a member by an invitation: the viewer, or a new account. For whoever has the link, which "
    "is used up; counts as an attempt to sign in.",
)
async def accept_invitation(
    info: Info,
    input: Annotated[
        AcceptInvitationInput, strawberry.argument(description="The link of an invitation, and who accepts it.")
    ],
) -> AcceptInvitationSuccess:
    """Resolve the field."""
    context, account = info.context, input.new_account
    if account is None:
        accepted = await invitation_links.accept(context.caller, context.client, input.token)
    else:
        accepted = await invitation_links.accept_with_new_account(
            context.services, context.client, input.token, account.username, account.password
        )
    invitation = accepted.invitation
    return AcceptInvitationSuccess(
        username=accepted.username,
        organization_id=strawberry.ID(encode_node_id("Organization", invitation.organization_id.bytes)),
        organization_name=invitation.organization_name,
        role=invitation.role,
    )
