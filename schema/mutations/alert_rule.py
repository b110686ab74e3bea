"""Alert rules: create, replace, delete."""

from typing import Annotated

import strawberry

from core.ids import encode_node_id, uuid_of
from core.token_scopes import TokenScope
from db.queries.alert_rules import AlertRuleRow
from execution.context import Info
from execution.declarations import SIGNED_IN
from execution.token_scopes import for_tokens
from resolvers import alert_rules
from schema.alert_rule import AlertRule, AlertRuleInput
from schema.errors import InvalidInput, NameTaken, NotFound, TooManyAlertRules
from schema.mutations.field import mutation


@strawberry.input(description="The organization, and the rule to make.")
class CreateAlertRuleInput:
    """The arguments."""

    organization_id: strawberry.ID = strawberry.field(description="The organization it belongs to, for good.")
    rule: AlertRuleInput = strawberry.field(description="The rule.")


@strawberry.type(description="The rule is made, and is evaluated within a minute.")
class CreateAlertRuleSuccess:
    """The outcome."""

    alert_rule: AlertRuleRow = strawberry.field(graphql_type=AlertRule, description="The rule.")


CreateAlertRuleResult = Annotated[
    CreateAlertRuleSuccess | InvalidInput | NameTaken | NotFound | TooManyAlertRules,
    strawberry.union("CreateAlertRuleResult", description="The result of `createAlertRule`."),
]


@mutation(
    CreateAlertRuleResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Make an alert rule. For the organization's admins.",
)
async def create_alert_rule(
    info: Info,
    input: Annotated[CreateAlertRuleInput, strawberry.argument(description="The organization and the rule.")],
) -> CreateAlertRuleSuccess:
    """Resolve the field."""
    organization_id = uuid_of(input.organization_id, "Organization")
    rule = await alert_rules.create(info.context.caller, organization_id, input.rule.content())
    return CreateAlertRuleSuccess(alert_rule=rule)


@strawberry.input(description="The rule, and its new content.")
class UpdateAlertRuleInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The rule.")
    rule: AlertRuleInput = strawberry.field(description="Its content from now on, whole.")


@strawberry.type(description="The rule is replaced and begins anew. An alert of it that was firing is over.")
class UpdateAlertRuleSuccess:
    """The outcome."""

    alert_rule: AlertRuleRow = strawberry.field(graphql_type=AlertRule, description="The rule as it is now.")


UpdateAlertRuleResult = Annotated[
    UpdateAlertRuleSuccess | InvalidInput | NameTaken | NotFound,
    strawberry.union("UpdateAlertRuleResult", description="The result of `updateAlertRule`."),
]


@mutation(
    UpdateAlertRuleResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Replace an alert rule, which then begins anew. For the organization's admins.",
)
async def update_alert_rule(
    info: Info, input: Annotated[UpdateAlertRuleInput, strawberry.argument(description="The rule and its new content.")]
) -> UpdateAlertRuleSuccess:
    """Resolve the field."""
    rule = await alert_rules.update(info.context.caller, uuid_of(input.id, "AlertRule"), input.rule.content())
    return UpdateAlertRuleSuccess(alert_rule=rule)


@strawberry.input(description="The rule to delete.")
class DeleteAlertRuleInput:
    """The arguments."""

    id: strawberry.ID = strawberry.field(description="The rule.")


@strawberry.type(description="The rule is gone, and so are its alerts.")
class DeleteAlertRuleSuccess:
    """The outcome."""

    deleted_id: strawberry.ID = strawberry.field(description="The id it had.")


DeleteAlertRuleResult = Annotated[
    DeleteAlertRuleSuccess | NotFound,
    strawberry.union("DeleteAlertRuleResult", description="The result of `deleteAlertRule`."),
]


@mutation(
    DeleteAlertRuleResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.ORGANIZATION_ADMIN),
    description="Delete an alert rule with its alerts. For the organization's admins.",
)
async def delete_alert_rule(
    info: Info, input: Annotated[DeleteAlertRuleInput, strawberry.argument(description="The rule to delete.")]
) -> DeleteAlertRuleSuccess:
    """Resolve the field."""
    deleted = await alert_rules.delete(info.context.caller, uuid_of(input.id, "AlertRule"))
    return DeleteAlertRuleSuccess(deleted_id=strawberry.ID(encode_node_id("AlertRule", deleted.bytes)))
