"""The mutations, each from a file of its own. Every one answers with a union of its success and what can go wrong."""

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension

from schema.context import Info
from schema.mutations.add_member import AddMemberResult, add_member
from schema.mutations.change_password import ChangePasswordResult, change_password
from schema.mutations.create_extension_user import CreateExtensionUserResult, create_extension_user
from schema.mutations.create_organization import CreateOrganizationResult, create_organization
from schema.mutations.create_user import CreateUserResult, create_user
from schema.mutations.delete_behavior import DeleteBehaviorResult, delete_behavior
from schema.mutations.delete_category_rules import DeleteCategoryRulesResult, delete_category_rules
from schema.mutations.delete_extension_user import DeleteExtensionUserResult, delete_extension_user
from schema.mutations.delete_organization import DeleteOrganizationResult, delete_organization
from schema.mutations.erase_extension_user import EraseExtensionUserResult, erase_extension_user
from schema.mutations.export_behaviors import ExportBehaviorsResult, export_behaviors
from schema.mutations.export_extension_user import ExportExtensionUserResult, export_extension_user
from schema.mutations.ingest_behaviors import IngestBehaviorsResult, ingest_behaviors
from schema.mutations.login import LoginResult, login
from schema.mutations.logout import LogoutResult, logout
from schema.mutations.refresh_session import RefreshSessionResult, refresh_session
from schema.mutations.regenerate_api_key import RegenerateApiKeyResult, regenerate_api_key
from schema.mutations.remove_member import RemoveMemberResult, remove_member
from schema.mutations.set_category_rules import SetCategoryRulesResult, set_category_rules
from schema.mutations.update_extension_user import UpdateExtensionUserResult, update_extension_user
from schema.mutations.update_member_role import UpdateMemberRoleResult, update_member_role
from schema.mutations.update_organization import UpdateOrganizationResult, update_organization


class _Afresh(FieldExtension):
    """Each mutation of a request sees what those before it have changed: nothing loaded for them is used again."""

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **arguments: Any
    ) -> Any:
        info.context.forget()
        return await next_(source, info, **arguments)


def _mutation(**options: Any) -> Any:
    return strawberry.mutation(**options, extensions=[_Afresh()])


@strawberry.type(
    description="The changes. Each answers with a union of its success and the failures that a caller can act on."
)
class Mutation:
    """One attribute a mutation."""

    login_ = _mutation(
        name="login",
        resolver=login,
        graphql_type=LoginResult,
        description="Begin a session. Counts against the account and the address, whatever the outcome.",
    )
    refresh_session_ = _mutation(
        name="refreshSession",
        resolver=refresh_session,
        graphql_type=RefreshSessionResult,
        description="Go on with a session whose access token has ended. A refresh token is good for one use; "
        "a second one ends the session.",
    )
    logout_ = _mutation(name="logout", resolver=logout, graphql_type=LogoutResult, description="End the session.")
    change_password_ = _mutation(
        name="changePassword",
        resolver=change_password,
        graphql_type=ChangePasswordResult,
        description="Set one's own password and end every other session of the account.",
    )
    create_user_ = _mutation(
        name="createUser",
        resolver=create_user,
        graphql_type=CreateUserResult,
        description="Make an account. For super admins.",
    )
    create_organization_ = _mutation(
        name="createOrganization",
        resolver=create_organization,
        graphql_type=CreateOrganizationResult,
        description="Make an organization. For super admins.",
    )
    update_organization_ = _mutation(
        name="updateOrganization",
        resolver=update_organization,
        graphql_type=UpdateOrganizationResult,
        description="Change an organization's name, description or retention. For its admins.",
    )
    delete_organization_ = _mutation(
        name="deleteOrganization",
        resolver=delete_organization,
        graphql_type=DeleteOrganizationResult,
        description="Delete an organization with its memberships, extension users and all their events, for good. "
        "For its admins.",
    )
    add_member_ = _mutation(
        name="addMember",
        resolver=add_member,
        graphql_type=AddMemberResult,
        description="Make a user a member of an organization. For its admins.",
    )
    update_member_role_ = _mutation(
        name="updateMemberRole",
        resolver=update_member_role,
        graphql_type=UpdateMemberRoleResult,
        description="Change a member's role. For the organization's admins; the last admin stays one.",
    )
    remove_member_ = _mutation(
        name="removeMember",
        resolver=remove_member,
        graphql_type=RemoveMemberResult,
        description="End a membership. For the organization's admins; the last admin stays.",
    )
    create_extension_user_ = _mutation(
        name="createExtensionUser",
        resolver=create_extension_user,
        graphql_type=CreateExtensionUserResult,
        description="Make an extension user with an API key. For the organization's admins.",
    )
    update_extension_user_ = _mutation(
        name="updateExtensionUser",
        resolver=update_extension_user,
        graphql_type=UpdateExtensionUserResult,
        description="Rename, deactivate or reactivate an extension user. For the organization's admins.",
    )
    regenerate_api_key_ = _mutation(
        name="regenerateApiKey",
        resolver=regenerate_api_key,
        graphql_type=RegenerateApiKeyResult,
        description="Give an extension user a new API key; the old one stops working at once. "
        "For the organization's admins.",
    )
    delete_extension_user_ = _mutation(
        name="deleteExtensionUser",
        resolver=delete_extension_user,
        graphql_type=DeleteExtensionUserResult,
        description="Delete an extension user with all their events, for good. For the organization's admins.",
        deprecation_reason="`eraseExtensionUser` does the same, and says how much it has deleted.",
    )
    erase_extension_user_ = _mutation(
        name="eraseExtensionUser",
        resolver=erase_extension_user,
        graphql_type=EraseExtensionUserResult,
        description="Delete everything held on an extension user, for good: their events and what was made from them, "
        "the refused ones, their key, and the person. For the organization's admins.",
    )
    export_extension_user_ = _mutation(
        name="exportExtensionUser",
        resolver=export_extension_user,
        graphql_type=ExportExtensionUserResult,
        description="Everything held on an extension user, as a download. For the organization's admins.",
    )
    export_behaviors_ = _mutation(
        name="exportBehaviors",
        resolver=export_behaviors,
        graphql_type=ExportBehaviorsResult,
        description="Browsing events that the viewer may see, as a download of any length.",
    )
    set_category_rules_ = _mutation(
        name="setCategoryRules",
        resolver=set_category_rules,
        graphql_type=SetCategoryRulesResult,
        description="Create or change rules of which domains are of which category. For the organization's admins.",
    )
    delete_category_rules_ = _mutation(
        name="deleteCategoryRules",
        resolver=delete_category_rules,
        graphql_type=DeleteCategoryRulesResult,
        description="Delete rules of which domains are of which category. For the organization's admins.",
    )
    ingest_behaviors_ = _mutation(
        name="ingestBehaviors",
        resolver=ingest_behaviors,
        graphql_type=IngestBehaviorsResult,
        description="Store browsing events, by the rules of the REST routes. Needs no sign-in; an `X-API-Key` header "
        "names the person.",
    )
    delete_behavior_ = _mutation(
        name="deleteBehavior",
        resolver=delete_behavior,
        graphql_type=DeleteBehaviorResult,
        description="Delete one browsing event, for good. For the organization's admins.",
    )
