"""The actions that the audit log records."""

from core.described_enum import DescribedEnum


class AuditAction(DescribedEnum):
    """Something done that an organization, or whoever runs the service, may be asked about later."""

    RETENTION_CHANGED = (
        "retention_changed",
        "It was changed how long the organization keeps events: `before` and `after`.",
    )
    KEY_REQUIREMENT_CHANGED = (
        "key_requirement_changed",
        (
            "It was changed whether events for the organization's people must come with their API key: "
            "`before` and `after`."
        ),
    )
    WEEK_START_CHANGED = (
        "week_start_changed",
        "It was changed on which day the organization's weeks begin: `before` and `after`.",
    )
    EXTENSION_USER_ERASURE_BEGUN = (
        "extension_user_erasure_begun",
        "An extension user was removed, and deleting everything held on them began: `erasureId`.",
    )
    EXTENSION_USER_ERASED = (
        "extension_user_erased",
        "Everything held on an extension user was deleted: how many of what.",
    )
    EXTENSION_USER_EXPORTED = "extension_user_exported", "Everything held on an extension user was downloaded."
    BEHAVIORS_EXPORTED = "behaviors_exported", "Events were downloaded: `format`, `from` and `to`."
    USAGE_EXPORTED = (
        "usage_exported",
        "Measures were downloaded, of the subject if of one person: `format`, `from`, `to`, `by`, `every`, `measures`.",
    )
    BEHAVIOR_DELETED = "behavior_deleted", "An event was deleted, of the subject if it was not anonymous."
    KEY_ISSUED = "key_issued", "An extension user was made, with an API key."
    KEY_REPLACED = "key_replaced", "An extension user got a new API key, and the old one stopped working."
    EXTENSION_USER_DEACTIVATED = (
        "extension_user_deactivated",
        "An extension user was deactivated: their events are refused.",
    )
    EXTENSION_USER_REACTIVATED = "extension_user_reactivated", "An extension user was activated again."
    MEMBERSHIP_OFFERED = "membership_offered", "Membership was offered to a username, with a `role`: `offerId`."
    MEMBERSHIP_OFFER_WITHDRAWN = "membership_offer_withdrawn", "An offer of membership was withdrawn: `offerId`."
    MEMBERSHIP_DECLINED = (
        "membership_declined",
        "A user declined an offer of membership: `offerId` of `organizationId`. Super admins alone are shown this.",
    )
    MEMBER_INVITED = "member_invited", "An invitation was made, `invitationId`, with a `role`."
    INVITATION_REVOKED = "invitation_revoked", "An invitation was revoked: `invitationId`."
    MEMBER_ADDED = (
        "member_added",
        "A user became a member, with a `role`, by an offer, `offerId`, an `invitationId`, or single sign-on.",
    )
    MEMBER_ROLE_CHANGED = (
        "member_role_changed",
        "A member got another `role`, perhaps `by` single sign-on; one that is not LEAD takes the teams that they led.",
    )
    MEMBER_REMOVED = (
        "member_removed",
        "A membership was ended by an admin, or `by` single sign-on: the user left its groups.",
    )
    MEMBER_LEFT = "member_left", "A member left."
    ORGANIZATION_CREATED = "organization_created", "The organization was made."
    ORGANIZATION_ERASURE_BEGUN = (
        "organization_erasure_begun",
        (
            "The organization was removed with its members and people, and deleting everything held on these "
            "began: `erasureId`."
        ),
    )
    ORGANIZATION_DELETED = (
        "organization_deleted",
        "Everything held on the organization's extension users was deleted, too: how many of what.",
    )
    SERVICE_ACCOUNT_CREATED = "service_account_created", "A service account was made, with an API token: `scopes`."
    SERVICE_ACCOUNT_REVOKED = "service_account_revoked", "A service account and its API token were deleted."
    PERSONAL_TOKEN_CREATED = "personal_token_created", "A user made an API token of their own: `scopes`."
    PERSONAL_TOKEN_REVOKED = "personal_token_revoked", "A user deleted an API token of their own."
    TEAM_CREATED = "team_created", "A team was made: `teamId`."
    TEAM_RENAMED = "team_renamed", "A team got another name: `teamId`."
    TEAM_DELETED = "team_deleted", "A team was deleted; its people stay: `teamId`."
    TEAM_PERSON_ADDED = "team_person_added", "An extension user was put into a team: `teamId`."
    TEAM_PERSON_REMOVED = "team_person_removed", "An extension user was taken out of a team: `teamId`."
    TEAM_LEAD_APPOINTED = "team_lead_appointed", "A member became lead of a team: `teamId`."
    TEAM_LEAD_DISMISSED = "team_lead_dismissed", "A member is no lead of a team any more: `teamId`."
    ANNOTATION_CREATED = "annotation_created", "An annotation was made: `annotationId`, `firstDay`, `lastDay`."
    ANNOTATION_UPDATED = "annotation_updated", "An annotation was changed: `annotationId`, `firstDay`, `lastDay`."
    ANNOTATION_DELETED = "annotation_deleted", "An annotation was deleted: `annotationId`, `firstDay`, `lastDay`."
    ALERT_RULE_CREATED = "alert_rule_created", "An alert rule was made: `ruleId`."
    ALERT_RULE_CHANGED = "alert_rule_changed", "An alert rule was changed, and began anew: `ruleId`."
    ALERT_RULE_DELETED = "alert_rule_deleted", "An alert rule was deleted with its alerts: `ruleId`."
    GOAL_CREATED = "goal_created", "A goal was set, of the subject if of one person: `goalId`, `teamId`, `measure`."
    GOAL_UPDATED = "goal_updated", "A goal was changed, of the subject if of one person: `goalId`, `teamId`, `measure`."
    GOAL_DELETED = "goal_deleted", "A goal was deleted, of the subject if of one person: `goalId`, `teamId`, `measure`."
    WEBHOOK_CREATED = "webhook_created", "A webhook was made: `webhookId`, and the `host` that it goes to."
    WEBHOOK_UPDATED = (
        "webhook_updated",
        "A webhook was changed, and belongs to the actor from then on: `webhookId`, `host`, and what was `changed`.",
    )
    WEBHOOK_DELETED = "webhook_deleted", "A webhook was deleted with its deliveries: `webhookId`."
    WEBHOOK_SECRET_ROTATED = "webhook_secret_rotated", "A webhook got another secret: `webhookId`."
    WEBHOOK_TESTED = "webhook_tested", "A test event was sent to a webhook: `webhookId`."
    WEBHOOK_REDELIVERED = "webhook_redelivered", "A delivery was tried again: `webhookId`, `deliveryId`."
    WEBHOOK_PAUSED = "webhook_paused", "The service paused a webhook: `webhookId`, and the `reason`."
    QUERY_SAVED = "query_saved", "A query was saved: `savedQueryId`."
    SAVED_QUERY_UPDATED = "saved_query_updated", "A saved query was changed: `savedQueryId`."
    SAVED_QUERY_DELETED = "saved_query_deleted", "A saved query was deleted: `savedQueryId`."
    USER_CREATED = (
        "user_created",
        "An account was made, by an invitation, `invitationId`, or single sign-on; `superAdmin`: of a super admin.",
    )
    IDENTITY_LINKED = (
        "identity_linked",
        "The command line linked an identity at the provider of single sign-on to a user.",
    )
    SIGN_INS_ENDED = "sign_ins_ended", "A user ended sign-ins of their own: `count`."
    PASSWORD_CHANGED = "password_changed", "A user changed their own password."
    PASSWORD_RESET_SENT = "password_reset_sent", "A link for a forgotten password was mailed to a user."
    PASSWORD_RESET = "password_reset", "A user set a new password by such a link, which ended their sign-ins."
    EMAIL_CHANGED = "email_changed", "A user confirmed a mail address, which is that of the account from then on."
    PASSWORD_SET = "password_set", "A user's password was set by the command line."
