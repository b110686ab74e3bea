"""The tables. Importing this package registers them all on `Base.metadata`."""

from db.models.audit_entry import AuditEntry
from db.models.base import Base
from db.models.behavior import Behavior
from db.models.category_rule import CategoryRule, CategoryRulesVersion
from db.models.extension_user import ExtensionUser
from db.models.legacy import LegacyDay, LegacyRow
from db.models.membership import Membership
from db.models.organization import Organization
from db.models.rejected_event import RejectedEvent
from db.models.rollup import Hour, Run, dirty_hours
from db.models.sign_in import RefreshToken, SignIn
from db.models.user import User

__all__ = [
    "AuditEntry",
    "Base",
    "Behavior",
    "CategoryRule",
    "CategoryRulesVersion",
    "ExtensionUser",
    "Hour",
    "LegacyDay",
    "LegacyRow",
    "Membership",
    "Organization",
    "RefreshToken",
    "RejectedEvent",
    "Run",
    "SignIn",
    "User",
    "dirty_hours",
]
