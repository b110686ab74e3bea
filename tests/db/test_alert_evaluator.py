"""The evaluation of alert rules: of what they are about, by one process at a time, fairly, whatever goes wrong."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.alerts.conditions import AlertComparison, Condition, checked_condition
from core.alerts.states import AlertState, RuleLogic
from core.errors import InvalidInput
from core.scope import Scope
from db.alert_evaluator import GRACE, AlertEvaluator
from db.queries import alert_rules, alerts
from db.queries.alert_rules import AlertRuleContent, AlertRuleRow
from db.queries.alerts import NEWEST_FIRST, AlertList, AlertRow
from db.queries.filters import EventFilter, TextFilter
from db.queries.organizations import OrganizationRow
from resolvers.pages import forward
from tests.world import World, raw

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MANY = checked_condition(AlertComparison.ABOVE, 2, 1)


def read_filter(stored: dict[str, Any] | None) -> EventFilter:
    """A reader of filters that knows one form of them."""
    if stored is None:
        return EventFilter()
    if "bad" in stored:
        raise InvalidInput("`bad` is no condition.", "where")
    return EventFilter(domain=TextFilter(eq=stored["domain"]))


def content(name: str = "Many events", condition: Condition = MANY, **others: Any) -> AlertRuleContent:
    """A rule on the number of events in an hour."""
    return replace(AlertRuleContent(name, "events", RuleLogic(condition), HOUR), **others)


async def rule_of(world: World, organization: OrganizationRow, wanted: AlertRuleContent) -> AlertRuleRow:
    """A rule of the organization that is due at noon."""
    async with world.services.database.write() as db:
        row = await alert_rules.create(db, organization.id, wanted)
        await db.execute(
            text("UPDATE alert_rules SET next_evaluation_at = :noon WHERE id = :id"), {"noon": NOON, "id": row.id}
        )
    return row


async def evaluate(world: World, *instants: datetime) -> None:
    """Evaluate what is due at each of these instants, as seen after the moment of grace."""
    for instant in instants:
        await AlertEvaluator(world.services.database, read_filter, clock=repeat(instant + GRACE).__next__).work_round()


async def read_rule(world: World, rule_id: UUID) -> AlertRuleRow:
    """The rule as it is now."""
    async with world.services.database.read() as db:
        return (await alert_rules.by_ids(db, Scope.everything(), [rule_id]))[rule_id]


async def read_alerts(world: World, rule: AlertRuleRow, state: AlertState | None = None) -> list[AlertRow]:
    """The alerts of a rule, the newest first."""
    wanted = AlertList(rule.organization_id, rule.id, state)
    async with world.services.database.read() as db:
        pages = await alerts.pages(db, Scope.everything(), [wanted], forward(NEWEST_FIRST.parse, 100, None))
    return list(pages[wanted].rows)


async def test_alert_fires_once_and_is_over(world: World):
    acme = await world.organization()
    ada = await world.recorded(acme)
    await world.browse(ada, *(raw(f"11:{minute}:00") for minute in (10, 20, 50)))
    rule = await rule_of(world, acme, content())

    await evaluate(world, NOON, NOON + timedelta(minutes=5), NOON + timedelta(minutes=25))

    [alert] = await read_alerts(world, rule)
    assert (alert.fired_at, alert.resolved_at, alert.value, alert.value_before) == (
        NOON,
        NOON + timedelta(minutes=25),
        3,
        None,
    )
    assert await read_alerts(world, rule, AlertState.FIRING) == []
    assert await read_alerts(world, rule, AlertState.RESOLVED) == [alert]
    found = await read_rule(world, rule.id)
    assert (found.evaluated_at, found.state.firing) == (NOON + timedelta(minutes=25), False)


async def test_rules_are_about_a_person_a_team_or_everybody_and_what_their_filter_admits(world: World):
    acme, other = await world.organization(), await world.organization()
    ada, ben, stranger = await world.recorded(acme), await world.recorded(acme), await world.recorded(other)
    team = await world.team(acme, ben)
    for person, count in ((ada, 1), (ben, 2), (stranger, 4)):
        await world.browse(person, *(raw(f"11:0{minute}:00", url="https://a.com/") for minute in range(count)))
    await world.browse(ada, raw("11:30:00", url="https://b.com/"))
    any_event = checked_condition(AlertComparison.ABOVE, 0, None)
    subjects: dict[str, dict[str, Any]] = {
        "everybody": {},
        "ada": {"extension_user_id": ada.id},
        "team": {"team_id": team.id},
        "filtered": {"filter": {"domain": "b.com"}},
        "filtered team": {"team_id": team.id, "filter": {"domain": "b.com"}},
    }
    rules = {name: await rule_of(world, acme, content(name, any_event, **about)) for name, about in subjects.items()}

    await evaluate(world, NOON)

    found = {name: [alert.value for alert in await read_alerts(world, rule)] for name, rule in rules.items()}
    assert found == {"everybody": [4], "ada": [2], "team": [2], "filtered": [1], "filtered team": []}


async def test_changes_compare_with_the_window_before_and_silence_needs_no_measure(world: World):
    acme = await world.organization()
    ada, ben = await world.recorded(acme), await world.recorded(acme)
    await world.browse(ada, *(raw(f"10:0{minute}:00") for minute in range(4)), raw("11:30:00"))
    fall = checked_condition(AlertComparison.FALL, 50, None)
    rise = checked_condition(AlertComparison.RISE, 50, None)
    silence = checked_condition(AlertComparison.NO_DATA, None, None)
    fell = await rule_of(world, acme, content("fall", fall))
    rose = await rule_of(world, acme, content("rise", rise))
    silent = await rule_of(world, acme, content("silence", silence, extension_user_id=ben.id))
    talking = await rule_of(world, acme, content("talk", silence, extension_user_id=ada.id))

    await evaluate(world, NOON)

    [alert] = await read_alerts(world, fell)
    assert (alert.value, alert.value_before) == (1, 4)
    assert await read_alerts(world, rose) == []
    assert [each.value for each in await read_alerts(world, silent)] == [0]
    assert await read_alerts(world, talking) == []


async def test_rules_that_are_off_or_not_due_are_left_alone(world: World):
    acme = await world.organization()
    silence = checked_condition(AlertComparison.NO_DATA, None, None)
    off = await rule_of(world, acme, content("off", silence, enabled=False))
    on = await rule_of(world, acme, content("on", silence))

    await evaluate(world, NOON - timedelta(minutes=1), NOON, NOON + timedelta(minutes=4))

    assert await read_alerts(world, off) == []
    assert (await read_rule(world, off.id)).evaluated_at is None
    assert [alert.fired_at for alert in await read_alerts(world, on)] == [NOON]
    assert (await read_rule(world, on.id)).evaluated_at == NOON


async def test_several_processes_fire_an_alert_once(world: World):
    acme = await world.organization()
    silence = checked_condition(AlertComparison.NO_DATA, None, None)
    rules = [await rule_of(world, acme, content(f"Rule {number}", silence)) for number in range(5)]

    await asyncio.gather(*(evaluate(world, NOON) for _ in range(4)))

    assert [len(await read_alerts(world, rule)) for rule in rules] == [1] * 5


async def test_evaluation_that_breaks_off_leaves_no_trace_and_is_made_again(world: World):
    acme = await world.organization()
    rule = await rule_of(world, acme, content("once", checked_condition(AlertComparison.NO_DATA, None, None)))
    evaluator = AlertEvaluator(world.services.database, read_filter, clock=lambda: NOON + GRACE)
    async with world.services.database.write() as holder:
        await holder.execute(text("LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE"))  # holds it up where it fires
        evaluation = asyncio.create_task(evaluator.work_round())
        while not await _waits_for_a_lock(world):  # noqa: ASYNC110 - PostgreSQL tells nobody
            await asyncio.sleep(0.01)
        evaluation.cancel()
        with pytest.raises(asyncio.CancelledError):
            await evaluation
    assert (await read_rule(world, rule.id)).evaluated_at is None

    await evaluate(world, NOON)

    assert len(await read_alerts(world, rule)) == 1


async def _waits_for_a_lock(world: World) -> bool:
    async with world.services.database.read() as db:
        statement = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'alerts'::regclass")
        return bool(await db.scalar(statement))


async def test_rule_that_fails_says_why_rests_longer_and_longer_and_delays_no_other(world: World):
    acme = await world.organization()
    silence = checked_condition(AlertComparison.NO_DATA, None, None)
    broken = await rule_of(world, acme, content("broken", silence, filter={"bad": True}))
    whole = await rule_of(world, acme, content("whole", silence))

    await evaluate(world, NOON, NOON + timedelta(minutes=4))
    once = await read_rule(world, broken.id)
    await evaluate(world, NOON + timedelta(minutes=5), NOON + timedelta(minutes=14))
    twice = await read_rule(world, broken.id)

    assert len(await read_alerts(world, whole)) == 1
    assert (once.problem, once.failures, twice.failures) == ("`bad` is no condition.", 1, 2)
    await evaluate(world, NOON + timedelta(minutes=15))
    assert (await read_rule(world, broken.id)).failures == 3


async def test_organizations_take_turns(world: World):
    many, few = await world.organization(), await world.organization()
    silence = checked_condition(AlertComparison.NO_DATA, None, None)
    first, second, third = [(await rule_of(world, many, content(f"Rule {n}", silence))).id for n in range(3)]
    only = (await rule_of(world, few, content("Rule", silence))).id
    async with world.services.database.write() as db:
        await db.execute(
            text("UPDATE alert_rules SET next_evaluation_at = :at WHERE id = :id"),
            [{"at": NOON - timedelta(minutes=9 - n), "id": each} for n, each in enumerate((first, second, third))],
        )
        due = await alert_rules.due(db, NOON, 10_000)

    order = [each for each in due if each in {first, second, third, only}]
    assert order == [first, only, second, third]


async def test_only_the_newest_alerts_of_a_rule_are_kept(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(alerts, "ALERTS_KEPT", 2)
    acme = await world.organization()
    ada = await world.recorded(acme)
    rule = await rule_of(world, acme, content("busy", checked_condition(AlertComparison.ABOVE, 0, None)))
    await world.browse(ada, *(raw(f"{hour}:30:00") for hour in (11, 13, 15, 17)))

    await evaluate(world, *(NOON + timedelta(hours=hours) for hours in range(8)))

    assert [alert.fired_at for alert in await read_alerts(world, rule)] == [NOON + 6 * HOUR, NOON + 4 * HOUR]


async def test_content_is_stored_whole_and_a_new_one_begins_anew(world: World):
    acme = await world.organization()
    rule = await rule_of(world, acme, content("old", checked_condition(AlertComparison.NO_DATA, None, None)))
    await evaluate(world, NOON)
    wanted = content("new", MANY, filter={"domain": "a.com"}, window=timedelta(days=1), enabled=False)

    async with world.services.database.write() as db:
        changed = await alert_rules.replace(db, Scope.of([acme.id]), rule.id, wanted)

    assert changed is not None
    assert (changed.content, changed.state.firing, changed.evaluated_at) == (wanted, False, None)
