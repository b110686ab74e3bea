"""The tables. Importing this package registers them all on `Base.metadata`."""

from db.models.account_link import AccountLink
from db.models.alert import Alert, AlertRule
from db.models.annotation import Annotation
from db.models.api_token import ApiToken
from db.models.audit_entry import AuditEntry
from db.models.base import Base
from db.models.behavior import Behavior
from db.models.category_rule import CategoryRule, CategoryRulesVersion
from db.models.domain_backfill import DomainBackfill
from db.models.erasure import Erasure, ErasureSubject
from db.models.extension_user import ExtensionUser
from db.models.goal import Goal
from db.models.identity import Identity
from db.models.invitation import Invitation
from db.models.legacy import LegacyDay, LegacyRow
from db.models.membership import Membership
from db.models.membership_offer import MembershipOffer
from db.models.organization import Organization
from db.models.public_suffix import PublicSuffix
from db.models.rejected_event import RejectedEvent
from db.models.rollup import Hour, Run, deferred_hours, dirty_hours, rollup_rebuilds
from db.models.saved_query import SavedQuery
from db.models.sign_in import RefreshToken, SignIn
from db.models.team import Team, TeamLead, TeamPerson
from db.models.user import User
from db.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "AccountLink",
    "Alert",
    "AlertRule",
    "Annotation",
    "ApiToken",
    "AuditEntry",
    "Base",
    "Behavior",
    "CategoryRule",
    "CategoryRulesVersion",
    "DomainBackfill",
    "Erasure",
    "ErasureSubject",
    "ExtensionUser",
    "Goal",
    "Hour",
    "Identity",
    "Invitation",
    "LegacyDay",
    "LegacyRow",
    "Membership",
    "MembershipOffer",
    "Organization",
    "PublicSuffix",
    "RefreshToken",
    "RejectedEvent",
    "Run",
    "SavedQuery",
    "SignIn",
    "Team",
    "TeamLead",
    "TeamPerson",
    "User",
    "Webhook",
    "WebhookDelivery",
    "deferred_hours",
    "dirty_hours",
    "rollup_rebuilds",
]
