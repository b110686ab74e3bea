"""Taking over organizations, accounts and memberships."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from unicodedata import normalize
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.identity import id_from
from core.roles import Role
from db.queries import sign_ins
from legacy import queries
from legacy.queries import KeptAccount, TakenKind
from legacy.reader import LegacyAccount, LegacyMember, LegacyOrganization, LegacySource
from legacy.report import Finding, Report, Rows
from legacy.translation import is_password_hash, numbered, role_of, usable_description, usable_name

Adding = Callable[[AsyncConnection, Sequence[dict[str, Any]]], Awaitable[set[UUID]]]
Row = TypeVar("Row", LegacyOrganization, LegacyAccount)


class Sorted(NamedTuple):
    """A page's ids: new ones, those that exist here, those of them that were taken before, those deleted since."""

    new: set[UUID]
    here: set[UUID]
    taken: set[UUID]
    deleted: set[UUID]


async def take_organizations(connection: AsyncConnection, source: LegacySource, report: Report) -> None:
    """Take every organization over."""
    async for page in source.organizations():
        rows = distinct(page, report, report.organizations)
        ids = await sort_out(connection, TakenKind.ORGANIZATION, rows, await queries.organizations(connection, rows))
        count(report, report.organizations, ids, {key: str(row.name) for key, row in rows.items()})
        new = [_organization(rows[key], report) for key in rows if key in ids.new]
        for name in await queries.organization_names(connection, {row["name"] for row in new}):
            report.note(Finding.SAME_NAME, name)
        await queries.add_organizations(connection, new)


async def take_accounts(connection: AsyncConnection, source: LegacySource, report: Report) -> None:
    """Take every account over, with its password. Those taken before get a password that was changed there."""
    async for page in source.accounts():
        rows = distinct(page, report, report.accounts)
        kept = await queries.accounts(connection, rows)
        ids = await sort_out(connection, TakenKind.ACCOUNT, rows, kept)
        count(report, report.accounts, ids, {key: str(row.username) for key, row in rows.items()})
        new = [_account(rows[key], report) for key in rows if key in ids.new]
        await add_under_free_names(connection, queries.add_accounts, new, report)
        for key in ids.taken:
            await _change(connection, rows[key], kept[key], report)


async def take_members(connection: AsyncConnection, source: LegacySource, report: Report) -> None:
    """Take over every membership whose account and organization exist here."""
    async for page in source.members():
        rows: dict[UUID, LegacyMember] = {}
        for row in page:
            key = id_from(row.user_id.hex, row.organization_id.hex)
            if key in rows:
                report.note(Finding.SAME_MEMBER, f"{row.user_id} in {row.organization_id}, {row.role}")
                report.memberships.left_out += 1
            rows.setdefault(key, row)
        report.memberships.found += len(page)
        members = await queries.members(connection, {row.user_id for row in rows.values()})
        here = {key for key, row in rows.items() if (row.user_id, row.organization_id) in members}
        possible = await _possible(connection, rows, here, report)
        ids = await sort_out(connection, TakenKind.MEMBER, possible, here)
        shown = {key: f"{row.user_id} in {row.organization_id}" for key, row in possible.items()}
        count(report, report.memberships, ids, shown)
        await queries.add_members(connection, [_member(row, report) for key, row in possible.items() if key in ids.new])


def distinct(page: Sequence[Any], report: Report, rows: Rows) -> dict[UUID, Any]:
    """A page's rows by id."""
    found: dict[UUID, Any] = {}
    for row in page:
        if row.id in found:
            report.note(Finding.SAME_ID, str(row.id))
            rows.left_out += 1
        found.setdefault(row.id, row)
    rows.found += len(page)
    return found


async def sort_out(
    connection: AsyncConnection, kind: TakenKind, ids: Collection[UUID], here: Collection[UUID]
) -> Sorted:
    """Tell new ids from known and deleted ones, and remember all as taken."""
    known = await queries.taken(connection, kind, ids)
    new = set(ids) - set(here) - known
    await queries.take(connection, kind, set(ids) - known)
    return Sorted(new, set(ids) & set(here), known & set(here), known - set(here))


def count(report: Report, rows: Rows, ids: Sorted, names: dict[UUID, str]) -> None:
    """Count a page's rows in the report."""
    rows.imported += len(ids.new)
    rows.already_here += len(ids.here)
    rows.deleted_here += len(ids.deleted)
    for key in ids.deleted:
        report.note(Finding.DELETED_HERE, names[key])


async def add_under_free_names(
    connection: AsyncConnection, add: Adding, rows: Sequence[dict[str, Any]], report: Report
) -> None:
    """Add rows under their `username`; those whose name is taken, under the first number that is free."""
    waiting, number = list(rows), 1
    while waiting:
        added = await add(connection, [row | {"username": numbered(row["username"], number)} for row in waiting])
        if number > 1:
            for row in waiting:
                if row["id"] in added:
                    report.note(Finding.NAME_TAKEN, f"{row['username']} is now {numbered(row['username'], number)}")
        waiting = [row for row in waiting if row["id"] not in added]
        number += 1


def mended_name(text: str | None, fallback: str, report: Report) -> str:
    """Return a name that may be stored, and note in the report if it had to be changed, other than composed."""
    name = usable_name(text, fallback)
    if name != normalize("NFC", text or ""):
        report.note(Finding.NAME_UNUSABLE, f"{text or ''!r:.80} is now {name:.80}")
    return name


def _organization(row: LegacyOrganization, report: Report) -> dict[str, Any]:
    name = mended_name(row.name, f"organization {row.id.hex[:8]}", report)
    description = usable_description(row.description)
    if len(description or "") < len((row.description or "").strip()):
        report.note(Finding.DESCRIPTION_CUT, name)
    times = {"created_at": row.created_at, "updated_at": row.updated_at}
    return {"id": row.id, "name": name, "description": description, **times}


def _account(row: LegacyAccount, report: Report) -> dict[str, Any]:
    name = mended_name(row.username, f"account {row.id.hex[:8]}", report)
    if row.is_super_admin:
        report.note(Finding.SUPER_ADMIN, name)
    if not row.password:
        report.note(Finding.NO_PASSWORD, name)
    elif not is_password_hash(row.password):
        report.note(Finding.UNREADABLE, name)
    return {
        "id": row.id,
        "username": name,
        "password_hash": _password_hash(row),
        "is_super_admin": row.is_super_admin,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


async def _change(connection: AsyncConnection, row: LegacyAccount, kept: KeptAccount, report: Report) -> None:
    password_hash = _password_hash(row)
    if password_hash in {None, kept.password_hash} or not is_later(row.updated_at, kept.updated_at):
        return
    assert password_hash and row.updated_at  # noqa: S101, PT018 - said above, in a way mypy does not see
    await queries.change_password(connection, row.id, password_hash, row.updated_at)
    await sign_ins.end_all(connection, row.id)
    report.accounts.changed += 1
    report.note(Finding.CHANGED_LATER, f"the password of {row.username}")


def is_later(there: datetime | None, here: datetime) -> bool:
    """True if a row was changed there after it was changed here."""
    return there is not None and there > here


def _password_hash(row: LegacyAccount) -> str | None:
    return row.password if row.password and is_password_hash(row.password) else None


async def _possible(
    connection: AsyncConnection, rows: dict[UUID, LegacyMember], here: set[UUID], report: Report
) -> dict[UUID, LegacyMember]:
    """The memberships whose account and organization we have, or had when we took them."""
    accounts = await queries.accounts(connection, {row.user_id for row in rows.values()})
    organizations = await queries.organizations(connection, {row.organization_id for row in rows.values()})
    before = here | await queries.taken(connection, TakenKind.MEMBER, rows)
    possible = {}
    for key, row in rows.items():
        if key in before or (row.user_id in accounts and row.organization_id in organizations):
            possible[key] = row
        else:
            report.note(Finding.NO_SUCH_MEMBER, f"{row.user_id} in {row.organization_id}, {row.role}")
            report.memberships.left_out += 1
    return possible


def _member(row: LegacyMember, report: Report) -> dict[str, Any]:
    role = role_of(row.role)
    if role is None:
        report.note(Finding.UNKNOWN_ROLE, f"{row.role or ''!r:.80}: {row.user_id} in {row.organization_id}")
    values = {"organization_id": row.organization_id, "user_id": row.user_id, "role": (role or Role.VIEWER).value}
    return values if row.created_at is None else values | {"joined_at": row.created_at}
