"""The data of the tests of access, and the owners of the things that an answer shows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from auth.api_tokens import SERVICE_ACCOUNT, new_api_token
from auth.tokens import hash_of, new_link_token
from core.audit import AuditAction
from core.categories import Category
from core.clock import now
from core.events import ANONYMOUS, RawEvent
from core.ids import BehaviorKey, encode_node_id
from core.roles import Role
from core.token_scopes import TokenScope
from db.queries import (
    api_tokens,
    audit_entries,
    invitations,
    membership_offers,
    memberships,
    team_leads,
    webhook_deliveries,
)
from db.queries.api_tokens import NewToken
from db.queries.audit_entries import NewEntry
from db.queries.invitations import NewInvitation
from db.queries.membership_offers import NewOffer
from db.queries.organizations import OrganizationRow
from tests.schema.sample_tenants import SampleTenants, create_sample_tenants, user_id
from tests.world import Asker, Recorded, World, moment, own_rules, raw

PARTS = ("nobody", "lead", "viewer", "member", "admin", "outsider", "super_admin")
_SESSIONS = {"ours": 1, "theirs": 2, "anonymous": 4}
"""How many sessions there are of each, and people of each organization: any sum of them tells whose they are."""
_EVENTS = 12  # in each session, on each of two days
_NAMES = re.compile(r"\b(ours|theirs|nobody)\b")
_TABLES = (
    "users",
    "organizations",
    "memberships",
    "membership_offers",
    "invitations",
    "account_links",
    "extension_users",
    "teams",
    "team_people",
    "team_leads",
    "annotations",
    "alert_rules",
    "alerts",
    "goals",
    "webhooks",
    "webhook_deliveries",
    "saved_queries",
    "behaviors",
    "category_rules",
    "api_tokens",
)
_FINGERPRINT = " UNION ALL ".join(
    f"SELECT md5(string_agg(row::text, ';' ORDER BY row::text)) FROM {table} AS row" for table in _TABLES
)
_RULES = """mutation ($id: ID!, $pattern: String!) {
    setCategoryRules(input: {organizationId: $id, rules: [{pattern: $pattern, category: WORK_TOOLS}]}) { __typename }
}"""
_REFUSALS = {"UNAUTHENTICATED": "sign-in", "FORBIDDEN": "forbidden", "NOT_FOUND": "missing"}


@dataclass(frozen=True)
class SampleObjects:
    """The sample tenants, and the owner of each object. `lead` leads the team of `ours`, which olga is in."""

    world: World
    tenants: SampleTenants
    lead: Asker

    @cached_property
    def askers(self) -> dict[str, Asker]:
        """The askers by their names in access.txt."""
        parts = self.tenants.everybody | {"lead": self.lead}
        return {"nobody": parts["stranger"]} | {part: parts[part] for part in PARTS[1:]}

    @cached_property
    def owners(self) -> dict[str, str]:
        """The owners of an id or the name of an account."""
        found: dict[str, str] = {}
        for owner, tenant in (("ours", self.tenants.ours), ("theirs", self.tenants.theirs)):
            mine = [
                tenant.id,
                tenant.person_id,
                tenant.team_id,
                tenant.behavior,
                tenant.webhook_event,
                tenant.organization.id,
                tenant.person.id,
                tenant.team.id,
                tenant.alert_rule_id,
                tenant.alert_rule.id,
            ]
            found |= dict.fromkeys([*map(str, mine), tenant.person.row.username], owner)
        for part, owner in {
            "lead": "ours",
            "viewer": "ours",
            "member": "ours",
            "admin": "ours",
            "outsider": "theirs",
        }.items():
            found |= self._account(self.askers[part], owner)
        return found | self._account(self.askers["super_admin"], "boss")

    def outcome(self, answer: dict[str, Any]) -> str:
        """The outcome of an answer: `sign-in`, `forbidden`, `missing`, or the owners of what it shows (`-`: none)."""
        if "errors" in answer:
            code: str = answer["errors"][0]["extensions"]["code"]
            return _REFUSALS.get(code, code)
        [found] = answer["data"].values()
        return "missing" if found is None else in_short(set(self._owners_in(found)))

    def _owners_in(self, value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from _counted(value)
            for name, part in value.items():
                if name not in {"cursor", "startCursor", "endCursor"}:
                    yield from self._owners_in(part)
        elif isinstance(value, list):
            for part in value:
                yield from self._owners_in(part)
        elif isinstance(value, str):
            yield from owners_named(value)
            if value in self.owners:
                yield self.owners[value]

    @staticmethod
    def _account(asker: Asker, owner: str) -> dict[str, str]:
        assert asker.user
        return dict.fromkeys([user_id(asker), str(asker.user.id), asker.user.username], owner)


def owners_named(text: str) -> set[str]:
    """The owners of the things that a text names."""
    return {"anonymous" if name == "nobody" else name for name in _NAMES.findall(text)}


def in_short(owners: set[str]) -> str:
    """The owners in a word: `both` are ours and theirs, `all` is the anonymous, too."""
    if {"ours", "theirs", "anonymous"} <= owners:
        owners = owners - {"ours", "theirs", "anonymous"} | {"all"}
    if {"ours", "theirs"} <= owners:
        owners = owners - {"ours", "theirs"} | {"both"}
    return "+".join(sorted(owners)) or "-"


def _counted(figures: dict[str, Any]) -> Iterator[str]:
    """The owners of the sessions, events, blocks of deep work or people that were counted."""
    counts = []
    if {"events", "sessions"} <= figures.keys():
        counts = [figures["events"] / _EVENTS, figures["sessions"]]
    elif "sessionsCount" in figures:
        counts = [figures["sessionsCount"]]
    elif figures.keys() == {"high", "medium", "low"}:
        counts = [sum(figures.values())]
    elif {"met", "value"} <= figures.keys():
        counts = [figures["value"]]
    elif "usedToday" in figures:
        counts = [figures["total"], figures["active"]]
    for count in counts:
        assert count == int(count)
        yield from (owner for owner, weight in _SESSIONS.items() if int(count) & weight)


async def create_sample_objects(world: World) -> SampleObjects:
    """Create the sample tenants, their own rules, and half an hour of deep work in each session on two days."""
    tenants = await create_sample_tenants(world)
    await world.recorded(tenants.theirs.organization, "theirs-too")
    number = 0
    for owner, person in (("ours", tenants.ours.person), ("theirs", tenants.theirs.person), ("nobody", None)):
        for session in range(_SESSIONS.get(owner, 4)):
            number += 1
            for day in ("2026-08-02", "2026-08-03"):
                done = int(day.endswith("3") and session == 0)  # by `create_sample_tenants` already
                await world.browse(person, *_work(owner, f"s-{owner}{'-' * session}", f"{day}T{11 + number}", done))
    for admin, tenant in ((tenants.admin, tenants.ours), (tenants.outsider, tenants.theirs)):
        name = tenant.organization.name.lower()
        await admin.ask(_RULES, id=tenant.id, pattern=f"{name}.com")
        assert admin.user
        entry = NewEntry(
            AuditAction.KEY_ISSUED, admin.user.id, tenant.organization.id, tenant.person.id, details={"of": name}
        )
        async with world.services.database.write() as db:
            await audit_entries.add(db, entry)
    for tenant in (tenants.ours, tenants.theirs):
        await _service_account(world, tenant.organization, f"robot of {tenant.organization.name.lower()}")
    for tenant, invited in ((tenants.ours, tenants.super_admin), (tenants.theirs, tenants.viewer)):
        await _offer(world, tenant.organization, invited)
    for tenant in (tenants.ours, tenants.theirs):
        text = f"note of {tenant.organization.name.lower()}"
        await world.annotation(tenant.organization, date(2026, 8, 3), text=text)
    samples = SampleObjects(world, tenants, await world.lead(tenants.ours.organization, tenants.ours.team))
    await _invitation(samples, tenants.ours.organization)
    return samples


async def _offer(world: World, organization: OrganizationRow, invited: Asker) -> str:
    """The id of an offer of membership. The username is in capitals, so as not to be taken for the account's own."""
    assert invited.user
    new = NewOffer(organization.id, invited.user.username.upper(), invited.user.id, Role.ADMIN, uuid4())
    async with world.services.database.write() as db:
        offer = await membership_offers.add(db, new, timedelta(days=1))
    assert offer
    return encode_node_id("MembershipOffer", offer.id.bytes)


async def _invitation(samples: SampleObjects, organization: OrganizationRow) -> dict[str, str]:
    """The id of an invitation that the admin has made, and the token of its link."""
    admin, token = samples.askers["admin"].user, new_link_token()
    assert admin
    new = NewInvitation(hash_of(token), organization.id, Role.MEMBER, "invited@example.com", admin.id)
    async with samples.world.services.database.write() as db:
        invitation = await invitations.add(db, new, timedelta(days=1))
    assert invitation
    return {"invitation": encode_node_id("Invitation", invitation.id.bytes), "linkToken": token}


async def _service_account(world: World, organization: OrganizationRow, name: str) -> str:
    """The id of a service account of the organization."""
    token, scopes = new_api_token(SERVICE_ACCOUNT), frozenset({TokenScope.EXPORT})
    expires_at = now() + timedelta(days=1)
    new = NewToken(token.hash, token.prefix, organization.id, None, name, scopes, uuid4(), expires_at)
    async with world.services.database.write() as db:
        row = await api_tokens.add(db, new)
    return encode_node_id("ServiceAccount", row.id.bytes)


def _work(owner: str, session: str, hour: str, done: int) -> list[RawEvent]:
    """Events three minutes apart, the last of them on another domain of the site."""
    domains = [f"{owner}.com"] * (_EVENTS - done - 1) + [f"go.{owner}.com"]
    return [
        RawEvent(session, f"{hour}:{3 * place:02}:00Z", "keydown", f"https://{domain}/")
        for place, domain in enumerate(domains)
    ]


async def fingerprint(world: World) -> list[str]:
    """A digest of the tables' contents."""
    async with world.services.database.read() as db:
        return [str(mark) for mark in (await db.execute(text(_FINGERPRINT))).scalars()]


async def another_tenant(samples: SampleObjects) -> dict[str, Any]:
    """The variables of a mutation, about an organization of its own that the askers belong to as they do to `ours`.

    It has offered membership to the outsider.
    """
    world, askers = samples.world, samples.askers
    organization = await world.organization()
    newcomer = await world.user()
    person: Recorded = await world.recorded(organization)
    colleague = await world.recorded(organization)
    team = await world.team(organization, person)
    goal = await world.goal(organization)
    saved = await world.saved_query(organization)
    annotation = await world.annotation(organization, date(2026, 8, 3))
    rule = await world.alert_rule(organization, person, "rule")
    async with world.services.database.write() as db:
        for part, role in {
            "lead": Role.LEAD,
            "viewer": Role.VIEWER,
            "member": Role.MEMBER,
            "admin": Role.ADMIN,
        }.items():
            user = askers[part].user
            assert user
            await memberships.add(db, organization.id, user.id, role)
            if role is Role.LEAD:
                await team_leads.add(db, team, user.id)
    apprentice = await world.lead(organization)
    await own_rules(world, organization, {"ours.test": Category.WORK_TOOLS})
    return {
        "ours": encode_node_id("Organization", organization.id.bytes),
        "olga": encode_node_id("ExtensionUser", person.id.bytes),
        "paul": encode_node_id("ExtensionUser", colleague.id.bytes),
        "team": encode_node_id("Team", team.id.bytes),
        "saved": encode_node_id("SavedQuery", saved.id.bytes),
        "goal": encode_node_id("Goal", goal.id.bytes),
        **await _webhook(world, organization),
        "annotation": encode_node_id("Annotation", annotation.id.bytes),
        "rule": encode_node_id("AlertRule", rule.id.bytes),
        "event": await _event_of(world, person),
        "nobodys": await _event_of(world, None),
        "colleague": user_id(askers["viewer"]),
        "leading": user_id(askers["lead"]),
        "apprentice": user_id(apprentice),
        "newcomer": newcomer.username,
        "offer": await _offer(world, organization, askers["outsider"]),
        **await _invitation(samples, organization),
        "robot": await _service_account(world, organization, "robot"),
    }


async def _webhook(world: World, organization: OrganizationRow) -> dict[str, str]:
    """The ids of a webhook of the organization, and of a delivery to it."""
    webhook = await world.webhook(organization)
    async with world.services.database.write() as db:
        delivery_id = await webhook_deliveries.add_test(db, webhook.id, organization.id, uuid4(), uuid4())
    return {
        "webhook": encode_node_id("Webhook", webhook.id.bytes),
        "delivery": encode_node_id("WebhookDelivery", delivery_id.bytes),
    }


async def _event_of(world: World, person: Recorded | None) -> str:
    [event] = (await world.browse(person, raw("20:00:00", session=str(uuid4())))).accepted
    ts = moment("20:00:00")
    return BehaviorKey(person.id if person else ANONYMOUS, ts, event.id).node_id
