"""What webhooks are told by the running service, and what becomes of it when that does not go well."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from core.clock import now
from core.observer import Job, Observer
from core.roles import Role
from core.webhooks import HISTORY, delay_after, rest_after
from db.background_jobs import BackgroundJob
from db.housekeeping import _clean_deliveries
from db.queries import memberships
from db.queries.retention import RetentionTime
from db.retention import apply, retention_job
from resolvers import webhook_worker
from resolvers.webhook_worker import WebhookWorker
from tests.schema.sample_tenants import run
from tests.webhooks.endpoint import Endpoint, endpoint, silent, status, until
from tests.webhooks.requests import (
    REDELIVER,
    ROTATE,
    UPDATE,
    deliveries_of,
    due_now,
    made,
    paused,
    person_made,
    tried,
    webhooks_of,
)
from tests.world import World, raw


async def set_sql(world: World, statement: str, **values: Any) -> None:
    async with world.services.database.write() as db:
        await db.execute(text(statement), values)


async def test_a_new_person_is_told_signed_by_the_specification(telling: World, target: Endpoint):
    acme = await telling.organization("Acme")
    admin = await telling.member(acme)
    webhook = await made(admin, acme, target.url)

    person = await person_made(admin, acme, "olga")

    [request] = await target.get(1)
    message = Webhook(webhook["secret"]).verify(request.body, request.headers)
    assert message["type"] == "person.created"
    assert message["data"]["person"] == person["extensionUser"]
    assert message["data"]["organization"]["name"] == "Acme"
    assert (now() - datetime.fromisoformat(message["timestamp"])) < timedelta(minutes=1)
    assert request.line == "POST /hooks HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == f"127.0.0.1:{target.port}"
    delivery = await tried(admin, acme, 1)
    assert (delivery["state"], delivery["eventId"]) == ("DELIVERED", request.headers["webhook-id"])
    assert person["apiKey"] not in request.body.decode()
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook["secret"]).verify(request.body + b" ", request.headers)


async def test_each_kind_of_event_is_told_to_those_who_asked_for_it(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    async with endpoint() as other, endpoint() as foreign:
        await made(admin, acme, other.url, eventTypes=["KEY_REGENERATED"])
        beta = await telling.organization()
        await made(await telling.member(beta), beta, foreign.url)
        person = await person_made(admin, acme, "olga")
        olga = person["extensionUser"]["id"]
        await admin.ask("mutation ($id: ID!) { regenerateApiKey(input: {id: $id}) { __typename } }", id=olga)
        for path in ("behaviors.csv", f"extension-users/{olga}.ndjson"):
            headers = {"Authorization": f"Bearer {admin.token}"}
            answer = await telling.http.get(f"/api/v1/exports/{path}", headers=headers)
            assert answer.status_code in {200, 404}, answer.text

        found = [each.message for each in await target.get(3)]

        assert {"person.created", "key.regenerated", "export.made"} == {each["type"] for each in found}
        [export] = [each["data"] for each in found if each["type"] == "export.made" and each["data"]["format"]]
        assert (export["export"], export["format"]) == ("BEHAVIORS", "csv")
        assert admin.user
        assert export["actor"]["username"] == admin.user.username
        assert [each.message["type"] for each in await other.get(1)] == ["key.regenerated"]
        assert foreign.received == []


async def test_what_is_rolled_back_is_not_told(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    await person_made(admin, acme, "olga")

    taken = await person_made(admin, acme, "olga")

    assert taken == {}
    await target.get(1)
    assert len(await deliveries_of(admin, acme)) == 1


async def test_a_run_of_retention_is_told_once_with_its_numbers(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    olga, paul = await telling.recorded(acme), await telling.recorded(acme)
    for person in (olga, paul):
        await telling.browse(person, *(raw(f"09:00:{second:02}") for second in range(5)))
    await set_sql(telling, "UPDATE organizations SET retention_days = 1 WHERE id = :id", id=acme.id)
    job = retention_job(telling.services.background_database, largest=16)
    job.portion.size = 2

    async for _ in apply(job, RetentionTime.at(now(), None)):
        pass
    waiting = await deliveries_of(admin, acme)
    await due_now(telling)

    [request] = await target.get(1)
    assert [each["attemptCount"] for each in waiting] == [0]
    assert request.message["type"] == "retention.run"
    assert request.message["data"]["behaviors"] + 10 * request.message["data"]["months"] >= 10
    assert request.message["data"]["behaviors"] <= 10


async def test_a_delivery_that_is_refused_is_tried_again_with_the_same_id(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    webhook = await made(admin, acme, target.url)
    target.answers = [status(500), status(503)]
    await person_made(admin, acme, "olga")

    first = await tried(admin, acme, 1)
    await due_now(telling)
    await tried(admin, acme, 2)
    await due_now(telling)
    delivery = await tried(admin, acme, 3)

    assert (first["state"], first["problem"]) == ("PENDING", "The endpoint answered 500.")
    assert datetime.fromisoformat(first["nextAttemptAt"]) > now()
    assert (delivery["state"], delivery["problem"], delivery["nextAttemptAt"]) == ("DELIVERED", None, None)
    assert [each["status"] for each in delivery["attempts"]] == [500, 503, 204]
    assert len({each.headers["webhook-id"] for each in target.received}) == 1
    for request in target.received:
        Webhook(webhook["secret"]).verify(request.body, request.headers)


async def test_after_a_day_it_is_kept_as_failed_until_somebody_has_it_redelivered(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    target.answer = status(500)
    await person_made(admin, acme, "olga")
    await tried(admin, acme, 1)
    await set_sql(telling, "UPDATE webhook_deliveries SET retried_until = now()")
    await due_now(telling)

    failed = await tried(admin, acme, 2)
    target.answer = status(200)
    await due_now(telling)
    answer = await run(admin, REDELIVER, id=failed["id"])

    assert (failed["state"], failed["problem"]) == ("FAILED", "The endpoint answered 500.")
    assert failed["finishedAt"] is not None
    assert answer["delivery"]["state"] == "DELIVERED"
    assert len({each.headers["webhook-id"] for each in target.received}) == 1


async def test_a_replaced_secret_signs_along_for_a_day(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    old = await made(admin, acme, target.url)

    new = await run(admin, ROTATE, id=old["webhook"]["id"])
    await person_made(admin, acme, "olga")
    await target.get(1)
    await tried(admin, acme, 1)
    await set_sql(telling, "UPDATE webhooks SET previous_until = now()")
    await person_made(admin, acme, "paul")

    both, alone = await target.get(2)
    assert old["secret"] != new["secret"]
    assert new["webhook"]["previousSecretUntil"] is not None
    for secret in (old["secret"], new["secret"]):
        Webhook(secret).verify(both.body, both.headers)
    Webhook(new["secret"]).verify(alone.body, alone.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old["secret"]).verify(alone.body, alone.headers)


async def test_a_webhook_whose_owner_is_no_admin_any_more_is_paused_until_another_takes_it_over(
    telling: World, target: Endpoint
):
    acme = await telling.organization()
    admin, other = await telling.member(acme), await telling.member(acme)
    webhook = await made(other, acme, target.url)
    assert other.user
    async with telling.services.database.write() as db:
        await memberships.set_role(db, acme.id, other.user.id, Role.MEMBER)
    await person_made(admin, acme, "olga")

    found = await paused(admin, acme)
    before = list(target.received)
    resumed = await run(admin, UPDATE, id=webhook["webhook"]["id"], isEnabled=True)

    assert (found["pauseReason"], before) == ("OWNER_LOST_ACCESS", [])
    assert admin.user
    assert (resumed["webhook"]["status"], resumed["webhook"]["ownerId"]) == ("ACTIVE", str(admin.user.id))
    assert (await target.get(1))[0].message["type"] == "person.created"
    log = await admin.ask("{ auditLog { nodes { action actorId details { name value } } } }")
    [entry] = [each for each in log["auditLog"]["nodes"] if each["action"] == "WEBHOOK_PAUSED"]
    assert entry["actorId"] is None
    assert {"name": "reason", "value": "OWNER_LOST_ACCESS"} in entry["details"]


async def test_an_endpoint_that_is_gone_or_fails_for_days_is_paused(telling: World, target: Endpoint):
    gone, failing = await telling.organization(), await telling.organization()
    target.answer = status(410)
    reasons = {}
    for organization in (gone, failing):
        admin = await telling.member(organization)
        await made(admin, organization, target.url)
        await person_made(admin, organization, "olga")
        if organization is failing:
            await tried(admin, organization, 1)
            await set_sql(telling, "UPDATE webhooks SET failing_since = now() - interval '6 days' WHERE failures > 0")
            await due_now(telling)
        reasons[organization.id] = (await paused(admin, organization))["pauseReason"]
        target.answer = status(500)

    assert reasons == {gone.id: "GONE", failing.id: "FAILING"}


async def test_what_waits_for_a_paused_webhook_is_given_up_after_a_day_and_deleted_after_a_month(
    telling: World, target: Endpoint
):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    await set_sql(telling, "UPDATE webhooks SET pause_reason = 'failing'")
    await person_made(admin, acme, "olga")
    job = BackgroundJob(Job.WEBHOOK_HISTORY, telling.services.background_database, largest=100)

    await _clean_deliveries(job)
    [waiting] = await deliveries_of(admin, acme)
    await set_sql(telling, "UPDATE webhook_deliveries SET retried_until = now() - interval '1 hour'")
    await _clean_deliveries(job)
    [failed] = await deliveries_of(admin, acme)
    await set_sql(telling, "UPDATE webhook_deliveries SET finished_at = now() - CAST(:days AS interval)", days=HISTORY)
    await _clean_deliveries(job)

    assert waiting["state"] == "PENDING"
    assert failed["state"] == "FAILED"
    assert "paused" in failed["problem"]
    assert await deliveries_of(admin, acme) == []


async def test_a_webhook_that_is_switched_off_is_told_nothing_of_that_time(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    webhook = (await made(admin, acme, target.url))["webhook"]
    off = await run(admin, UPDATE, id=webhook["id"], isEnabled=False)
    await person_made(admin, acme, "olga")
    await run(admin, UPDATE, id=webhook["id"], isEnabled=True)
    await person_made(admin, acme, "paul")

    [request] = await target.get(1)
    assert off["webhook"]["status"] == "DISABLED"
    assert request.message["data"]["person"]["username"] == "paul"


async def test_a_slow_endpoint_keeps_nobody_else_waiting(telling: World, target: Endpoint):
    slow, quick = await telling.organization(), await telling.organization()
    busy, other = await telling.member(slow), await telling.member(quick)
    async with endpoint() as hanging:
        hanging.answer = silent()
        for number in range(3):  # one more than an organization may have at once
            await made(busy, slow, f"{hanging.url}/{number}")
        await made(other, quick, target.url)
        for number in range(3):
            await person_made(busy, slow, f"person-{number}")
        await hanging.get(webhook_worker.SLOTS_OF_ORGANIZATION)
        await person_made(other, quick, "olga")

        await target.get(1)

        assert len(hanging.received) == webhook_worker.SLOTS_OF_ORGANIZATION
        assert len(target.received) == 1


async def test_two_processes_deliver_each_message_once(
    telling: World, target: Endpoint, running_application: tuple[World, WebhookWorker]
):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    _, worker = running_application
    twin = WebhookWorker(telling.services.background_database, worker._sender, worker._make_message)
    running = asyncio.create_task(twin.run())

    for number in range(20):
        await person_made(admin, acme, f"person-{number}")
    await target.get(20)
    await until(lambda: not worker._turns and not twin._turns)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    ids = [each.headers["webhook-id"] for each in target.received]
    assert len(ids) == len(set(ids)) == 20
    assert {each["state"] for each in await deliveries_of(admin, acme)} == {"DELIVERED"}


async def test_what_a_process_that_died_had_in_hand_is_delivered_by_another(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    await set_sql(telling, "UPDATE webhooks SET busy_until = now() + interval '1 hour'")
    await person_made(admin, acme, "olga")
    held = await deliveries_of(admin, acme)
    await set_sql(telling, "UPDATE webhooks SET busy_until = now() - interval '1 second'")

    assert [each["attemptCount"] for each in held] == [0]
    assert len(await target.get(1)) == 1


async def test_the_history_of_a_delivery_is_bounded(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    target.answer = status(500)
    await person_made(admin, acme, "olga")
    await tried(admin, acme, 1)
    repeated = "(SELECT jsonb_agg(first) FROM (SELECT attempts -> 0 AS first FROM generate_series(1, 20)) AS copies)"
    await set_sql(telling, f"UPDATE webhook_deliveries SET attempts = {repeated}, attempt_count = 20")
    target.answer = status(204)
    await due_now(telling)

    delivery = await tried(admin, acme, 21)

    assert [each["status"] for each in delivery["attempts"]] == [500] * 19 + [204]


class Recorder(Observer):
    """Keeps what is reported of webhooks."""

    def __init__(self) -> None:
        self.reported: list[str] = []

    def webhook_attempted(self, outcome: str, seconds: float) -> None:
        assert seconds > 0
        self.reported.append(outcome)

    def webhook_ended(self, state: str) -> None:
        self.reported.append(state)


async def test_attempts_and_ends_are_reported(
    telling: World,
    target: Endpoint,
    running_application: tuple[World, WebhookWorker],
    monkeypatch: pytest.MonkeyPatch,
):
    recorder = Recorder()
    monkeypatch.setattr(running_application[1], "_observer", recorder)
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    target.answers = [status(500)]
    await person_made(admin, acme, "olga")
    await tried(admin, acme, 1)
    await due_now(telling)
    await tried(admin, acme, 2)

    await until(lambda: len(recorder.reported) == 3)

    assert recorder.reported == ["refused", "delivered", "delivered"]


def test_pauses_between_attempts_grow_and_vary():
    assert 8 <= delay_after(1) <= 12
    assert 24 <= delay_after(2) <= 36
    assert max(delay_after(attempts) for attempts in range(1, 500)) <= 4 * 3600 * 1.2
    assert len({delay_after(3) for _ in range(20)}) > 1
    assert 0.8 <= rest_after(1) <= 1.2
    assert max(rest_after(failures) for failures in range(1, 500)) <= 360


async def test_deliveries_are_found_by_state(telling: World, target: Endpoint):
    acme = await telling.organization()
    admin = await telling.member(acme)
    await made(admin, acme, target.url)
    await person_made(admin, acme, "olga")
    await tried(admin, acme, 1)

    found = {state: await webhooks_of(admin, acme, state) for state in ("PENDING", "DELIVERED", "FAILED")}

    assert {state: len(each[0]["deliveries"]["nodes"]) for state, each in found.items()} == {
        "PENDING": 0,
        "DELIVERED": 1,
        "FAILED": 0,
    }
    event_id = found["DELIVERED"][0]["deliveries"]["nodes"][0]["eventId"]
    assert str(UUID(event_id)) == event_id
