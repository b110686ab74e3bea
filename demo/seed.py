"""Fills a database with the demo: an organization, an admin, six people, and their last two months of browsing.

A second run adds the browsing since the first: that of a day is always the same, so stored events are recognised as
duplicates. All events are stored by the ordinary path of ingestion.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from rich.progress import track
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.api_keys import new_api_key
from core.clock import now
from core.errors import CannotGoOn
from core.events import RawEvent
from core.limits import EVENTS_PER_BATCH, PAGE
from core.months import month_of
from core.roles import Role
from core.scope import Scope
from db import partitions
from db.key_usage import KeyUsage
from db.keyset import PageRequest
from db.queries import extension_users, memberships, organizations, users
from db.queries.extension_users import ExtensionUserConditions
from demo.browsing import days_of_browsing
from demo.personas import PERSONAS, Persona
from resolvers import ingestion
from resolvers.services import Services
from resolvers.users import create_account

ORGANIZATION = "Northwind Demo"
ADMIN = "demo"

_DAYS = 62
"""As many as two months may have, so that a month has an earlier one to be compared with."""
_ZONE = ZoneInfo("Europe/Berlin")
_SEED = 7
_WITHOUT_KEY = "tomas.novak"
"""The person whose extension sends no key, to show what requiring keys would refuse."""
_PASSWORD_FILE = "demo_password"  # noqa: S105 - a file's name


async def seed(services: Services, data_dir: Path) -> str:
    """Add browsing up to now; return the admin's password. CannotGoOn if another account has the admin's name."""
    admin_id, password = await _admin(services, data_dir)
    async with services.database.write() as connection:
        organization_id = await _organization(connection, admin_id)
        people = await _people(connection, organization_id)
    await partitions.ensure(services.database, {month_of(now() - timedelta(days=ago)) for ago in range(_DAYS + 1)})
    # Side by side, so that the writer commits the events of several people at once.
    browsing = asyncio.as_completed([_browse(services, each, people[each.username]) for each in PERSONAS])
    for browsed in track(browsing, "Demo browsing", total=len(PERSONAS), transient=True):
        await browsed
    _record_usage(services.key_usage, people)
    return password


def _password(path: Path) -> str:
    """Return the admin's password, generated at the first start in a file that only its owner can read."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(12))
    return path.read_text()


async def _admin(services: Services, data_dir: Path) -> tuple[UUID, str]:
    """Return the admin's id and password; CannotGoOn if the account was not made from this data directory."""
    async with services.database.read() as connection:
        found = await users.credentials(connection, ADMIN)
    path = data_dir / _PASSWORD_FILE
    if found is None:
        password = _password(path)
        admin = await create_account(services, ADMIN, password, is_super_admin=True)
        return admin.id, password
    admin_id, stored = found
    if not path.exists() or not await services.passwords.check(path.read_text(), stored):
        raise CannotGoOn(
            f"There is an account named {ADMIN}, and {path} does not hold its password: "
            "the demo will not take it over. Run it on a database of its own."
        )
    return admin_id, path.read_text()


async def _organization(connection: AsyncConnection, admin_id: UUID) -> UUID:
    """Return the id of the demo's organization: one of exactly that name of which the admin is a member."""
    joined = await memberships.by_users(connection, Scope.everything(), [admin_id])
    own = Scope.of(membership.organization_id for membership in joined[admin_id])
    found = await organizations.page(connection, own, ORGANIZATION, PageRequest(PAGE))
    for row in found.rows:
        if row.name == ORGANIZATION:
            return row.id
    organization = await organizations.create(connection, ORGANIZATION, "Six people and two months of their browsing.")
    await memberships.add(connection, organization.id, admin_id, Role.ADMIN)
    return organization.id


async def _people(connection: AsyncConnection, organization_id: UUID) -> dict[str, UUID]:
    scope = Scope.of([organization_id])
    found = await extension_users.page(connection, scope, ExtensionUserConditions(), PageRequest(PAGE))
    people = {row.username: row.id for row in found.rows}
    for persona in PERSONAS:
        if persona.username not in people:
            key = new_api_key()
            row = await extension_users.create(connection, organization_id, persona.username, key.hash, key.prefix)
            people[persona.username] = row.id
    return people


async def _browse(services: Services, persona: Persona, user_id: UUID) -> None:
    events = _events(persona, user_id)
    while batch := list(islice(events, EVENTS_PER_BATCH)):
        await ingestion.store(services, batch)


def _record_usage(key_usage: KeyUsage, people: Mapping[str, UUID]) -> None:
    """Record the use of everybody's key, except for the person whose events come without one."""
    for persona in PERSONAS:
        record = key_usage.touch_keyless if persona.username == _WITHOUT_KEY else key_usage.touch
        record(people[persona.username], now())


def _events(persona: Persona, user_id: UUID) -> Iterator[RawEvent]:
    for members in days_of_browsing(persona, now(), days=_DAYS, timezone=_ZONE, seed=_SEED):
        yield msgspec.convert(members | {"userId": str(user_id)}, RawEvent)
