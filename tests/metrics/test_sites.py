"""Sites in SQL, against the library that the public suffix list comes with."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, column, select, values

from db.metrics.sites import sites_of
from db.queries.filter_conditions import site_of
from tests.metrics.reference_sites import site
from tests.metrics.site_domains import domains
from tests.world import World


@given(met=st.lists(domains, max_size=60))
@example(met=["a" * 254, ".".join(["a"] * 127), ".".join(["a"] * 128), "a.b.www.ck:80", "x.y.z.ck", "z.ck", "ck"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_sql_agrees_with_the_library(world: World, met: list[str]):
    rows = values(column("domain", Text()), name="met").data([(domain,) for domain in [*met, "a.example.com"]])
    known = sites_of(select(rows.c.domain), "site")
    async with world.services.database.read() as db:
        found = (await db.execute(select(rows.c.domain, site_of(known, rows.c.domain)))).all()

    assert {tuple(row) for row in found} == {(domain, site(domain)) for domain in [*met, "a.example.com"]}
