from hypothesis import given
from hypothesis import strategies as st

from core.portions import Portion

COSTS = st.lists(st.floats(0.001, 20.0), min_size=1, max_size=200)


def test_a_portion_grows_to_its_largest_and_shrinks_to_one():
    portion = Portion(1000)

    for _ in range(20):
        portion.grow()
    assert portion.size == 1000

    sizes = []
    while portion.halve():
        sizes.append(portion.size)
    assert sizes == [500, 250, 125, 62, 31, 15, 7, 3, 1]


def test_what_was_taken_is_halved_where_it_was_less_than_the_size():
    portion = Portion(1000)
    for _ in range(20):
        portion.grow()

    assert portion.halve(100)
    assert portion.size == 50
    assert not portion.halve(1)


@given(COSTS, st.floats(1.0, 10.0), st.integers(1, 5000))
def test_every_round_finishes_something_or_makes_the_next_portion_smaller(
    costs: list[float], limit: float, largest: int
):
    portion, left, put_aside = Portion(largest), [*costs], 0
    while left:
        size, before = portion.size, len(left)
        spent = sum(left[:size])
        if spent <= limit:
            left = left[size:]
            portion.grow()
        elif not portion.halve():
            left, put_aside = left[1:], put_aside + 1

        assert len(left) < before or portion.size < size
    assert put_aside == sum(cost > limit for cost in costs)
