"""What a member of an organization may do in it."""

from enum import Enum


class Role(Enum):
    """Viewers and members read; admins also manage the organization, its members and its extension users."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"
