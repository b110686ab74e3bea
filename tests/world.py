"""Organizations, people, accounts and events for tests, made the way the service makes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from httpx import AsyncClient
from msgspec.structs import replace

from auth.api_keys import ApiKey, new_api_key
from auth.tokens import AccessClaims, hash_of, new_refresh_token
from core.alerts.conditions import AlertComparison, Reading, checked_condition
from core.alerts.states import RuleLogic
from core.categories import Category
from core.clock import now
from core.events import RawEvent
from core.goals import GoalInterval
from core.roles import Role
from core.scope import Scope
from core.webhooks import WebhookEventType
from db.queries import (
    alert_rules,
    alerts,
    annotations,
    category_rules,
    extension_users,
    goals,
    memberships,
    organizations,
    saved_queries,
    sign_ins,
    team_leads,
    teams,
    users,
    webhooks,
)
from db.queries.alert_rules import AlertRuleContent, AlertRuleRow
from db.queries.annotations import AnnotationRow, NewAnnotation
from db.queries.category_rules import VersionKey
from db.queries.extension_users import ExtensionUserRow
from db.queries.goals import GoalRow, GoalSubject, GoalTerms
from db.queries.organizations import OrganizationRow
from db.queries.saved_queries import NewSavedQuery, SavedQueryRow
from db.queries.teams import TeamRow
from db.queries.users import UserRow
from db.queries.webhooks import NewWebhook, WebhookRow
from db.submissions import Receipt
from resolvers import ingestion
from resolvers.services import Services

PASSWORD = "correct horse battery"
_number = count(1)


@dataclass
class Asker:
    """A GraphQL client, signed in with a token (None: a stranger)."""

    http: AsyncClient
    user: UserRow | None = None
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole response to a GraphQL request."""
        headers = self.headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        response = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a request that must succeed."""
        answer = await self.post(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def refused(self, query: str, **variables: Any) -> dict[str, Any]:
        """The first error of a request that must fail: `message`, `extensions`, …."""
        answer = await self.post(query, **variables)
        assert answer.get("errors"), answer
        error: dict[str, Any] = answer["errors"][0]
        return error


@dataclass(frozen=True)
class Recorded:
    """An extension user and their API key."""

    row: ExtensionUserRow
    key: ApiKey

    @property
    def id(self) -> UUID:
        """Their id."""
        return self.row.id


@dataclass(frozen=True)
class World:
    """Makes people and things in the application's database."""

    services: Services
    http: AsyncClient

    @property
    def stranger(self) -> Asker:
        """A client that is not signed in."""
        return Asker(self.http)

    async def user(self, username: str | None = None, *, is_super_admin: bool = False) -> UserRow:
        """An account whose password is PASSWORD. (Hashing takes long; tests of passwords ask for it.)"""
        async with self.services.database.write() as db:
            name = username or f"user-{next(_number)}"
            return await users.create(db, name, "!", is_super_admin=is_super_admin)

    async def user_with_password(self, username: str, *, is_super_admin: bool = False) -> UserRow:
        """An account that can sign in with PASSWORD."""
        password_hash = await self.services.passwords.hash(PASSWORD)
        async with self.services.database.write() as db:
            return await users.create(db, username, password_hash, is_super_admin=is_super_admin)

    async def sign_in(self, user: UserRow) -> Asker:
        """The user, signed in."""
        async with self.services.database.write() as db:
            token_hash = hash_of(new_refresh_token())
            sign_in_id = await sign_ins.begin(db, user.id, token_hash, now() + timedelta(days=1), None)
        token = self.services.tokens.issue(AccessClaims(user.id, sign_in_id))
        return Asker(self.http, user, token.text)

    async def super_admin(self) -> Asker:
        """A super admin, signed in."""
        return await self.sign_in(await self.user(is_super_admin=True))

    async def organization(self, name: str | None = None) -> OrganizationRow:
        """An organization."""
        async with self.services.database.write() as db:
            return await organizations.create(db, name or f"Organization {next(_number)}", None)

    async def member(self, organization: OrganizationRow, role: Role = Role.ADMIN) -> Asker:
        """A member of the organization, signed in."""
        user = await self.user()
        async with self.services.database.write() as db:
            await memberships.add(db, organization.id, user.id, role)
        return await self.sign_in(user)

    async def lead(self, organization: OrganizationRow, *led: TeamRow) -> Asker:
        """A member of the organization who leads these teams, signed in."""
        asker = await self.member(organization, Role.LEAD)
        assert asker.user
        async with self.services.database.write() as db:
            for team in led:
                await team_leads.add(db, team, asker.user.id)
        return asker

    async def recorded(self, organization: OrganizationRow, username: str | None = None) -> Recorded:
        """An extension user of the organization."""
        key = new_api_key()
        async with self.services.database.write() as db:
            name = username or f"person-{next(_number)}"
            return Recorded(await extension_users.create(db, organization.id, name, key.hash, key.prefix), key)

    async def team(self, organization: OrganizationRow, *people: Recorded, name: str | None = None) -> TeamRow:
        """A team of the organization, with these people in it."""
        async with self.services.database.write() as db:
            row = await teams.create(db, organization.id, name or f"Team {next(_number)}")
            await teams.add_people(db, row.id, [person.id for person in people])
            return row

    async def annotation(
        self, organization: OrganizationRow, first_day: date, last_day: date | None = None, text: str = "A note"
    ) -> AnnotationRow:
        """An annotation of the organization."""
        new = NewAnnotation(first_day, last_day or first_day, text)
        async with self.services.database.write() as db:
            return await annotations.create(db, organization.id, new)

    async def alert_rule(self, organization: OrganizationRow, person: Recorded, name: str) -> AlertRuleRow:
        """An alert rule on a person's events, with an alert that fired; switched off, so that nothing changes it."""
        logic = RuleLogic(checked_condition(AlertComparison.ABOVE, 100, None))
        content = AlertRuleContent(
            name, "events", logic, timedelta(hours=1), extension_user_id=person.id, enabled=False
        )
        async with self.services.database.write() as db:
            row = await alert_rules.create(db, organization.id, content)
            await alerts.fire(db, row, moment("12:00:00"), Reading(101))
            return row

    async def saved_query(
        self,
        organization: OrganizationRow,
        document: str = "{ viewer { username } }",
        variables: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> SavedQueryRow:
        """A saved query of the organization, whether it is valid or not."""
        new = NewSavedQuery(name or f"Query {next(_number)}", document, json.dumps(variables or {}))
        async with self.services.database.write() as db:
            return await saved_queries.create(db, organization.id, new)

    async def goal(
        self,
        organization: OrganizationRow,
        *,
        person: Recorded | None = None,
        team: TeamRow | None = None,
        **terms: Any,
    ) -> GoalRow:
        """A goal of the person, of the team, or of the organization: at least one session a day, unless told."""
        subject = GoalSubject(organization.id, person.id if person else None, team.id if team else None)
        usual = {
            "name": "A goal",
            "measure": "sessions",
            "conditions": None,
            "interval": GoalInterval.DAY,
            "at_least": 1.0,
            "at_most": None,
            "weekdays": None,
            "timezone": ZoneInfo("UTC"),
        }
        async with self.services.database.write() as db:
            return await goals.create(db, subject, GoalTerms(**(usual | terms)))

    async def webhook(self, organization: OrganizationRow, name: str = "hook") -> WebhookRow:
        """A webhook of the organization that is told of new people, at an address that does not exist."""
        kinds = (WebhookEventType.PERSON_CREATED,)
        new = NewWebhook(organization.id, name, "https://hooks.invalid/", kinds, None, uuid4(), b"salt")
        async with self.services.database.write() as db:
            return await webhooks.add(db, new)

    async def browse(self, person: Recorded | None, *events: RawEvent) -> Receipt:
        """Store events of a person (None: anonymous ones) by the service's own way."""
        user_id = None if person is None else person.id
        return await ingestion.store(self.services, [replace(event, user_id=user_id) for event in events])


def at(clock: str, day: str = "2026-08-03") -> str:
    """An instant of a test's day as the wire writes it: `at("09:00:30")`."""
    return f"{day}T{clock}Z"


def moment(clock: str, day: str = "2026-08-03") -> datetime:
    """The same as a datetime."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)


def raw(clock: str, kind: str = "focus", url: str = "https://a.com/1", session: str = "s1", **more: Any) -> RawEvent:
    """An event of a test's day."""
    return RawEvent(session, at(clock), kind, url, **more)


async def own_rules(world: World, organization: OrganizationRow, rules: Mapping[str, Category]) -> None:
    """Make these an organization's rules, by another version of them."""
    scope = Scope.of([organization.id])
    async with world.services.database.write() as db:
        version = (await category_rules.latest(db, scope, [organization.id])).get(organization.id, 0)
        latest = VersionKey(organization.id, version)
        before = (await category_rules.rules(db, scope, [latest]))[latest]
        await category_rules.change(db, VersionKey(organization.id, version + 1), None, before, rules)
