"""A domain is found however it is spelt, and shown in ASCII and as people read it."""

from typing import Any

import pytest

from tests.world import World, raw

FOUND = """query($where: BehaviorFilter) {
  behaviors(where: $where) { nodes { url domain domainDisplay } }
}"""
URLS = [
    "https://bücher.example/1",
    "https://XN--BCHER-KVA.example./2",
    "blob:https://bücher.example/3",
    "https://b.com/",
]


@pytest.mark.parametrize(
    "condition",
    [
        {"eq": "Bücher.example."},
        {"eq": "xn--bcher-kva.example"},
        {"in": ["a.com", "BÜCHER.example"]},
        {"contains": "bücher"},
        {"startsWith": "bücher."},
    ],
)
async def test_a_filter_finds_a_domain_however_it_is_spelt(world: World, condition: dict[str, Any]):
    ada = await world.recorded(await world.organization())
    await world.browse(ada, *(raw(f"09:00:0{place}", url=url) for place, url in enumerate(URLS)))
    asker = await world.super_admin()

    found = (await asker.ask(FOUND, where={"domain": condition}))["behaviors"]["nodes"]
    others = (await asker.ask(FOUND, where={"not": {"domain": condition}}))["behaviors"]["nodes"]

    assert {node["url"] for node in found} == set(URLS[:3])
    assert {(node["domain"], node["domainDisplay"]) for node in found} == {("xn--bcher-kva.example", "bücher.example")}
    assert [node["url"] for node in others] == URLS[3:]


async def test_an_export_finds_it_too(world: World):
    ada = await world.recorded(await world.organization())
    await world.browse(ada, *(raw(f"09:00:0{place}", url=url) for place, url in enumerate(URLS)))
    asker = await world.super_admin()

    answer = await world.http.get(
        "/api/v1/exports/behaviors.ndjson",
        params={"domain": "bücher.example"},
        headers={"Authorization": f"Bearer {asker.token}"},
    )

    assert answer.text.count("\n") == 3
