"""The distribution of a measure over people."""

import strawberry

from schema.scalars import BigInt


@strawberry.type(description="How the values of a measure lie among people; percentiles lie between neighbours.")
class UsageDistribution:
    """Shows a db.queries.distributions.DistributionRow."""

    n: BigInt = strawberry.field(description="The number of people, each with one value.")
    min: float = strawberry.field(description="The least value.")
    p25: float = strawberry.field(description="The 25th percentile: a quarter of the people have less.")
    p50: float = strawberry.field(description="The median.")
    p75: float = strawberry.field(description="The 75th percentile.")
    p90: float = strawberry.field(description="The 90th percentile.")
    max: float = strawberry.field(description="The greatest value.")
