"""Values of our scalars for schemathesis, which imports this: most are right, some are not."""

import schemathesis
from graphql import parse_value
from hypothesis import strategies as st
from schemathesis.graphql import nodes

schemathesis.graphql.scalar("TimeZone", st.sampled_from(["UTC", "Europe/Berlin", "Mars/Olympus"]).map(nodes.String))
schemathesis.graphql.scalar("Duration", st.sampled_from(["P7D", "PT1H", "P100000D", "-P1D", "soon"]).map(nodes.String))
schemathesis.graphql.scalar("Time", st.sampled_from(["22:00", "07:30", "24:00", "7:00"]).map(nodes.String))
schemathesis.graphql.scalar(
    "Date", st.sampled_from(["2026-08-01", "2024-02-29", "2026-02-30", "20260801"]).map(nodes.String)
)
schemathesis.graphql.scalar("JSON", st.sampled_from(["{}", '{id: "x"}', "[1]", "7"]).map(parse_value))
