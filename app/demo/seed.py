"""Fills a database with the demo: an organization, an admin, six people, and their last month of browsing.

Running it again adds what has happened since: the browsing is the same for the same day, so what is stored already is
recognised, and everything goes in by the way of all events.
"""

import os
import secrets
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from rich.progress import track
from sqlalchemy.ext.asyncio import AsyncConnection

from app.demo.browsing import month_of_browsing
from app.demo.personas import PERSONAS, Persona
from app.readiness import CannotStart
from auth.api_keys import new_api_key
from core.clock import now
from core.events import RawEvent
from core.limits import EVENTS_PER_BATCH, PAGE
from core.roles import Role
from core.scope import Scope
from db.keyset import PageRequest
from db.queries import extension_user as extension_users
from db.queries import membership as memberships
from db.queries import organization as organizations
from db.queries import user as users
from db.queries.extension_user import ExtensionUserFilter
from resolvers import ingestion
from resolvers.services import Services
from resolvers.user import create_account

ORGANIZATION = "Northwind Demo"
ADMIN = "demo"

_DAYS = 30
_ZONE = ZoneInfo("Europe/Berlin")
_SEED = 7
_PASSWORD_FILE = "demo_password"  # noqa: S105 - a file's name


async def seed(services: Services, data_dir: Path) -> str:
    """Bring the demo up to this moment; the admin's password. CannotStart where the admin's name is somebody else's."""
    admin_id, password = await _admin(services, data_dir)
    async with services.database.write() as connection:
        organization_id = await _organization(connection, admin_id)
        people = await _people(connection, organization_id)
    for persona in track(PERSONAS, "Demo browsing", transient=True):
        await _browse(services, persona, people[persona.username])
    return password


def _password(path: Path) -> str:
    """The admin's password, made at the first start and kept where only its owner can read it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(12))
    return path.read_text()


async def _admin(services: Services, data_dir: Path) -> tuple[UUID, str]:
    """The admin and their password; CannotStart when an account of that name was not made from this data folder."""
    async with services.database.read() as connection:
        found = await users.credentials(connection, ADMIN)
    path = data_dir / _PASSWORD_FILE
    if found is None:
        password = _password(path)
        admin = await create_account(services, ADMIN, password, is_super_admin=True)
        return admin.id, password
    admin_id, stored = found
    if not path.exists() or not await services.passwords.check(path.read_text(), stored):
        raise CannotStart(
            f"There is an account named {ADMIN}, and {path} does not hold its password: "
            "the demo will not take it over. Run it on a database of its own."
        )
    return admin_id, path.read_text()


async def _organization(connection: AsyncConnection, admin_id: UUID) -> UUID:
    """The demo's organization: of that very name, and the admin's."""
    joined = await memberships.by_users(connection, Scope.everything(), [admin_id])
    own = Scope.of(membership.organization_id for membership in joined[admin_id])
    found = await organizations.page(connection, own, ORGANIZATION, PageRequest(PAGE))
    for row in found.rows:
        if row.name == ORGANIZATION:
            return row.id
    organization = await organizations.create(connection, ORGANIZATION, "Six people and a month of their browsing.")
    await memberships.add(connection, organization.id, admin_id, Role.ADMIN)
    return organization.id


async def _people(connection: AsyncConnection, organization_id: UUID) -> dict[str, UUID]:
    scope = Scope.of([organization_id])
    found = await extension_users.page(connection, scope, ExtensionUserFilter(), PageRequest(PAGE))
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


def _events(persona: Persona, user_id: UUID) -> Iterator[RawEvent]:
    for members in month_of_browsing(persona, now(), days=_DAYS, timezone=_ZONE, seed=_SEED):
        yield msgspec.convert(members | {"userId": str(user_id)}, RawEvent)
