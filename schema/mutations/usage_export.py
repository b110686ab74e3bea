"""The export of usage: the series or groups of a question, as a download."""

from dataclasses import replace
from typing import Annotated
from zoneinfo import ZoneInfo

import strawberry

from core.errors import InvalidInput as InvalidInputError
from core.errors import NotFound as NotFoundError
from core.ids import uuid_of
from core.limits import EXPORT_ADDRESS_CHARACTERS, USAGE_EXPORT_GROUPS
from core.token_scopes import TokenScope
from db.queries.metrics import EVERYBODY
from db.queries.people import Subject
from execution.context import Info
from execution.declarations import SIGNED_IN, priced
from execution.documents.prices import usage_export_points
from execution.token_scopes import for_tokens
from resolvers import exports, usage_exports
from resolvers.filled_groups import default_order
from resolvers.usage_exports import UsageExport
from resolvers.week_starts import chosen_week_start
from schema.download import Download, download
from schema.enums import Granularity, UsageDimension, UsageExportFormat, UsageExportMeasure, WeekStart
from schema.errors import InvalidInput, NotFound
from schema.filters import UsageFilter
from schema.mutations.field import mutation
from schema.period import Period
from schema.usage_order import UsageOrder


@strawberry.input(one_of=True, description="Whose usage it is: an organization's or a person's.")
class UsageSubject:
    """Exactly one member is set (`@oneOf`)."""

    organization_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="That of this organization, as its `usage`."
    )
    extension_user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="That of this person, as their `usage`."
    )

    def resolve(self) -> tuple[Subject, strawberry.ID]:
        """The kind of subject and its id."""
        if self.organization_id:
            return Subject.ORGANIZATION, self.organization_id
        return Subject.USER, strawberry.ID(self.extension_user_id or "")


@strawberry.input(description="The buckets of a series.")
class UsageSeriesRows:
    """The arguments of `series`."""

    every: Granularity = strawberry.field(description="The length of the buckets, at most 2000.")


@strawberry.input(description="The groups of usage.")
class UsageGroupRows:
    """The arguments of `groups`."""

    by: list[UsageDimension] = strawberry.field(description="The dimensions to group by: 1 to 3.")
    order_by: UsageOrder | None = strawberry.field(
        default=None,
        description="The order of the groups; without it by events, the most first, and with `fill` by key.",
    )
    fill: bool = strawberry.field(
        default=False,
        description="True: every hour of the day and day of the week has a row, those without an event with zeros. It "
        "goes with `by: HOUR_OF_DAY`, `by: DAY_OF_WEEK` or both.",
    )


@strawberry.input(one_of=True, description="The rows of an export: buckets or groups.")
class UsageRows:
    """Exactly one member is set (`@oneOf`)."""

    series: UsageSeriesRows | None = strawberry.field(default=strawberry.UNSET, description="A row for each bucket.")
    groups: UsageGroupRows | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"A row for each group, the first {USAGE_EXPORT_GROUPS} in their order if there are more.",
    )


@strawberry.input(description="The question whose answer to export, and the format.")
class ExportUsageInput:
    """The arguments."""

    format: UsageExportFormat = strawberry.field(description="The format of the download.")
    period: Period = strawberry.field(description="The time to look at, as it is now.")
    rows: UsageRows = strawberry.field(description="The rows: the buckets of a series, or groups.")
    measures: list[UsageExportMeasure] = strawberry.field(description="The measures of each row, in this order.")
    subject: UsageSubject | None = strawberry.field(
        default=None, description="Whose usage it is; without it that of everybody whom the viewer may see, together."
    )
    where: UsageFilter | None = strawberry.field(
        default=None, description="A filter of the events that count; without it all do."
    )
    timezone: ZoneInfo = strawberry.field(
        default=ZoneInfo("UTC"), description="The time zone of days, weeks and hours, and of the instants in the file."
    )
    week_start: WeekStart | None = strawberry.field(
        default=None,
        description="The day that weeks begin on; without it that of the organization, if the subject is one or "
        "a person of one; else Monday.",
    )
    byte_order_mark: bool = strawberry.field(
        default=False,
        description="True: the CSV begins with a byte order mark, by which Excel tells that it is in UTF-8.",
    )


@strawberry.type(description="The download is ready to be fetched.")
class ExportUsageSuccess:
    """The outcome."""

    download: Download = strawberry.field(description="The buckets or groups, a row for each.")


ExportUsageResult = Annotated[
    ExportUsageSuccess | InvalidInput | NotFound,
    strawberry.union("ExportUsageResult", description="The result of `exportUsage`."),
]


@mutation(
    ExportUsageResult,
    metadata=SIGNED_IN | for_tokens(TokenScope.EXPORT, TokenScope.METRICS_READ) | priced(by_input=usage_export_points),
    description="The series or all groups of a question, as a download. It costs as much as the question itself.",
)
async def export_usage(
    info: Info,
    input: Annotated[
        ExportUsageInput, strawberry.argument(description="The question whose answer to export, and the format.")
    ],
) -> ExportUsageSuccess:
    """Resolve the field."""
    if input.byte_order_mark and input.format is not UsageExportFormat.CSV:
        raise InvalidInputError("Only a CSV can have a byte order mark.", "byteOrderMark")
    caller = info.context.caller
    export = await usage_exports.checked(caller, await _export(info, input))
    parameters = [("question", export.packed())] + [("byteOrderMark", "true")] * input.byte_order_mark
    resource = exports.resource(f"/usage.{input.format.value}", parameters)
    if len(resource) > EXPORT_ADDRESS_CHARACTERS:
        raise InvalidInputError("These are too many conditions for one export. Ask for several.", "where")
    return ExportUsageSuccess(download=download(caller, resource))


async def _export(info: Info, wanted: ExportUsageInput) -> UsageExport:
    """The export that an input asks for. InvalidInput; NotFound for a subject that the viewer may not see."""
    subject, subject_id = None, EVERYBODY
    if wanted.subject is not None:
        subject, text = wanted.subject.resolve()
        found = uuid_of(text, "Organization" if subject is Subject.ORGANIZATION else "ExtensionUser")
        if found is None:
            raise NotFoundError("There is no such organization or extension user.")
        subject_id = found
    caller, organization_id = info.context.caller, None
    if subject is not None:
        organization_id = await usage_exports.organization_of(caller, subject, subject_id)
    week_start = await chosen_week_start(caller, wanted.week_start, organization_id)
    groups = wanted.rows.groups or None
    fill = bool(groups and groups.fill)
    order = groups.order_by.order() if groups and groups.order_by else default_order(fill=fill)
    return UsageExport(
        time_range=wanted.period.resolve(info.context.received_at, wanted.timezone, week_start),
        timezone=wanted.timezone.key,
        measures=tuple(str(measure.value) for measure in wanted.measures),
        where=(wanted.where or UsageFilter()).conditions(),
        subject=subject,
        subject_id=subject_id,
        every=wanted.rows.series.every if wanted.rows.series else None,
        by=tuple(groups.by) if groups else (),
        order=replace(order, week_start=week_start),
        fill=fill,
    )
