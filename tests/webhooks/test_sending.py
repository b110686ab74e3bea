"""One message to an endpoint, be it slow, large, far away, or somebody else's."""

import asyncio
import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from uuid import UUID

import pytest
from standardwebhooks import Webhook

from core.webhooks import AttemptOutcome
from tests.free_ports import free_port
from tests.webhooks.certificates import server_context
from tests.webhooks.endpoint import Endpoint, Received, endpoint, silent, status
from webhooks.addresses import Address, AddressRules
from webhooks.sender import MOST_BYTES, Attempt, WebhookSender
from webhooks.signing import Message, SigningKey, new_salt

LOOPBACK = AddressRules((ip_network("127.0.0.0/8"),), allow_http=True)
KEY = SigningKey("a key of the tests")
SECRET = KEY.secret(UUID(int=1), b"salt")
MESSAGE = Message("0001", '{"type": "test", "name": "Ünï"}'.encode())


async def sent(target: Endpoint, url: str | None = None, timeout_seconds: float = 20) -> Attempt:
    sender = WebhookSender(LOOPBACK, KEY, timeout_seconds=timeout_seconds)
    return await sender.send(url or target.url, MESSAGE, [SECRET])


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_a_status_of_success_is_a_delivery(target: Endpoint, code: int):
    target.answer = status(code)

    attempt = await sent(target)

    assert (attempt.outcome, attempt.status, attempt.problem) == (AttemptOutcome.DELIVERED, code, None)
    Webhook(SECRET).verify(target.received[0].body, target.received[0].headers)


@pytest.mark.parametrize("code", [400, 401, 404, 410, 429, 500, 503])
async def test_any_other_status_is_none(target: Endpoint, code: int):
    target.answer = status(code)

    attempt = await sent(target)

    assert (attempt.outcome, attempt.status, attempt.problem) == (
        AttemptOutcome.REFUSED,
        code,
        f"The endpoint answered {code}.",
    )


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_told_and_not_followed(target: Endpoint, code: int):
    async with endpoint() as elsewhere:
        target.answer = status(code, f"Location: {elsewhere.url}\r\n")

        attempt = await sent(target)

        assert attempt.outcome is AttemptOutcome.REFUSED
        assert "not followed" in (attempt.problem or "")
        assert elsewhere.received == []


async def test_an_endpoint_that_does_not_answer_is_given_up_in_time(target: Endpoint):
    target.answer = silent()
    began = time.monotonic()

    attempt = await sent(target, timeout_seconds=0.5)

    assert attempt.outcome is AttemptOutcome.TIMEOUT
    assert time.monotonic() - began < 20


async def test_an_endpoint_that_sends_its_head_byte_by_byte_is_given_up_in_time(target: Endpoint):
    async def drip(_request: Received, writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)

    target.answer = drip

    assert (await sent(target, timeout_seconds=0.5)).outcome is AttemptOutcome.TIMEOUT


async def test_of_an_answer_of_50_mb_little_is_read(target: Endpoint):
    written = 0

    async def flood(_request: Received, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        for _ in range(50_000_000 // MOST_BYTES):
            writer.write(bytes(MOST_BYTES))
            await writer.drain()
            written += MOST_BYTES

    target.answer = flood

    attempt = await sent(target, timeout_seconds=30)

    assert attempt.outcome is AttemptOutcome.DELIVERED
    assert written < 20_000_000  # what the kernel's buffers take


async def test_an_answer_without_an_end_is_a_delivery_by_its_status(target: Endpoint):
    async def endless(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
        await writer.drain()
        await asyncio.sleep(60)

    target.answer = endless

    attempt = await sent(target, timeout_seconds=20)

    assert attempt.outcome is AttemptOutcome.DELIVERED
    assert attempt.seconds < 15


async def test_a_head_of_a_megabyte_is_refused(target: Endpoint):
    target.answer = status(200, f"X: {'x' * 2**20}\r\n")

    assert (await sent(target, timeout_seconds=20)).outcome is AttemptOutcome.CONNECTION


async def test_bytes_that_are_no_http_are_no_delivery(target: Endpoint):
    async def noise(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()

    target.answer = noise

    assert (await sent(target)).outcome is AttemptOutcome.CONNECTION


async def test_nobody_at_the_port_or_the_name_is_told(target: Endpoint):
    refused = await sent(target, f"http://127.0.0.1:{free_port()}/")
    unknown = await sent(target, "http://does-not-exist.invalid/", timeout_seconds=20)

    assert refused.outcome is unknown.outcome is AttemptOutcome.CONNECTION
    assert unknown.problem == "There was no HTTP answer: its name has no address."


async def test_a_certificate_must_be_of_the_name_and_of_somebody_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def here(_host: str, _port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]

    async with endpoint(server_context(tmp_path, "hooks.example")) as target:
        sender = WebhookSender(LOOPBACK, KEY, look_up=here)
        untrusted = await sender.send(f"https://hooks.example:{target.port}/", MESSAGE, [SECRET])
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        sender = WebhookSender(LOOPBACK, KEY, look_up=here)
        right = await sender.send(f"https://hooks.example:{target.port}/", MESSAGE, [SECRET])
        wrong = await sender.send(f"https://other.example:{target.port}/", MESSAGE, [SECRET])

        assert untrusted.outcome is wrong.outcome is AttemptOutcome.CONNECTION
        assert "certificate" in (wrong.problem or "").lower()
        assert right.outcome is AttemptOutcome.DELIVERED, right.problem
        assert len(target.received) == 1


async def test_proxies_of_the_environment_are_not_used(target: Endpoint, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")

    assert (await sent(target)).outcome is AttemptOutcome.DELIVERED


def test_secrets_are_of_the_key_the_webhook_and_the_salt():
    secrets = {
        key.secret(UUID(int=webhook), salt)
        for key in (KEY, SigningKey("another"))
        for webhook in (1, 2)
        for salt in (b"a", b"b")
    }

    assert len(secrets) == 8
    assert all(each.startswith("whsec_") and len(each) == 50 for each in secrets)
    assert KEY.secret(UUID(int=1), b"a") == KEY.secret(UUID(int=1), b"a")
    assert new_salt() != new_salt()
    assert "jwt" not in SigningKey.derived_from("jwt").secret(UUID(int=1), b"a")
