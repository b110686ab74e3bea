"""Periods, as clients name them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import strawberry

from core import periods
from core.clock import now
from core.periods import PRESETS, TimeRange
from schema.enums import PeriodPreset


@strawberry.input(description="The time from one instant to another.")
class TimeSpan:
    """Two instants."""

    start: datetime = strawberry.field(description="The first instant that belongs to it.")
    end: datetime = strawberry.field(description="The first instant after it. At most 400 days after `start`.")


@strawberry.input(one_of=True, description="A period of time, given in one of three ways.")
class Period:
    """Exactly one member is set; GraphQL sees to that."""

    between: TimeSpan | None = strawberry.field(
        default=strawberry.UNSET, description="From one instant up to, but not including, another."
    )
    last: timedelta | None = strawberry.field(
        default=strawberry.UNSET, description="The time up to now: `P7D`, `PT1H`. At most 400 days."
    )
    preset: PeriodPreset | None = strawberry.field(
        default=strawberry.UNSET, description="A period with a name, in the time zone asked for."
    )

    def resolve(self, zone: ZoneInfo = ZoneInfo("UTC")) -> TimeRange:  # noqa: B008 - immutable
        """The instants it spans at this moment; InvalidInput when they make no sense."""
        if self.between:
            return periods.between(self.between.start, self.between.end)
        if self.last is not None and self.last is not strawberry.UNSET:
            return periods.last(self.last, now())
        assert self.preset, "GraphQL lets just one member through"  # noqa: S101
        return periods.preset(self.preset, now(), zone)


@strawberry.type(description="A period with a name, and what it spans now.")
class PeriodPresetInfo:
    """A choice for a menu."""

    key: PeriodPreset = strawberry.field(description="What `Period.preset` takes.")
    label: str = strawberry.field(description="A name for people.")
    description: str = strawberry.field(description="What it spans, in words.")
    start: datetime = strawberry.field(description="The first instant that belongs to it.")
    end: datetime = strawberry.field(description="The first instant after it.")


def preset_infos(zone: ZoneInfo) -> list[PeriodPresetInfo]:
    """Every preset, as it stands at this moment in `zone`."""
    moment = now()
    ranges = {key: periods.preset(key, moment, zone) for key in PRESETS}
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
