"""Alerts."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core.ids import encode_node_id
from db.queries.alert_rules import AlertRuleRow
from db.queries.alerts import AlertRow
from execution.context import Info
from resolvers import alert_rules
from schema.enums import AlertState

if TYPE_CHECKING:
    from schema.alert_rule import AlertRule

AlertStateArgument = Annotated[
    AlertState | None, strawberry.argument(description="The state of the alerts; without it those of both are listed.")
]


@strawberry.type(description="An alert: a rule's condition held from one evaluation to another.")
class Alert:
    """Shows an AlertRow."""

    @strawberry.field(description="Opaque and stable.")
    def id(root: strawberry.Parent[AlertRow]) -> strawberry.ID:
        return strawberry.ID(encode_node_id("Alert", root.id.bytes))

    state: AlertState = strawberry.field(description="Whether it is firing.")
    fired_at: datetime = strawberry.field(description="The end of the window that it fired at.")
    resolved_at: datetime | None = strawberry.field(
        description="The end of the window at which it was over, or the time of the rule's change; null while it is "
        "firing."
    )
    value: float | None = strawberry.field(
        description="The measure in that window, in its unit; of a rule on NO_DATA the number of events."
    )
    value_before: float | None = strawberry.field(
        description="The measure in the window before; null unless the rule compares with it."
    )

    @strawberry.field(
        graphql_type=Annotated["AlertRule", strawberry.lazy("schema.alert_rule")] | None, description="The rule."
    )
    async def rule(root: strawberry.Parent[AlertRow], info: Info) -> AlertRuleRow | None:
        return await alert_rules.alert_rule(info.context.caller, root.rule_id)
