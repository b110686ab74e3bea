"""The state of the model that words insights, with its counts of failures."""

import strawberry

from ai.call_counters import Status
from schema.enums import BreakerState, InsightFailure, InsightRefusal, InsightSkip
from schema.scalars import BigInt


@strawberry.type(description="The number of calls that failed for a reason.")
class InsightFailures:
    """A reason and its count."""

    reason: InsightFailure = strawberry.field(description="The reason.")
    count: BigInt = strawberry.field(description="The number.")


@strawberry.type(description="The number of replies that were refused for a reason.")
class InsightRefusals:
    """A reason and its count."""

    reason: InsightRefusal = strawberry.field(description="The reason.")
    count: BigInt = strawberry.field(description="The number.")


@strawberry.type(description="The number of times that the model was not asked for a reason.")
class InsightSkips:
    """A reason and its count."""

    reason: InsightSkip = strawberry.field(description="The reason.")
    count: BigInt = strawberry.field(description="The number.")


@strawberry.type(
    description="The configuration of the model that words insights, and its counts since this process started. Of "
    "several processes each counts for itself."
)
class InsightStatus:
    """Shows an ai.call_counters.Status."""

    enabled: bool = strawberry.field(description="True if a model words insights: AI_API_KEY is set.")
    model: str | None = strawberry.field(description="The model; null without one.")
    host: str | None = strawberry.field(description="The host that it is asked at; null without one.")
    breaker: BreakerState | None = strawberry.field(
        description="The state of the circuit breaker of calls; null without a model."
    )
    calls_per_hour: int | None = strawberry.field(
        description="The number of calls each organization has in an hour; null without a model."
    )

    @strawberry.field(description="Calls made, retries included.")
    def calls(root: strawberry.Parent[Status]) -> BigInt:
        return BigInt(root.counters.calls)

    @strawberry.field(description="Replies that were used.")
    def answers(root: strawberry.Parent[Status]) -> BigInt:
        return BigInt(root.counters.answers)

    @strawberry.field(description="Insights that needed no call, since the same had been asked before.")
    def cache_hits(root: strawberry.Parent[Status]) -> BigInt:
        return BigInt(root.counters.remembered)

    @strawberry.field(description="Insights that needed no call, since the same was being asked already.")
    def shared(root: strawberry.Parent[Status]) -> BigInt:
        return BigInt(root.counters.shared)

    @strawberry.field(description="Questions that failed, retries included, by reason; only reasons that occurred.")
    def failures(root: strawberry.Parent[Status]) -> list[InsightFailures]:
        return [InsightFailures(reason=reason, count=BigInt(n)) for reason, n in root.counters.failures.most_common()]

    @strawberry.field(description="Replies that were refused, by reason; only reasons that occurred.")
    def refusals(root: strawberry.Parent[Status]) -> list[InsightRefusals]:
        return [InsightRefusals(reason=reason, count=BigInt(n)) for reason, n in root.counters.refusals.most_common()]

    @strawberry.field(description="Insights for which the model was not asked, by reason; only reasons that occurred.")
    def skips(root: strawberry.Parent[Status]) -> list[InsightSkips]:
        return [InsightSkips(reason=reason, count=BigInt(n)) for reason, n in root.counters.skips.most_common()]
