"""Who may ask about the GraphQL schema."""

from enum import StrEnum


class Introspection(StrEnum):
    """Whom `__schema` and `__type` answer."""

    EVERYBODY = "everybody"
    SUPER_ADMINS = "super_admins"
    NOBODY = "nobody"
