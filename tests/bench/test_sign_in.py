from bench.sign_in import UNKNOWN, measure


async def test_every_kind_of_failure_is_measured():
    medians = await measure(1)

    assert UNKNOWN in medians
    assert len(medians) == 5
    assert min(medians.values()) > 0
