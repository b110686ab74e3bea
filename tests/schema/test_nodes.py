"""The plain fields of things, as they are stored."""

from core.roles import Role
from execution.scalar_formats import format_instant
from tests.schema.sample_tenants import create_sample_tenants
from tests.world import World, at, raw


async def test_things_show_what_is_stored(world: World):
    tenants = await create_sample_tenants(world)
    query = """query ($ours: ID!, $olga: ID!, $event: ID!) {
        viewer { uuid username createdAt updatedAt memberships { role joinedAt } }
        organization(id: $ours) { uuid name description createdAt updatedAt viewerRole }
        extensionUser(id: $olga) { uuid username isActive apiKeyPrefix createdAt updatedAt lastUsedAt }
        node(id: $event) { ... on Behavior { sessionId ts type url domain x y receivedAt } }
    }"""
    variables = {name: tenants.variables[name] for name in ("ours", "olga", "event")}

    answer = await tenants.viewer.ask(query, **variables)

    user, organization, person = tenants.viewer.user, tenants.ours.organization, tenants.ours.person.row
    assert user is not None
    [membership] = answer["viewer"].pop("memberships")
    assert membership.pop("joinedAt") >= format_instant(user.created_at)
    assert membership == {"role": Role.VIEWER.name}
    assert answer["viewer"] == {
        "uuid": str(user.id),
        "username": user.username,
        "createdAt": format_instant(user.created_at),
        "updatedAt": format_instant(user.updated_at),
    }
    assert answer["organization"] == {
        "uuid": str(organization.id),
        "name": "Ours",
        "description": None,
        "createdAt": format_instant(organization.created_at),
        "updatedAt": format_instant(organization.updated_at),
        "viewerRole": "VIEWER",
    }
    assert answer["extensionUser"] == {
        "uuid": str(person.id),
        "username": "olga",
        "isActive": True,
        "apiKeyPrefix": person.api_key_prefix,
        "createdAt": format_instant(person.created_at),
        "updatedAt": format_instant(person.updated_at),
        "lastUsedAt": None,
    }
    assert answer["node"].pop("receivedAt") >= format_instant(person.created_at)
    assert answer["node"] == {
        "sessionId": "s-ours",
        "ts": "2026-08-03T09:00:00.000Z",
        "type": "FOCUS",
        "url": "https://ours.com/",
        "domain": "ours.com",
        "x": None,
        "y": None,
    }


async def test_an_events_plain_id_is_the_one_that_rest_gives(world: World):
    person = await world.recorded(await world.organization())
    event = {"sessionId": "s", "ts": at("09:00:00"), "type": "click", "x": 3, "y": 10_000, "userId": str(person.id)}
    posted = await world.http.post("/api/v1/inayla/behaviors", json=event)
    asker = await world.super_admin()

    [node] = (await asker.ask("{ behaviors { nodes { uuid x y url domain } } }"))["behaviors"]["nodes"]

    assert node == {"uuid": posted.json()["data"]["id"], "x": 3, "y": 10_000, "url": "", "domain": None}


async def test_events_of_every_type_come_back_as_their_type(world: World):
    person = await world.recorded(await world.organization())
    wire = ["pageshow", "click", "focus", "blur", "keyup", "keydown", "visibility_hidden", "visibility_visible", "idle",
            "scrollend", "pagehide"]  # fmt: skip
    await world.browse(person, *[raw(f"09:00:{second:02}", kind) for second, kind in enumerate(wire)])
    asker = await world.super_admin()

    found = await asker.ask("{ behaviors(orderBy: OLDEST_FIRST) { nodes { type } } }")

    assert [node["type"] for node in found["behaviors"]["nodes"]] == [kind.upper() for kind in wire]


async def test_members_of_an_organization_can_fetch_one_another(world: World):
    organization = await world.organization()
    member, colleague = await world.member(organization), await world.member(organization)
    elsewhere = await world.member(await world.organization())
    members = "query ($id: ID!) { organization(id: $id) { members { nodes { user { id username } } } } }"
    answer = await member.ask(members, id=str(organization.id))
    ids = {node["user"]["username"]: node["user"]["id"] for node in answer["organization"]["members"]["nodes"]}
    assert colleague.user is not None

    node = "query ($id: ID!) { node(id: $id) { ... on User { username } } }"
    seen = await member.ask(node, id=ids[colleague.user.username])
    unseen = await elsewhere.ask(node, id=ids[colleague.user.username])

    assert seen == {"node": {"username": colleague.user.username}}
    assert unseen == {"node": None}
