"""Sample tenants: two organizations with a person and an event each, and an account for each kind of access."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from core.audit import AuditAction
from core.categories import Category
from core.clock import now
from core.erasure import ErasurePhase
from core.event_types import EventType
from core.ids import encode_node_id
from core.roles import Role
from core.scope import Scope
from core.webhooks import AttemptOutcome
from db.keyset import PageRequest
from db.queries import audit_entries, erasures, webhook_deliveries
from db.queries.alert_rules import AlertRuleRow
from db.queries.audit_entries import NewEntry
from db.queries.erasures import NewErasure, Progress
from db.queries.goals import GoalRow
from db.queries.organizations import OrganizationRow
from db.queries.saved_queries import SavedQueryRow
from db.queries.teams import TeamRow
from db.queries.webhooks import WebhookRow
from tests.world import Asker, Recorded, World, own_rules, raw

PERIOD = {"between": {"start": "2026-08-03T00:00:00Z", "end": "2026-08-04T00:00:00Z"}}


@dataclass(frozen=True)
class Tenant:
    """An organization, somebody who is recorded, the id of their one event, their team, rules and goals about these.

    `webhook_event`: the plain id of what a webhook is told of them.
    """

    organization: OrganizationRow
    person: Recorded
    behavior: str
    team: TeamRow
    alert_rule: AlertRuleRow
    goal: GoalRow
    team_goal: GoalRow
    webhook_event: str
    saved_query: SavedQueryRow

    @property
    def id(self) -> str:
        """The organization's opaque id."""
        return encode_node_id("Organization", self.organization.id.bytes)

    @property
    def person_id(self) -> str:
        """The person's opaque id."""
        return encode_node_id("ExtensionUser", self.person.id.bytes)

    @property
    def team_id(self) -> str:
        """The team's opaque id."""
        return encode_node_id("Team", self.team.id.bytes)

    @property
    def alert_rule_id(self) -> str:
        """The alert rule's opaque id."""
        return encode_node_id("AlertRule", self.alert_rule.id.bytes)


@dataclass(frozen=True)
class SampleTenants:
    """`ours` has a viewer, a member and an admin; the outsider is an admin of `theirs`; one event is anonymous.

    Somebody of `ours` has been erased.
    """

    ours: Tenant
    theirs: Tenant
    anonymous_behavior: str
    erasure: str
    stranger: Asker
    viewer: Asker
    member: Asker
    admin: Asker
    outsider: Asker
    super_admin: Asker

    @property
    def variables(self) -> dict[str, Any]:
        """The variables that questions may use."""
        return {
            "ours": self.ours.id,
            "theirs": self.theirs.id,
            "olga": self.ours.person_id,
            "theo": self.theirs.person_id,
            "ourTeam": self.ours.team_id,
            "theirTeam": self.theirs.team_id,
            "ourRule": self.ours.alert_rule_id,
            "theirRule": self.theirs.alert_rule_id,
            "ourGoal": encode_node_id("Goal", self.ours.goal.id.bytes),
            "sharedGoal": encode_node_id("Goal", self.ours.team_goal.id.bytes),
            "ourQuery": encode_node_id("SavedQuery", self.ours.saved_query.id.bytes),
            "event": self.ours.behavior,
            "nobodys": self.anonymous_behavior,
            "erasure": self.erasure,
            "boss": user_id(self.super_admin),
            "ourWebhookEvent": self.ours.webhook_event,
            "period": PERIOD,
        }

    @property
    def everybody(self) -> dict[str, Asker]:
        """The askers by the names of these attributes."""
        parts = ("stranger", "viewer", "member", "admin", "outsider", "super_admin")
        return {part: getattr(self, part) for part in parts}


async def _tenant(world: World, name: str, person: str) -> tuple[OrganizationRow, Recorded]:
    organization = await world.organization(name)
    return organization, await world.recorded(organization, person)


async def create_sample_tenants(world: World) -> SampleTenants:
    """Create `Ours` with olga, `Theirs` with theo, each with one event, and one anonymous event.

    Each organization has an entry in the audit log, written by the command line.
    """
    ours, olga = await _tenant(world, "Ours", "olga")
    theirs, theo = await _tenant(world, "Theirs", "theo")
    await asyncio.gather(
        world.browse(olga, raw("09:00:00", EventType.FOCUS.wire, "https://ours.com/", "s-ours")),
        world.browse(theo, raw("10:00:00", EventType.FOCUS.wire, "https://theirs.com/", "s-theirs")),
        world.browse(None, raw("11:00:00", EventType.FOCUS.wire, "https://nobody.com/", "s-nobody")),
    )
    await own_rules(world, ours, {"ours.test": Category.WORK_TOOLS})
    await own_rules(world, theirs, {"theirs.test": Category.RESEARCH})
    hooks = [await world.webhook(each, f"hook of {each.name.lower()}") for each in (ours, theirs)]
    async with world.services.database.write() as db:
        for organization, person in ((ours, olga), (theirs, theo)):
            await audit_entries.add(db, NewEntry(AuditAction.KEY_ISSUED, None, organization.id, person.id))
        erasure = await erasures.begin(db, NewErasure(ours.id, uuid4(), uuid4()), [])
        await erasures.record(db, erasure.id, Progress(ErasurePhase.DONE, None))
    our_event, their_event = [await _tried(world, hook) for hook in hooks]
    super_admin = await world.super_admin()
    found = await super_admin.ask("{ behaviors(orderBy: OLDEST_FIRST) { nodes { id } } }")
    ours_id, theirs_id, anonymous_id = (node["id"] for node in found["behaviors"]["nodes"])
    return SampleTenants(
        ours=await _with_goals(world, ours, olga, ours_id, our_event),
        theirs=await _with_goals(world, theirs, theo, theirs_id, their_event),
        anonymous_behavior=anonymous_id,
        erasure=encode_node_id("Erasure", erasure.id.bytes),
        stranger=world.stranger,
        viewer=await world.member(ours, Role.VIEWER),
        member=await world.member(ours, Role.MEMBER),
        admin=await world.member(ours, Role.ADMIN),
        outsider=await world.member(theirs, Role.ADMIN),
        super_admin=super_admin,
    )


async def _with_goals(
    world: World, organization: OrganizationRow, person: Recorded, behavior: str, webhook_event: str
) -> Tenant:
    """The tenant, with a team that the person is in, a rule, a goal of each, and a saved query."""
    name = organization.name.lower()
    team = await world.team(organization, person, name=f"team of {name}")
    goal = await world.goal(organization, person=person, name=f"goal of {name}")
    team_goal = await world.goal(organization, team=team, name=f"goal of {name}")
    rule = await world.alert_rule(organization, person, f"rule of {name}")
    saved_query = await world.saved_query(organization, name=f"query of {name}")
    return Tenant(organization, person, behavior, team, rule, goal, team_goal, webhook_event, saved_query)


async def _tried(world: World, webhook: WebhookRow) -> str:
    """The plain id of the event that a webhook was told, in vain: the problem names the owner."""
    scope = Scope.of([webhook.organization_id])
    async with world.services.database.write() as db:
        pages = await webhook_deliveries.pages_by_webhook(db, scope, [webhook.id], None, PageRequest(1, None))
        [delivery] = pages[webhook.id].rows
        problem = webhook.name.removeprefix("hook of ")
        attempt = {
            "at": now().isoformat(),
            "outcome": AttemptOutcome.REFUSED.value,
            "status": 500,
            "problem": problem,
            "seconds": 0.1,
        }
        await webhook_deliveries.note_failure(db, delivery.id, attempt, 3600)
    return str(delivery.event_id)


def user_id(asker: Asker) -> str:
    """The opaque id of the account that asks."""
    assert asker.user is not None
    return encode_node_id("User", asker.user.id.bytes)


def leaves(value: Any) -> list[Any]:
    """The scalars of an answer, in its order."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


async def outcome(asker: Asker, selection: str, **variables: Any) -> Any:
    """Return the result of a selection: the code of its error, else the scalars of its answer (one alone as itself).

    The variables that it uses are declared for it: `$period` is a period, the others are ids.
    """
    used = {name: value for name, value in variables.items() if f"${name}" in selection}
    types = ", ".join(f"${name}: {'Period!' if name == 'period' else 'ID!'}" for name in used)
    kind, brace, rest = selection.partition("{")
    answer = await asker.post(f"{kind or 'query'} {f'({types})' if types else ''} {brace}{rest}", **used)
    if "errors" in answer:
        return answer["errors"][0]["extensions"]["code"]
    found = leaves(answer["data"])
    return found[0] if len(found) == 1 else found


async def run(asker: Asker, mutation: str, **members: Any) -> dict[str, Any]:
    """The answer to a request of one field, whose `$input` has these members."""
    [answer] = (await asker.ask(mutation, input=members)).values()
    found: dict[str, Any] = answer
    return found
