"""The setting of who may introspect the GraphQL schema."""

from enum import StrEnum


class Introspection(StrEnum):
    """The callers whose `__schema` and `__type` are answered."""

    EVERYBODY = "everybody"
    SUPER_ADMINS = "super_admins"
    NOBODY = "nobody"
