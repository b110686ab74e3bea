from uuid import UUID, uuid4

import pytest

from core.events import user_named_in
from core.rejected_event_quota import DailyQuota, RejectedEventQuota
from core.rejected_events import (
    PER_NETWORK_A_DAY,
    PER_ORGANIZATION,
    PER_PERSON,
    TOTAL,
    UNKNOWN,
    RejectedEventSource,
    SourceCounts,
    fair_cap,
)

ROOM = TOTAL - UNKNOWN
HOUR = 3600.0
PERSON = UUID("0a1b2c3d-0000-4000-8000-00000000abcd")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("counts", "cap"),
    [
        ([], PER_ORGANIZATION),
        ([3, PER_ORGANIZATION], PER_ORGANIZATION),
        ([PER_ORGANIZATION] * (ROOM // PER_ORGANIZATION), PER_ORGANIZATION),
        ([PER_ORGANIZATION] * 16, ROOM // 16),
        ([10] * 100 + [PER_ORGANIZATION] * 10, (ROOM - 1000) // 10),
        ([5] * (2 * ROOM), 1),
    ],
)
def test_what_each_organization_may_keep_is_what_the_small_leave_to_the_large(counts: list[int], cap: int):
    assert fair_cap(counts) == cap


def test_a_portion_that_is_taken_again_is_counted_once():
    source = RejectedEventSource(uuid4(), uuid4(), with_key=True)
    counts = SourceCounts()
    events = [(number, source) for number in range(PER_PERSON + 2)]

    first, again = counts.surplus(events), counts.surplus(events)
    counts.add(again[1])

    assert first == again
    assert again[0] == [PER_PERSON, PER_PERSON + 1]
    assert counts.surplus(events[:1])[0] == [0]
    assert counts.of_organizations == [PER_PERSON]


def test_what_was_taken_grows_back_within_a_day():
    clock = Clock()
    quota = DailyQuota(24, clock)

    quota.take("a", 24)
    assert (quota.room("a"), quota.room("b")) == (0, 24)

    clock.seconds += HOUR
    assert quota.room("a") == 1
    clock.seconds += 23 * HOUR
    assert quota.room("a") == 24

    quota.take("a", 5)
    quota.take("a", -5)
    assert (quota.room("a"), len(quota)) == (24, 0)


def test_sources_that_have_their_room_back_take_no_memory():
    clock = Clock()
    quota = DailyQuota(24, clock)

    for number in range(100_000):
        quota.take(number, 1)
        clock.seconds += 10

    assert len(quota) <= 1_001  # 360 of them are missing something


def test_each_address_has_its_own_room_and_each_key_and_organization():
    quota, organization = RejectedEventQuota(Clock()), uuid4()

    with quota.admission() as admission:
        networks = [admission.keyless(network, 150) for network in ("192.0.2.1", "192.0.2.1", "192.0.2.2")]
        people = [admission.with_key(uuid4(), organization, PER_PERSON + 1) for _ in range(5)]

    assert networks == [150, PER_NETWORK_A_DAY - 150, 150]
    assert people == [PER_PERSON] * 4 + [0]
    assert quota.not_kept == {"keyless": 100, "key": 5 + PER_PERSON}


def test_all_addresses_together_have_a_bound():
    quota = RejectedEventQuota(Clock())

    with quota.admission() as admission:
        admitted = sum(admission.keyless(str(number), PER_NETWORK_A_DAY) for number in range(1_000))

    assert admitted == TOTAL
    assert len(quota.networks) == TOTAL // PER_NETWORK_A_DAY


def test_a_transaction_that_fails_takes_nothing():
    quota = RejectedEventQuota(Clock())

    def fail() -> None:
        with quota.admission() as admission:
            admission.keyless("192.0.2.1", 1_000)
            raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        fail()

    assert quota.networks.room("192.0.2.1") == PER_NETWORK_A_DAY
    assert quota.not_kept.total() == 0


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (f'{{"userId": "{PERSON}"}}', PERSON),
        (f'{{"userId": "{str(PERSON).upper()}", "ts": ""}}', PERSON),
        (f'{{"userId": "{PERSON.hex}"}}', PERSON),
        (f'{{"userId": "{PERSON}', None),
        ('{"userId": "42"}', None),
        ('{"userId": null}', None),
        (f'{{"userId": "{"-" * 36}"}}', None),
        (f'{{"url": "\\"userId\\": \\"{PERSON}\\""}}', None),
    ],
)
def test_whom_a_rejected_event_names(payload: str, named: UUID | None):
    assert user_named_in(payload) == named
