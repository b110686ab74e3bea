"""Periods: the input type, the arguments of time beside it, and the catalogue of presets."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from core import periods
from core.periods import PRESETS, TimeRange
from execution.context import Info
from resolvers.week_starts import chosen_week_start
from schema.enums import PeriodPreset, WeekStart


@strawberry.input(description="The time from one instant to another.")
class TimeSpan:
    """A period by its first instant and the first instant after it."""

    start: datetime = strawberry.field(description="The first instant that belongs to it.")
    end: datetime = strawberry.field(description="The first instant after it. At most 400 days after `start`.")


@strawberry.input(one_of=True, description="A period of time, given in one of three ways.")
class Period:
    """A period in one of three forms. Exactly one member is set (`@oneOf`)."""

    between: TimeSpan | None = strawberry.field(
        default=strawberry.UNSET, description="From one instant up to, but not including, another."
    )
    last: timedelta | None = strawberry.field(
        default=strawberry.UNSET, description="The time up to now: `P7D`, `PT1H`. At most 400 days."
    )
    preset: PeriodPreset | None = strawberry.field(
        default=strawberry.UNSET, description="A period with a name, in the time zone asked for."
    )

    def resolve(self, at: datetime, zone: ZoneInfo, week_start: WeekStart) -> TimeRange:
        """The instants it spans at a moment. InvalidInput if they are in the wrong order or too far apart."""
        if self.between:
            return periods.between(self.between.start, self.between.end)
        if self.last is not None and self.last is not strawberry.UNSET:
            return periods.last(self.last, at)
        assert self.preset, "GraphQL lets just one member through"  # noqa: S101
        return periods.preset(self.preset, at, zone, week_start)

    @property
    def by_week(self) -> bool:
        """True if it depends on the first day of weeks."""
        return bool(self.preset and PRESETS[self.preset].by_week)

    @property
    def rolling(self) -> bool:
        """True if it is so many days, and no calendar month even where it coincides with one."""
        return bool(self.preset and PRESETS[self.preset].rolling)


PeriodArgument = Annotated[Period, strawberry.argument(description="The time to look at.")]
TimeZoneArgument = Annotated[
    ZoneInfo,
    strawberry.argument(description="The time zone of days, weeks and hours. Minutes are UTC minutes everywhere."),
]
WeekStartArgument = Annotated[
    WeekStart | None,
    strawberry.argument(
        description="The day that weeks begin on; without it that of the organization, if the field belongs to one or "
        "to a person of one; else Monday."
    ),
]


@dataclass(frozen=True, slots=True)
class LocalTime:
    """The time zone and the first day of weeks asked for; `organization_id` names whose weeks count otherwise."""

    zone: ZoneInfo
    week_start: WeekStart | None
    organization_id: UUID | None = None

    async def week_start_of(self, info: Info, period: Period) -> WeekStart:
        """The first day of weeks, as far as the period depends on it."""
        if not period.by_week:
            return self.week_start or WeekStart.MONDAY
        return await chosen_week_start(info.context.caller, self.week_start, self.organization_id)

    async def resolve(self, info: Info, period: Period) -> TimeRange:
        """The instants that a period spans at the request's moment."""
        return period.resolve(info.context.received_at, self.zone, await self.week_start_of(info, period))


@strawberry.type(description="A period with a name, and the time it spans now.")
class PeriodPresetInfo:
    """A preset, for a menu."""

    key: PeriodPreset = strawberry.field(description="The preset, as in `Period.preset`.")
    label: str = strawberry.field(description="A name for people.")
    description: str = strawberry.field(description="The definition, in words.")
    start: datetime = strawberry.field(description="The first instant that belongs to it.")
    end: datetime = strawberry.field(description="The first instant after it.")


def preset_infos(at: datetime, zone: ZoneInfo, week_start: WeekStart) -> list[PeriodPresetInfo]:
    """Every preset, with the time it spans at a moment in `zone`."""
    ranges = {key: periods.preset(key, at, zone, week_start) for key in PRESETS}
    return [
        PeriodPresetInfo(
            key=key,
            label=definition.label,
            description=definition.description,
            start=ranges[key].start,
            end=ranges[key].end,
        )
        for key, definition in PRESETS.items()
    ]
