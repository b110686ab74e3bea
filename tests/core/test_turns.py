from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.turns import Person, Turns

A, B = UUID(int=1), UUID(int=2)
PEOPLE = st.lists(
    st.builds(Person, st.integers(1, 40).map(lambda number: UUID(int=number)), st.sampled_from([A, B, None])),
    unique_by=lambda person: person.user_id,
)


def person(number: int, organization: UUID | None = A) -> Person:
    return Person(UUID(int=number), organization)


def turns(*people: Person) -> Turns:
    made = Turns()
    made.add(people)
    return made


def test_organizations_take_turns_and_their_people_within():
    waiting = turns(person(1), person(2), person(3), person(4, B), person(5, None))

    assert [each.user_id.int for each in waiting.take(9)] == [1, 4, 5, 2, 3]
    assert len(waiting) == 0


def test_somebody_added_after_their_turn_waits_behind_the_others():
    waiting = turns(person(1), person(2))

    waiting.add(waiting.take(1))

    assert [each.user_id.int for each in waiting.take(2)] == [2, 1]


def test_somebody_passed_over_is_the_first_again():
    waiting = turns(person(1), person(2, B), person(3))
    taken = waiting.take(2)

    waiting.put_back(taken)

    assert waiting.take(2) == taken


def test_preferred_people_are_taken_alone_while_any_of_them_waits():
    waiting = turns(person(1), person(2), person(3, B))
    wanted = {UUID(int=2), UUID(int=99)}

    assert waiting.take(3, wanted) == [person(2)]
    assert waiting.take(3, wanted) == [person(3, B), person(1)]


def test_preferred_people_take_turns_by_organization_too():
    waiting = turns(*(person(number) for number in range(1, 6)), person(6, B), person(7, B))
    wanted = {UUID(int=number) for number in range(1, 8)}

    assert [each.user_id.int for each in waiting.take(3, wanted)] == [1, 6, 2]
    waiting.add([person(1), person(2)])
    assert 7 in [each.user_id.int for each in waiting.take(2, wanted)]


def test_who_waits_already_is_not_added_twice():
    waiting = turns(person(1), person(1))

    assert len(waiting) == 1


@given(PEOPLE, st.integers(1, 5))
def test_everybody_has_one_turn_whatever_the_portions(people: list[Person], count: int):
    waiting = turns(*people)

    taken: list[Person] = []
    while some := waiting.take(count):
        taken += some

    assert sorted(taken, key=lambda each: each.user_id) == sorted(people, key=lambda each: each.user_id)


@given(PEOPLE)
def test_nobody_has_a_second_turn_before_every_organization_had_one(people: list[Person]):
    waiting = turns(*people)
    organizations = {each.organization_id for each in people}

    first = waiting.take(len(organizations)) if people else []

    assert {each.organization_id for each in first} == organizations
