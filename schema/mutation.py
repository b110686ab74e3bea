"""The mutations, from a file for each subject. Each answers with a union of its success and its expected failures."""

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension

from core.token_scopes import TokenScope
from execution.context import Info
from execution.declarations import OPEN_TO_EVERYBODY, SIGNED_IN, SIGNS_IN, priced
from execution.documents.prices import new_people_points, team_people_points, usage_export_points
from execution.token_scopes import for_tokens
from schema.mutations.annotation import (
    CreateAnnotationResult,
    DeleteAnnotationResult,
    UpdateAnnotationResult,
    create_annotation,
    delete_annotation,
    update_annotation,
)
from schema.mutations.api_token import (
    CreatePersonalAccessTokenResult,
    CreateServiceAccountResult,
    RevokeTokenResult,
    create_personal_access_token,
    create_service_account,
    revoke_token,
)
from schema.mutations.behaviors import DeleteBehaviorResult, IngestBehaviorsResult, delete_behavior, ingest_behaviors
from schema.mutations.category_rules import (
    DeleteCategoryRulesResult,
    SetCategoryRulesResult,
    delete_category_rules,
    set_category_rules,
)
from schema.mutations.email import ChangeEmailResult, ConfirmEmailResult, change_email, confirm_email
from schema.mutations.exports import (
    ExportBehaviorsResult,
    ExportExtensionUserResult,
    export_behaviors,
    export_extension_user,
)
from schema.mutations.extension_user import (
    CreateExtensionUserResult,
    DeleteExtensionUserResult,
    EraseExtensionUserResult,
    RegenerateApiKeyResult,
    UpdateExtensionUserResult,
    create_extension_user,
    delete_extension_user,
    erase_extension_user,
    regenerate_api_key,
    update_extension_user,
)
from schema.mutations.extension_users import CreateExtensionUsersResult, create_extension_users
from schema.mutations.invitation import (
    AcceptInvitationResult,
    InviteMemberResult,
    OpenInvitationResult,
    RevokeInvitationResult,
    accept_invitation,
    invite_member,
    open_invitation,
    revoke_invitation,
)
from schema.mutations.membership import (
    AcceptMembershipResult,
    AddMemberResult,
    DeclineMembershipResult,
    LeaveOrganizationResult,
    RemoveMemberResult,
    UpdateMemberRoleResult,
    WithdrawMembershipOfferResult,
    accept_membership,
    add_member,
    decline_membership,
    leave_organization,
    remove_member,
    update_member_role,
    withdraw_membership_offer,
)
from schema.mutations.organization import (
    CreateOrganizationResult,
    DeleteOrganizationResult,
    UpdateOrganizationResult,
    create_organization,
    delete_organization,
    update_organization,
)
from schema.mutations.password_reset import (
    RequestPasswordResetResult,
    ResetPasswordResult,
    request_password_reset,
    reset_password,
)
from schema.mutations.session import (
    ChangePasswordResult,
    LoginResult,
    LogoutResult,
    RefreshSessionResult,
    change_password,
    login,
    logout,
    refresh_session,
)
from schema.mutations.sign_in import (
    EndOtherSignInsResult,
    EndSignInResult,
    end_other_sign_ins,
    end_sign_in,
)
from schema.mutations.team import (
    AddTeamPeopleResult,
    CreateTeamResult,
    DeleteTeamResult,
    RemoveTeamPeopleResult,
    RenameTeamResult,
    add_team_people,
    create_team,
    delete_team,
    remove_team_people,
    rename_team,
)
from schema.mutations.usage_export import ExportUsageResult, export_usage
from schema.mutations.user import CreateUserResult, create_user


class _FreshData(FieldExtension):
    """Drops data loaded by earlier mutations of the request, so that each mutation sees their changes."""

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **arguments: Any
    ) -> Any:
        info.context.forget()
        return await next_(source, info, **arguments)


def _mutation(**options: Any) -> Any:
    return strawberry.mutation(**options, extensions=[_FreshData()])


@strawberry.type(
    description="The changes. Each answers with a union of its success and the failures that a caller can act on."
)
class Mutation:
    """The mutations, an attribute for each."""

    login_ = _mutation(
        name="login",
        metadata=SIGNS_IN | for_tokens(),
        resolver=login,
        graphql_type=LoginResult,
        description="Begin a session. Counts against the account and the address, whatever the outcome.",
    )
    refresh_session_ = _mutation(
        name="refreshSession",
        metadata=SIGNS_IN | for_tokens(),
        resolver=refresh_session,
        graphql_type=RefreshSessionResult,
        description="Go on with a session whose access token has ended. A refresh token is good for one use; "
        "a second one ends the session.",
    )
    logout_ = _mutation(
        name="logout",
        metadata=OPEN_TO_EVERYBODY,
        resolver=logout,
        graphql_type=LogoutResult,
        description="End the session.",
    )
    change_password_ = _mutation(
        name="changePassword",
        metadata=SIGNED_IN,
        resolver=change_password,
        graphql_type=ChangePasswordResult,
        description="Set one's own password and end every other session of the account.",
    )
    end_sign_in_ = _mutation(
        name="endSignIn",
        metadata=SIGNED_IN,
        resolver=end_sign_in,
        graphql_type=EndSignInResult,
        description="End one of one's own sign-ins, on another device, say. Its tokens are refused at once.",
    )
    end_other_sign_ins_ = _mutation(
        name="endOtherSignIns",
        metadata=SIGNED_IN,
        resolver=end_other_sign_ins,
        graphql_type=EndOtherSignInsResult,
        description="End all of one's own sign-ins but the one that this request uses.",
    )
    create_service_account_ = _mutation(
        name="createServiceAccount",
        metadata=SIGNED_IN,
        resolver=create_service_account,
        graphql_type=CreateServiceAccountResult,
        description="Make a service account of an organization, with an API token. For the organization's admins.",
    )
    create_personal_access_token_ = _mutation(
        name="createPersonalAccessToken",
        metadata=SIGNED_IN,
        resolver=create_personal_access_token,
        graphql_type=CreatePersonalAccessTokenResult,
        description="Make an API token that has the viewer's own rights, within its scopes.",
    )
    revoke_token_ = _mutation(
        name="revokeToken",
        metadata=SIGNED_IN,
        resolver=revoke_token,
        graphql_type=RevokeTokenResult,
        description="Delete a service account, or a personal access token of one's own; the token is refused at once.",
    )
    create_user_ = _mutation(
        name="createUser",
        metadata=SIGNED_IN,
        resolver=create_user,
        graphql_type=CreateUserResult,
        description="Make an account. For super admins.",
    )
    create_organization_ = _mutation(
        name="createOrganization",
        metadata=SIGNED_IN,
        resolver=create_organization,
        graphql_type=CreateOrganizationResult,
        description="Make an organization. For super admins.",
    )
    update_organization_ = _mutation(
        name="updateOrganization",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=update_organization,
        graphql_type=UpdateOrganizationResult,
        description="Change an organization's name, description or retention. For its admins.",
    )
    delete_organization_ = _mutation(
        name="deleteOrganization",
        metadata=SIGNED_IN,
        resolver=delete_organization,
        graphql_type=DeleteOrganizationResult,
        description="Delete an organization with its memberships, extension users and all their events, for good. "
        "For its admins.",
    )
    add_member_ = _mutation(
        name="addMember",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=add_member,
        graphql_type=AddMemberResult,
        description="Offer a user membership of an organization: they are a member once they accept. For its admins.",
    )
    withdraw_membership_offer_ = _mutation(
        name="withdrawMembershipOffer",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=withdraw_membership_offer,
        graphql_type=WithdrawMembershipOfferResult,
        description="Take an offer of membership back. For the organization's admins.",
    )
    accept_membership_ = _mutation(
        name="acceptMembership",
        metadata=SIGNED_IN,
        resolver=accept_membership,
        graphql_type=AcceptMembershipResult,
        description="Accept an offer of membership. For whoever it was made to.",
    )
    decline_membership_ = _mutation(
        name="declineMembership",
        metadata=SIGNED_IN,
        resolver=decline_membership,
        graphql_type=DeclineMembershipResult,
        description="Decline an offer of membership. For whoever it was made to; the organization is not told.",
    )
    invite_member_ = _mutation(
        name="inviteMember",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=invite_member,
        graphql_type=InviteMemberResult,
        description="Invite somebody, with or without an account, by a link that is mailed to them and returned. For "
        "the organization's admins.",
    )
    revoke_invitation_ = _mutation(
        name="revokeInvitation",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=revoke_invitation,
        graphql_type=RevokeInvitationResult,
        description="End an invitation. For the organization's admins.",
    )
    open_invitation_ = _mutation(
        name="openInvitation",
        metadata=OPEN_TO_EVERYBODY,
        resolver=open_invitation,
        graphql_type=OpenInvitationResult,
        description="What an invitation is to. Changes nothing: it is a mutation so that no token is ever part of an "
        "address. For whoever has the link; counts as an attempt to sign in.",
    )
    accept_invitation_ = _mutation(
        name="acceptInvitation",
        metadata=OPEN_TO_EVERYBODY,
        resolver=accept_invitation,
        graphql_type=AcceptInvitationResult,
        description="Become a member by an invitation: the viewer, or a new account. For whoever has the link, which "
        "is used up; counts as an attempt to sign in.",
    )
    request_password_reset_ = _mutation(
        name="requestPasswordReset",
        metadata=OPEN_TO_EVERYBODY,
        resolver=request_password_reset,
        graphql_type=RequestPasswordResetResult,
        description="Have a link for a forgotten password mailed to the account's confirmed address. Answers the same, "
        "in the same time, for names that nobody has; counts as an attempt to sign in.",
    )
    reset_password_ = _mutation(
        name="resetPassword",
        metadata=OPEN_TO_EVERYBODY,
        resolver=reset_password,
        graphql_type=ResetPasswordResult,
        description="Set a new password by such a link, which is used up, and end every session of the account. Counts "
        "as an attempt to sign in.",
    )
    change_email_ = _mutation(
        name="changeEmail",
        metadata=SIGNED_IN,
        resolver=change_email,
        graphql_type=ChangeEmailResult,
        description="Give one's own account another mail address, once the link that is mailed to it is opened.",
    )
    confirm_email_ = _mutation(
        name="confirmEmail",
        metadata=OPEN_TO_EVERYBODY,
        resolver=confirm_email,
        graphql_type=ConfirmEmailResult,
        description="Confirm a mail address by the link that was mailed to it. Counts as an attempt to sign in.",
    )
    update_member_role_ = _mutation(
        name="updateMemberRole",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=update_member_role,
        graphql_type=UpdateMemberRoleResult,
        description="Change a member's role. For the organization's admins; the last admin stays one.",
    )
    remove_member_ = _mutation(
        name="removeMember",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=remove_member,
        graphql_type=RemoveMemberResult,
        description="End a membership. For the organization's admins; the last admin stays.",
    )
    leave_organization_ = _mutation(
        name="leaveOrganization",
        metadata=SIGNED_IN,
        resolver=leave_organization,
        graphql_type=LeaveOrganizationResult,
        description="End one's own membership. The last admin stays.",
    )
    create_annotation_ = _mutation(
        name="createAnnotation",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=create_annotation,
        graphql_type=CreateAnnotationResult,
        description="Make a note on days of an organization. For its admins.",
    )
    update_annotation_ = _mutation(
        name="updateAnnotation",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=update_annotation,
        graphql_type=UpdateAnnotationResult,
        description="Change an annotation. For the organization's admins.",
    )
    delete_annotation_ = _mutation(
        name="deleteAnnotation",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=delete_annotation,
        graphql_type=DeleteAnnotationResult,
        description="Delete an annotation. For the organization's admins.",
    )
    create_team_ = _mutation(
        name="createTeam",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=create_team,
        graphql_type=CreateTeamResult,
        description="Make a team. For the organization's admins.",
    )
    rename_team_ = _mutation(
        name="renameTeam",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=rename_team,
        graphql_type=RenameTeamResult,
        description="Give a team another name. For the organization's admins.",
    )
    delete_team_ = _mutation(
        name="deleteTeam",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=delete_team,
        graphql_type=DeleteTeamResult,
        description="Delete a team; its people stay. For the organization's admins.",
    )
    add_team_people_ = _mutation(
        name="addTeamPeople",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN) | priced(by_input=team_people_points),
        resolver=add_team_people,
        graphql_type=AddTeamPeopleResult,
        description="Put people into a team: all of them, or none. For the organization's admins.",
    )
    remove_team_people_ = _mutation(
        name="removeTeamPeople",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN) | priced(by_input=team_people_points),
        resolver=remove_team_people,
        graphql_type=RemoveTeamPeopleResult,
        description="Take people out of a team. For the organization's admins.",
    )
    create_extension_user_ = _mutation(
        name="createExtensionUser",
        metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
        resolver=create_extension_user,
        graphql_type=CreateExtensionUserResult,
        description="Make an extension user with an API key. For the organization's admins.",
    )
    create_extension_users_ = _mutation(
        name="createExtensionUsers",
        metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE) | priced(by_input=new_people_points),
        resolver=create_extension_users,
        graphql_type=CreateExtensionUsersResult,
        description="Make many extension users at once, each with an API key and a receipt. For the organization's "
        "admins.",
    )
    update_extension_user_ = _mutation(
        name="updateExtensionUser",
        metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
        resolver=update_extension_user,
        graphql_type=UpdateExtensionUserResult,
        description="Rename, deactivate or reactivate an extension user. For the organization's admins.",
    )
    regenerate_api_key_ = _mutation(
        name="regenerateApiKey",
        metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
        resolver=regenerate_api_key,
        graphql_type=RegenerateApiKeyResult,
        description="Give an extension user a new API key; the old one stops working at once. "
        "For the organization's admins.",
    )
    delete_extension_user_ = _mutation(
        name="deleteExtensionUser",
        metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
        resolver=delete_extension_user,
        graphql_type=DeleteExtensionUserResult,
        description="Delete an extension user with all their events, for good. For the organization's admins.",
        deprecation_reason="`eraseExtensionUser` does the same, and says how much it has deleted. "
        "Deprecated since 2026-11-24; will be removed no sooner than 2027-06-01.",
    )
    erase_extension_user_ = _mutation(
        name="eraseExtensionUser",
        metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
        resolver=erase_extension_user,
        graphql_type=EraseExtensionUserResult,
        description="Delete everything held on an extension user, for good: their events and what was made from them, "
        "the refused ones, their key, and the person. For the organization's admins.",
    )
    export_extension_user_ = _mutation(
        name="exportExtensionUser",
        metadata=SIGNED_IN | for_tokens(TokenScope.EXPORT),
        resolver=export_extension_user,
        graphql_type=ExportExtensionUserResult,
        description="Everything held on an extension user, as a download. For the organization's admins.",
    )
    export_behaviors_ = _mutation(
        name="exportBehaviors",
        metadata=SIGNED_IN | for_tokens(TokenScope.EXPORT),
        resolver=export_behaviors,
        graphql_type=ExportBehaviorsResult,
        description="Browsing events that the viewer may see, as a download of any length.",
    )
    export_usage_ = _mutation(
        name="exportUsage",
        metadata=SIGNED_IN
        | for_tokens(TokenScope.EXPORT, TokenScope.METRICS_READ)
        | priced(by_input=usage_export_points),
        resolver=export_usage,
        graphql_type=ExportUsageResult,
        description="The series or all groups of a question, as a download. It costs as much as the question itself.",
    )
    set_category_rules_ = _mutation(
        name="setCategoryRules",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=set_category_rules,
        graphql_type=SetCategoryRulesResult,
        description="Create or change rules of which domains are of which category. For the organization's admins.",
    )
    delete_category_rules_ = _mutation(
        name="deleteCategoryRules",
        metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
        resolver=delete_category_rules,
        graphql_type=DeleteCategoryRulesResult,
        description="Delete rules of which domains are of which category. For the organization's admins.",
    )
    ingest_behaviors_ = _mutation(
        name="ingestBehaviors",
        metadata=OPEN_TO_EVERYBODY | for_tokens(TokenScope.INGEST),
        resolver=ingest_behaviors,
        graphql_type=IngestBehaviorsResult,
        description="Store browsing events, by the rules of the REST routes. Needs no sign-in; an `X-API-Key` header "
        "names the person.",
    )
    delete_behavior_ = _mutation(
        name="deleteBehavior",
        metadata=SIGNED_IN | for_tokens(TokenScope.PEOPLE_WRITE),
        resolver=delete_behavior,
        graphql_type=DeleteBehaviorResult,
        description="Delete one browsing event, for good. For the organization's admins.",
    )
