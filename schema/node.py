"""Nodes: things with an opaque id that can be fetched again."""

import strawberry

from core.ids import encode_node_id
from db.queries.behaviors import BehaviorRow
from db.queries.extension_users import ExtensionUserRow
from db.queries.organizations import OrganizationRow
from db.queries.teams import TeamRow
from db.queries.users import UserRow

ID_DESCRIPTION = "Opaque and stable. Arguments that take an id also take the plain `uuid`, of all but behaviors."
NODE_TYPES = ("User", "Organization", "ExtensionUser", "Team", "Behavior")
NodeRow = UserRow | OrganizationRow | ExtensionUserRow | TeamRow | BehaviorRow


@strawberry.interface(description="A thing with an id, by which it can be fetched again.")
class Node:
    """The Relay Node interface, over the rows that have an id."""

    @strawberry.field(description=ID_DESCRIPTION)
    def id(root: strawberry.Parent[NodeRow]) -> strawberry.ID:
        return strawberry.ID(node_id(root))


def node_id(row: NodeRow) -> str:
    """The opaque id of a row."""
    if isinstance(row, BehaviorRow):
        return row.key.node_id
    if isinstance(row, UserRow):
        return encode_node_id("User", row.id.bytes)
    if isinstance(row, OrganizationRow):
        return encode_node_id("Organization", row.id.bytes)
    if isinstance(row, TeamRow):
        return encode_node_id("Team", row.id.bytes)
    return encode_node_id("ExtensionUser", row.id.bytes)
