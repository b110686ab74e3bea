from tests.world import World


async def test_viewer_is_whoever_signed_in(world: World):
    asker = await world.sign_in(await world.user("Ada"))

    answer = await asker.ask("{ viewer { username isSuperAdmin memberships { role } } }")

    assert answer == {"viewer": {"username": "Ada", "isSuperAdmin": False, "memberships": []}}


async def test_strangers_are_refused_with_a_code(world: World):
    error = await world.stranger.refused("{ viewer { username } }")

    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "Authorization: Bearer" in error["message"]
