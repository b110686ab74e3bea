"""What the tests of access play on, and how answers are told apart: by whose things stand in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from core.audit import AuditAction
from core.categories import Category
from core.events import ANONYMOUS, RawEvent
from core.ids import BehaviorKey, encode_node_id
from core.roles import Role
from db.queries import audit_entry as audit_entries
from db.queries import membership as memberships
from db.queries.audit_entry import NewEntry
from tests.schema.cast import Cast, assemble, user_id
from tests.world import Asker, Recorded, World, moment, own_rules, raw

PARTS = ("nobody", "viewer", "member", "admin", "outsider", "super_admin")
_SESSIONS = {"ours": 1, "theirs": 2, "anonymous": 4}
"""How many sessions there are of each, and people of each organization: any sum of them tells whose they are."""
_EVENTS = 12  # in each session, on each of two days
_NAMES = re.compile(r"\b(ours|theirs|nobody)\b")
_TABLES = ("users", "organizations", "memberships", "extension_users", "behaviors", "category_rules")
_FINGERPRINT = " UNION ALL ".join(
    f"SELECT md5(string_agg(row::text, ';' ORDER BY row::text)) FROM {table} AS row" for table in _TABLES
)
_RULES = """mutation ($id: ID!, $pattern: String!) {
    setCategoryRules(input: {organizationId: $id, rules: [{pattern: $pattern, category: WORK_TOOLS}]}) { __typename }
}"""
_REFUSALS = {"UNAUTHENTICATED": "sign-in", "FORBIDDEN": "forbidden", "NOT_FOUND": "missing"}


@dataclass(frozen=True)
class Stage:
    """The cast, and whose is what."""

    world: World
    cast: Cast

    @cached_property
    def askers(self) -> dict[str, Asker]:
        """All who ask, by the part they play."""
        parts = self.cast.everybody
        return {"nobody": parts["stranger"]} | {part: parts[part] for part in PARTS[1:]}

    @cached_property
    def owners(self) -> dict[str, str]:
        """Whose an id or the name of an account is."""
        found: dict[str, str] = {}
        for owner, tenant in (("ours", self.cast.ours), ("theirs", self.cast.theirs)):
            mine = [tenant.id, tenant.person_id, tenant.behavior, tenant.organization.id, tenant.person.id]
            found |= dict.fromkeys([*map(str, mine), tenant.person.row.username], owner)
        for part, owner in {"viewer": "ours", "member": "ours", "admin": "ours", "outsider": "theirs"}.items():
            found |= self._account(self.askers[part], owner)
        return found | self._account(self.askers["super_admin"], "boss")

    def outcome(self, answer: dict[str, Any]) -> str:
        """What an answer comes to: `sign-in`, `forbidden`, `missing`, or whose things it shows (`-`: nobody's)."""
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
    """Whose things a text names."""
    return {"anonymous" if name == "nobody" else name for name in _NAMES.findall(text)}


def in_short(owners: set[str]) -> str:
    """The owners in a word: `both` are ours and theirs, `all` is the anonymous, too."""
    if {"ours", "theirs", "anonymous"} <= owners:
        owners = owners - {"ours", "theirs", "anonymous"} | {"all"}
    if {"ours", "theirs"} <= owners:
        owners = owners - {"ours", "theirs"} | {"both"}
    return "+".join(sorted(owners)) or "-"


def _counted(figures: dict[str, Any]) -> Iterator[str]:
    """Whose sessions, events, blocks of deep work or people have been counted."""
    counts = []
    if {"events", "sessions"} <= figures.keys():
        counts = [figures["events"] / _EVENTS, figures["sessions"]]
    elif "sessionsCount" in figures:
        counts = [figures["sessionsCount"]]
    elif figures.keys() == {"high", "medium", "low"}:
        counts = [sum(figures.values())]
    elif "usedToday" in figures:
        counts = [figures["total"], figures["active"]]
    for count in counts:
        assert count == int(count)
        yield from (owner for owner, weight in _SESSIONS.items() if int(count) & weight)


async def set_up(world: World) -> Stage:
    """The cast, with half an hour of deep work in each of its sessions on two days, and rules that its admins made."""
    cast = await assemble(world)
    await world.recorded(cast.theirs.organization, "theirs-too")
    number = 0
    for owner, person in (("ours", cast.ours.person), ("theirs", cast.theirs.person), ("nobody", None)):
        for session in range(_SESSIONS.get(owner, 4)):
            number += 1
            for day in ("2026-08-02", "2026-08-03"):
                done = int(day.endswith("3") and session == 0)  # by the cast already
                await world.browse(person, *_work(owner, f"s-{owner}{'-' * session}", f"{day}T{11 + number}", done))
    for admin, tenant in ((cast.admin, cast.ours), (cast.outsider, cast.theirs)):
        name = tenant.organization.name.lower()
        await admin.ask(_RULES, id=tenant.id, pattern=f"{name}.com")
        assert admin.user
        entry = NewEntry(
            AuditAction.KEY_ISSUED, admin.user.id, tenant.organization.id, tenant.person.id, details={"of": name}
        )
        async with world.services.database.write() as db:
            await audit_entries.add(db, entry)
    return Stage(world, cast)


def _work(owner: str, session: str, hour: str, done: int) -> list[RawEvent]:
    return [
        RawEvent(session, f"{hour}:{3 * minute:02}:00Z", "keydown", f"https://{owner}.com/")
        for minute in range(_EVENTS - done)
    ]


async def fingerprint(world: World) -> list[str]:
    """What the tables hold, in short."""
    async with world.services.database.read() as db:
        return [str(mark) for mark in (await db.execute(text(_FINGERPRINT))).scalars()]


async def another_tenant(stage: Stage) -> dict[str, Any]:
    """The variables of a mutation, about an organization of its own that our cast belongs to as they do to ours."""
    world, askers = stage.world, stage.askers
    organization = await world.organization()
    newcomer = await world.user()
    person: Recorded = await world.recorded(organization)
    async with world.services.database.write() as db:
        for part, role in {"viewer": Role.VIEWER, "member": Role.MEMBER, "admin": Role.ADMIN}.items():
            user = askers[part].user
            assert user
            await memberships.add(db, organization.id, user.id, role)
    await own_rules(world, organization, {"ours.test": Category.WORK_TOOLS})
    return {
        "ours": encode_node_id("Organization", organization.id.bytes),
        "olga": encode_node_id("ExtensionUser", person.id.bytes),
        "event": await _event_of(world, person),
        "nobodys": await _event_of(world, None),
        "colleague": user_id(askers["viewer"]),
        "newcomer": newcomer.username,
    }


async def _event_of(world: World, person: Recorded | None) -> str:
    [event] = (await world.browse(person, raw("20:00:00", session=str(uuid4())))).accepted
    ts = moment("20:00:00")
    return BehaviorKey(person.id if person else ANONYMOUS, ts, event.id).node_id
