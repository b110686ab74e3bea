"""Exports of usage: the series or all groups of a question, as rows of plain values.

Groups are read page by page as exports of events are (resolvers/exports.py), each page by a statement that computes the
whole question: at most USAGE_EXPORT_GROUPS in pages of USAGE_EXPORT_PAGE.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from auth.meter import INCLUDED_SECONDS, Meter
from core.audit import AuditAction
from core.calendar import buckets
from core.dimensions import Dimension, Granularity
from core.errors import InvalidInput, NotFound
from core.limits import USAGE_EXPORT_GROUPS, USAGE_EXPORT_PAGE
from core.periods import TimeRange
from core.weeks import WeekStart
from db.metrics.measures import BY_NAME, check_split
from db.metrics.question import Question, Split
from db.metrics.values import NOTHING
from db.queries import audit_entries, extension_users, metrics, organizations, teams
from db.queries.audit_entries import NewEntry
from db.queries.filters import EventFilter
from db.queries.metrics import EVERYBODY, Groups, GroupsPage, Order, place_of
from db.queries.people import Subject
from db.queries.ranked_pages import RankedPlace
from resolvers.backlog import BacklogWait
from resolvers.caller import Caller
from resolvers.exports import answer, begun, count_begun
from resolvers.extension_users import extension_user
from resolvers.filled_groups import check_fill, filled
from resolvers.organizations import organization
from resolvers.usage_columns import (
    BUCKET_COLUMNS,
    Column,
    NamedRows,
    key_columns,
    key_values,
    measure_columns,
    measure_values,
    people_of,
    values_of_dimension,
)
from resolvers.usage_measures import check_dimensions

_QUESTION_BYTES = 64 * 1024
"""The longest question that is unpacked; a longer one has no address."""

Row = list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageExport:
    """An export: measures by bucket (`every`) or by group (`by`, in an `order`), of a subject in a period.

    `fill`: groups without an event have rows, too.
    """

    time_range: TimeRange
    timezone: str
    measures: tuple[str, ...]
    where: EventFilter
    order: Order
    subject: Subject | None = None
    subject_id: UUID = EVERYBODY
    every: Granularity | None = None
    by: tuple[Dimension, ...] = ()
    fill: bool = False

    @property
    def week_start(self) -> WeekStart:
        """The first day of weeks."""
        return self.order.week_start

    def packed(self) -> str:
        """The export as a word of an address."""
        text = msgspec.json.encode(_without_none(msgspec.to_builtins(self)))
        return urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")

    @classmethod
    def unpacked(cls, word: str) -> "UsageExport":
        """Read what `packed` wrote. InvalidInput for anything else."""
        try:
            text = zlib.decompressobj().decompress(urlsafe_b64decode(word + "=" * (-len(word) % 4)), _QUESTION_BYTES)
            return msgspec.json.decode(text, type=cls)
        except (NotBase64, zlib.error, msgspec.MsgspecError, ValueError) as error:
            raise InvalidInput("This is no question that `exportUsage` has put into an address.") from error


@dataclass(frozen=True, slots=True)
class UsageTable:
    """The rows of an export, page by page, with its columns.

    `total` counts all groups, which are more than the rows if the table is cut; None for a series.
    """

    export: UsageExport
    columns: Sequence[Column]
    pages: AsyncIterator[list[Row]] = field(compare=False)
    total: int | None = None

    @property
    def is_cut(self) -> bool:
        """True if there are more groups than an export holds."""
        return self.total is not None and self.total > USAGE_EXPORT_GROUPS


async def checked(caller: Caller, export: UsageExport) -> UsageExport:
    """Return the export. InvalidInput if it makes no sense; NotFound if the viewer cannot read the subject."""
    _check_measures(export.measures)
    if export.every is None:
        check_dimensions(export.by)
        if export.fill:
            check_fill(export.by)
        check_split({*export.measures} | export.order.measures, export.by, by_time=False)
    else:
        check_split(export.measures, (), by_time=True)
        buckets(export.time_range, export.every, ZoneInfo(export.timezone), export.week_start)
    if export.subject is not None:
        await organization_of(caller, export.subject, export.subject_id)
    return export


async def organization_of(caller: Caller, subject: Subject, subject_id: UUID) -> UUID:
    """Return the organization of a subject, or that it is.

    NotFound if the viewer cannot read the subject; Forbidden if they lead teams of it alone.
    """
    if subject is Subject.ORGANIZATION:
        if not await organization(caller, subject_id):
            raise NotFound("There is no such organization.")
        caller.viewer.require_whole(subject_id)
        return subject_id
    person = await extension_user(caller, subject_id)
    if person is None:
        raise NotFound("There is no such extension user.")
    return person.organization_id


async def begin(caller: Caller, export: UsageExport, file_format: str) -> UsageTable:
    """Begin an export, recorded in the log of each organization concerned. InvalidInput, NotFound, TooManyAttempts.

    The first page is what `exportUsage` has paid for. Of each further one all its time is charged.
    """
    await checked(caller, export)
    await count_begun(caller)
    await _record(caller, export, file_format)
    services, viewer = caller.services, caller.viewer
    question = Question(
        export.time_range, export.where, ZoneInfo(export.timezone), export.subject, services.rollups_enabled
    )
    await BacklogWait(services.rollup_backlog, viewer.readable).before(question, [export.subject_id])
    if export.every is not None:
        rows = _series(_charged(caller), export, question, export.every)
        return UsageTable(export, BUCKET_COLUMNS + measure_columns(export.measures), await begun(rows))
    first = await _groups(_charged(caller), export, question, most=USAGE_EXPORT_GROUPS)
    pages = _group_pages(_charged(caller, included_seconds=0), export, question, first)
    columns = key_columns(export.by) + measure_columns(export.measures)
    return UsageTable(export, columns, await begun(pages), first.total)


def _charged(caller: Caller, included_seconds: float = INCLUDED_SECONDS) -> Caller:
    """Return the caller, whose statements are charged for their time beyond what is included."""
    meter = Meter(caller.services.throttles.query_budget, included_seconds)
    meter.pay(str(caller.viewer.user_id), 0)
    return Caller.of(caller.viewer, caller.services, meter)


async def _record(caller: Caller, export: UsageExport, file_format: str) -> None:
    """Write what is exported into the log of each organization concerned."""
    viewer = caller.viewer
    details = {
        "format": file_format,
        "from": export.time_range.start.isoformat(),
        "to": export.time_range.end.isoformat(),
        "by": ", ".join(each.name for each in export.by) or None,
        "every": None if export.every is None else export.every.name,
        "measures": ", ".join(BY_NAME[name].field for name in export.measures),
    }
    person = await extension_user(caller, export.subject_id) if export.subject is Subject.USER else None
    is_of_one = export.subject is Subject.ORGANIZATION
    entry = NewEntry(AuditAction.USAGE_EXPORTED, viewer.user_id, details=details, token_id=viewer.token_id)
    async with caller.database.write() as db:
        if person is not None:
            await audit_entries.add(db, replace(entry, organization_id=person.organization_id, subject_id=person.id))
        else:
            concerned = (export.subject_id,) if is_of_one else export.where.organization_ids
            await audit_entries.add_for_each(db, viewer.readable, concerned, entry)


async def _series(
    caller: Caller, export: UsageExport, question: Question, every: Granularity
) -> AsyncIterator[list[Row]]:
    split = Split(buckets=tuple(buckets(question.time_range, every, question.timezone, export.week_start)))
    key = (export.subject_id, ())
    ask = partial(metrics.series, scope=caller.viewer.readable, keys=[key], question=question, split=split)
    values = (await answer(caller, partial(ask, measures=frozenset(export.measures)))).get(key, {})
    yield [
        [bucket.start, bucket.end, *measure_values(export.measures, values.get(number, NOTHING))]
        for number, bucket in enumerate(split.buckets)
    ]


async def _group_pages(
    caller: Caller, export: UsageExport, question: Question, first: Groups
) -> AsyncIterator[list[Row]]:
    found, count = first, 0
    while found.rows:
        keys = [group.key for group in found.rows]
        named = await _named(caller, export.by, keys)
        yield [
            key_values(export.by, group.key, named) + measure_values(export.measures, group.values)
            for group in found.rows
        ]
        count += len(keys)
        if not found.more or count >= USAGE_EXPORT_GROUPS:
            return
        last = place_of(export.by, found.rows[-1], export.order)
        found = await _groups(caller, export, question, last, most=USAGE_EXPORT_GROUPS - count)


async def _groups(
    caller: Caller, export: UsageExport, question: Question, after: RankedPlace | None = None, *, most: int
) -> Groups:
    page = GroupsPage(Split(export.by), export.order, min(USAGE_EXPORT_PAGE, most), after)
    ids, scope = [export.subject_id], caller.viewer.readable
    # There is a group wherever there is an event, whatever is asked of it.
    measures = frozenset({*export.measures, "events"}) | export.order.measures
    ask = partial(metrics.groups, scope=scope, ids=ids, question=question, page=page, measures=measures)
    found = (await answer(caller, ask)).get(export.subject_id, Groups())
    return filled(found.rows, page) if export.fill else found  # all of a week are one page


async def _named(caller: Caller, dimensions: Sequence[Dimension], keys: Sequence[Any]) -> NamedRows:
    """Return the people, teams and organizations that groups are of."""
    scope = caller.viewer.readable
    people = people_of(keys, dimensions)
    team_ids = values_of_dimension(keys, dimensions, Dimension.TEAM)
    organization_ids = values_of_dimension(keys, dimensions, Dimension.ORGANIZATION)
    return NamedRows(
        await answer(caller, partial(extension_users.by_ids, scope=scope, ids=people)) if people else {},
        await answer(caller, partial(teams.by_ids, scope=scope, ids=team_ids)) if team_ids else {},
        await answer(caller, partial(organizations.by_ids, scope=scope, ids=organization_ids))
        if organization_ids
        else {},
    )


def _check_measures(measures: Sequence[str]) -> None:
    if not measures:
        raise InvalidInput("`measures` names at least one measure.", "measures")
    if len(set(measures)) < len(measures):
        raise InvalidInput("`measures` names a measure twice.", "measures")


def _without_none(value: Any) -> Any:
    """Return the value without the members that are None, all of which are defaults."""
    if isinstance(value, dict):
        return {name: _without_none(each) for name, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value
