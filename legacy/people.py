"""Taking over the people whose browsing is recorded."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from auth.api_keys import existing_api_key, new_api_key
from core.events import ANONYMOUS
from core.identity import id_from
from legacy import queries
from legacy.queries import KeptPerson, TakenKind
from legacy.reader import LegacyPerson, LegacySource, UnknownPerson
from legacy.report import Finding, Report
from legacy.tenants import add_under_free_names, count, distinct, is_later, mended_name, sort_out
from legacy.translation import usable_name

IMPORT_ID = id_from("the organization of people without one")
"""The organization for people who had none: the same at every import into this database."""


@dataclass
class People:
    """The people taken over: `ids` here by the ids that events have; `deleted`, people deleted here since."""

    ids: dict[UUID, UUID] = field(default_factory=dict)
    deleted: set[UUID] = field(default_factory=set)


class Refuge:
    """The organization for people who have none, created for the first of them."""

    def __init__(self, connection: AsyncConnection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._exists = False

    async def id(self) -> UUID:
        """Return its id, creating it if need be."""
        if not self._exists:
            row = {"id": IMPORT_ID, "name": self._name, "created_at": None, "updated_at": None}
            await queries.add_organizations(self._connection, [row])
            self._exists = True
        return IMPORT_ID


async def take_people(connection: AsyncConnection, source: LegacySource, organization: str, report: Report) -> People:
    """Take over every person with their key, and people whom only events name.

    `organization`: the name of the organization for people who have none.
    """
    people, refuge = People(), Refuge(connection, organization)
    async for page in source.people():
        by_old_id = distinct(page, report, report.people)
        rows = {_id_here(row, report): row for row in by_old_id.values()}
        people.ids |= {row.id: key for key, row in rows.items()}
        kept = await queries.people(connection, rows)
        ids = await sort_out(connection, TakenKind.PERSON, rows, kept)
        count(report, report.people, ids, {key: str(row.username) for key, row in rows.items()})
        people.deleted |= ids.deleted
        new = {key: row for key, row in rows.items() if key in ids.new}
        await _add(connection, new, refuge, report)
        for key in ids.taken:
            await _change(connection, rows[key], kept[key], report)
    async for unknown in source.unknown_people():
        await _take_unknown(connection, {row.id: row for row in unknown}, refuge, people, report)
    return people


def _id_here(row: LegacyPerson, report: Report) -> UUID:
    if row.id != ANONYMOUS:
        return row.id
    report.note(Finding.ZERO_PERSON, str(row.username))
    return id_from("the person whose id is all zeros", row.username or "")


async def _add(connection: AsyncConnection, rows: dict[UUID, LegacyPerson], refuge: Refuge, report: Report) -> None:
    named = {row.organization_id for row in rows.values() if row.organization_id is not None}
    organizations = await queries.organizations(connection, named)
    hashes = [existing_api_key(row.api_key).hash for row in rows.values() if row.api_key]
    in_use = await queries.keys_in_use(connection, hashes)
    new = []
    for key, row in rows.items():
        name = mended_name(row.username, f"person {key.hex[:8]}", report)
        home = row.organization_id
        if home is None or home not in organizations:
            report.note(Finding.NO_ORGANIZATION, name if home is None else f"{name}, whose {home} is not there")
            home = await refuge.id()
        api_key = existing_api_key(row.api_key) if row.api_key else None
        if api_key is None or api_key.hash in in_use:
            report.note(Finding.NO_KEY, name)
            api_key = new_api_key()
        in_use.add(api_key.hash)
        new.append(
            {
                "id": key,
                "organization_id": home,
                "username": name,
                "is_active": row.is_active,
                "api_key_hash": api_key.hash,
                "api_key_prefix": api_key.prefix,
                "last_used_at": row.last_used_at,
                "created_at": row.created_at,
                "updated_at": row.updated_at,
            }
        )
    await add_under_free_names(connection, queries.add_people, new, report)


async def _change(connection: AsyncConnection, row: LegacyPerson, kept: KeptPerson, report: Report) -> None:
    """Take over a key or an activity that was changed there later than here."""
    if row.updated_at is None or not is_later(row.updated_at, kept.updated_at):
        return
    values: dict[str, Any] = {}
    changed = []
    if row.is_active != kept.is_active:
        values["is_active"] = row.is_active
        changed.append("the activity")
    if row.api_key:
        api_key = existing_api_key(row.api_key)
        if api_key.hash != kept.api_key_hash and not await queries.keys_in_use(connection, [api_key.hash]):
            values |= {"api_key_hash": api_key.hash, "api_key_prefix": api_key.prefix}
            changed.append("the key")
    if values:
        await queries.change_person(connection, kept.id, values, row.updated_at)
        report.people.changed += 1
        report.note(Finding.CHANGED_LATER, f"{' and '.join(changed)} of {row.username}")


async def _take_unknown(
    connection: AsyncConnection, rows: dict[UUID, UnknownPerson], refuge: Refuge, people: People, report: Report
) -> None:
    ids = await sort_out(connection, TakenKind.PERSON, rows, await queries.people(connection, rows))
    people.ids |= {key: key for key in rows}
    people.deleted |= ids.deleted
    new = []
    for key in (key for key in rows if key in ids.new):
        name, key_of_nobody = usable_name(rows[key].username, f"unknown {key.hex[:8]}"), new_api_key()
        report.note(Finding.UNKNOWN_PERSON, f"{key}, {name}")
        new.append(
            {
                "id": key,
                "organization_id": await refuge.id(),
                "username": name,
                "is_active": False,
                "api_key_hash": key_of_nobody.hash,
                "api_key_prefix": key_of_nobody.prefix,
                "created_at": rows[key].first_at,
                "updated_at": rows[key].first_at,
            }
        )
    for key in ids.deleted:
        report.note(Finding.DELETED_HERE, str(key))
    report.added_people += len(new)
    await add_under_free_names(connection, queries.add_people, new, report)
