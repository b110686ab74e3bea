from ai.breaker import Breaker


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def state(breaker: Breaker) -> str:
    return breaker.state.name


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(failures=3, pause=30, longest_pause=300, clock=clock)
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row():
    breaker = opened(Clock())

    assert state(breaker) == "OPEN"
    assert not breaker.admits()


def test_a_success_in_between_begins_the_row_anew():
    breaker = Breaker(failures=3)

    for outcome in (breaker.failed, breaker.failed, breaker.succeeded, breaker.failed, breaker.failed):
        assert breaker.admits()
        outcome()

    assert state(breaker) == "CLOSED"


def test_after_the_pause_one_call_is_let_through_and_its_success_closes_it():
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30

    assert state(breaker) == "HALF_OPEN"
    assert [breaker.admits(), breaker.admits()] == [True, False]
    breaker.succeeded()

    assert state(breaker) == "CLOSED"
    assert [breaker.admits(), breaker.admits()] == [True, True]


def test_its_failure_opens_it_again_for_as_long():
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30
    assert breaker.admits()

    breaker.failed()

    assert state(breaker) == "OPEN"
    clock.now += 29
    assert not breaker.admits()
    clock.now += 1
    assert breaker.admits()


def test_a_call_that_told_nothing_lets_the_next_one_through():
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30
    assert breaker.admits()

    breaker.abandoned()

    assert state(breaker) == "HALF_OPEN"
    assert breaker.admits()


def test_it_opens_at_once_for_as_long_as_the_endpoint_asks_within_bounds():
    clock = Clock()
    breaker = Breaker(failures=3, pause=30, longest_pause=300, clock=clock)
    for asked, granted in ((1, 30), (120, 120), (86400, 300)):
        breaker.failed(asked)
        clock.now += granted - 1
        assert state(breaker) == "OPEN"
        clock.now += 1
        assert state(breaker) == "HALF_OPEN"
