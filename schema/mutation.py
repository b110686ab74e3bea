"""The mutations, from a file for each subject. Each answers with a union of its success and its expected failures."""

import strawberry

from schema.mutations import (
    alert_rule,
    annotation,
    api_token,
    behaviors,
    category_rules,
    email,
    exports,
    extension_user,
    extension_users,
    goal,
    invitation,
    membership,
    organization,
    password_reset,
    saved_query,
    session,
    sign_in,
    team,
    team_lead,
    usage_export,
    user,
    webhook,
)


@strawberry.type(
    description="The changes. Each answers with a union of its success and the failures that a caller can act on."
)
class Mutation:
    """The mutations, in the order of the schema."""

    login = session.login
    refresh_session = session.refresh_session
    logout = session.logout
    change_password = session.change_password
    end_sign_in = sign_in.end_sign_in
    end_other_sign_ins = sign_in.end_other_sign_ins
    create_service_account = api_token.create_service_account
    create_personal_access_token = api_token.create_personal_access_token
    revoke_token = api_token.revoke_token
    create_user = user.create_user
    create_organization = organization.create_organization
    update_organization = organization.update_organization
    delete_organization = organization.delete_organization
    add_member = membership.add_member
    withdraw_membership_offer = membership.withdraw_membership_offer
    accept_membership = membership.accept_membership
    decline_membership = membership.decline_membership
    invite_member = invitation.invite_member
    revoke_invitation = invitation.revoke_invitation
    open_invitation = invitation.open_invitation
    accept_invitation = invitation.accept_invitation
    request_password_reset = password_reset.request_password_reset
    reset_password = password_reset.reset_password
    change_email = email.change_email
    confirm_email = email.confirm_email
    update_member_role = membership.update_member_role
    remove_member = membership.remove_member
    leave_organization = membership.leave_organization
    create_alert_rule = alert_rule.create_alert_rule
    update_alert_rule = alert_rule.update_alert_rule
    delete_alert_rule = alert_rule.delete_alert_rule
    create_annotation = annotation.create_annotation
    update_annotation = annotation.update_annotation
    delete_annotation = annotation.delete_annotation
    create_goal = goal.create_goal
    update_goal = goal.update_goal
    delete_goal = goal.delete_goal
    create_webhook = webhook.create_webhook
    update_webhook = webhook.update_webhook
    delete_webhook = webhook.delete_webhook
    rotate_webhook_secret = webhook.rotate_webhook_secret
    test_webhook = webhook.test_webhook
    redeliver = webhook.redeliver
    save_query = saved_query.save_query
    update_saved_query = saved_query.update_saved_query
    delete_saved_query = saved_query.delete_saved_query
    create_team = team.create_team
    rename_team = team.rename_team
    delete_team = team.delete_team
    add_team_people = team.add_team_people
    remove_team_people = team.remove_team_people
    appoint_team_lead = team_lead.appoint_team_lead
    dismiss_team_lead = team_lead.dismiss_team_lead
    create_extension_user = extension_user.create_extension_user
    create_extension_users = extension_users.create_extension_users
    update_extension_user = extension_user.update_extension_user
    regenerate_api_key = extension_user.regenerate_api_key
    delete_extension_user = extension_user.delete_extension_user
    erase_extension_user = extension_user.erase_extension_user
    export_extension_user = exports.export_extension_user
    export_behaviors = exports.export_behaviors
    export_usage = usage_export.export_usage
    set_category_rules = category_rules.set_category_rules
    delete_category_rules = category_rules.delete_category_rules
    ingest_behaviors = behaviors.ingest_behaviors
    delete_behavior = behaviors.delete_behavior
