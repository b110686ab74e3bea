"""What the audit log tells of."""

from enum import Enum


class AuditAction(Enum):
    """Something done that an organization, or whoever runs the service, may be asked about later."""

    RETENTION_CHANGED = "retention_changed"
    EXTENSION_USER_ERASED = "extension_user_erased"
    EXTENSION_USER_EXPORTED = "extension_user_exported"
    BEHAVIORS_EXPORTED = "behaviors_exported"
    BEHAVIOR_DELETED = "behavior_deleted"
    KEY_ISSUED = "key_issued"
    KEY_REPLACED = "key_replaced"
    EXTENSION_USER_DEACTIVATED = "extension_user_deactivated"
    EXTENSION_USER_REACTIVATED = "extension_user_reactivated"
    MEMBER_ADDED = "member_added"
    MEMBER_ROLE_CHANGED = "member_role_changed"
    MEMBER_REMOVED = "member_removed"
    ORGANIZATION_CREATED = "organization_created"
    ORGANIZATION_DELETED = "organization_deleted"
    USER_CREATED = "user_created"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - an action's name
    PASSWORD_SET = "password_set"  # noqa: S105 - an action's name
