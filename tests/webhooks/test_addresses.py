"""The addresses that messages may be sent to, however they are written, and whatever names lead to."""

import socket
from ipaddress import ip_address, ip_network
from uuid import UUID

import pytest

from core.errors import InvalidInput
from core.webhooks import AttemptOutcome
from tests.webhooks.endpoint import Endpoint
from webhooks.addresses import Address, AddressRules
from webhooks.connections import look_up
from webhooks.sender import WebhookSender
from webhooks.signing import Message, SigningKey
from webhooks.targets import checked_url

MESSAGE, SECRETS = Message("id", b"{}"), [SigningKey("key").secret(UUID(int=1), b"salt")]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "2001:0:1::1",
        "2001:db8::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "100::1",
    ],
)
def test_what_is_not_the_open_internet_is_refused(address: str):
    assert not AddressRules().permits(ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14"]
)
def test_the_open_internet_is_allowed(address: str):
    assert AddressRules().permits(ip_address(address))


def test_networks_are_allowed_by_the_setting_alone_in_any_form():
    rules = AddressRules((ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")))

    allowed = {
        each: rules.permits(ip_address(each)) for each in ("10.1.2.3", "10.2.0.1", "::ffff:10.1.2.3", "fd00:1::5")
    }

    assert allowed == {"10.1.2.3": True, "10.2.0.1": False, "::ffff:10.1.2.3": True, "fd00:1::5": True}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://user:password@example.com/",
        "https://example.com/#fragment",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com\\@10.0.0.1/",
        "https://exämple.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data",
        "https://example.com/" + "x" * 2048,
        "https://[::1",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_that_is_none_is_refused_when_it_is_saved(url: str):
    with pytest.raises(InvalidInput) as refusal:
        checked_url(url, AddressRules())

    assert refusal.value.field == "url"


def test_an_address_is_saved_as_it_is():
    assert checked_url(" https://example.com:8443/a?b=c ", AddressRules()) == "https://example.com:8443/a?b=c"
    assert checked_url("http://10.0.0.1/", AddressRules((ip_network("10.0.0.0/8"),), allow_http=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]"])
async def test_this_machine_is_not_reached_however_it_is_written(host: str, target: Endpoint):
    sender = WebhookSender(AddressRules(allow_http=True), SigningKey("key"))

    attempt = await sender.send(f"http://{host}:{target.port}/", MESSAGE, SECRETS)

    assert attempt.outcome in {AttemptOutcome.NOT_ALLOWED, AttemptOutcome.CONNECTION}
    assert attempt.outcome is AttemptOutcome.NOT_ALLOWED or host == "[::1]"
    assert target.received == []


async def test_a_name_that_leads_elsewhere_at_the_second_look_is_looked_up_once(target: Endpoint):
    asked = []

    async def rebinding(host: str, _port: int) -> list[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1") if len(asked) == 1 else ip_address("127.0.0.66")]

    rules = AddressRules((ip_network("127.0.0.1"),), allow_http=True)
    sender = WebhookSender(rules, SigningKey("key"), look_up=rebinding)

    first = await sender.send(f"http://hooks.example:{target.port}/", MESSAGE, SECRETS)
    second = await sender.send(f"http://hooks.example:{target.port}/", MESSAGE, SECRETS)

    assert (first.outcome, second.outcome) == (AttemptOutcome.DELIVERED, AttemptOutcome.NOT_ALLOWED)
    assert asked == ["hooks.example", "hooks.example"]
    assert [each.headers["host"] for each in target.received] == [f"hooks.example:{target.port}"]


async def test_one_address_among_several_that_is_not_allowed_is_enough(target: Endpoint):
    async def mixed(_host: str, _port: int) -> list[Address]:
        return [ip_address("127.0.0.1"), ip_address("10.0.0.1")]

    rules = AddressRules((ip_network("127.0.0.1"),), allow_http=True)

    attempt = await WebhookSender(rules, SigningKey("key"), look_up=mixed).send(target.url, MESSAGE, SECRETS)

    assert attempt.outcome is AttemptOutcome.NOT_ALLOWED
    assert target.received == []


async def test_the_next_address_is_tried_where_one_does_not_answer(target: Endpoint):
    async def two(_host: str, _port: int) -> list[Address]:
        return [ip_address("::1"), ip_address("127.0.0.1")]

    rules = AddressRules((ip_network("127.0.0.1"), ip_network("::1")), allow_http=True)

    attempt = await WebhookSender(rules, SigningKey("key"), look_up=two).send(target.url, MESSAGE, SECRETS)

    assert attempt.outcome is AttemptOutcome.DELIVERED


async def test_the_systems_resolver_tells_addresses():
    assert ip_address("127.0.0.1") in await look_up("localhost", 80)
    with pytest.raises(socket.gaierror):
        await look_up("does-not-exist.invalid", 80)
