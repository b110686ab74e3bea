"""Messages over a real connection: users, encryption, and servers that refuse or are silent."""

import ssl
import subprocess
from pathlib import Path

import pytest

from mail.options import Encryption, SmtpOptions, smtp_options
from mail.sender import Mail, MailFailed, MailSender
from tests.free_ports import free_port
from tests.mail_server import mail_server, only, text_of

MAIL = Mail("nora@example.com", "Grüße", "A link:\n\nhttp://testserver/invitation#" + "x" * 43 + "\n")
SENDER = "web-behavior <no-reply@example.com>"


def options(url: str, timeout: float = 30) -> SmtpOptions:
    """The options of a server."""
    return smtp_options(url, SENDER, timeout)


async def problem(url: str, seconds: float = 30) -> str:
    """The reason why a message is not sent."""
    with pytest.raises(MailFailed) as caught:
        await MailSender(options(url, seconds)).send(MAIL)
    return str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine that nobody has signed, with its key."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -keyout {file} -out {file}.crt"
    )
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system believe the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")


async def test_a_message_arrives_as_it_was_written():
    async with mail_server() as server:
        await MailSender(options(server.url)).send(MAIL)

    [message] = server.received
    assert (message["To"], message["From"], message["Subject"]) == ("nora@example.com", SENDER, "Grüße")
    assert text_of(message) == MAIL.text
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.com>")
    assert message["Date"]


@pytest.mark.usefixtures("trusted")
async def test_the_user_and_password_are_sent(tls: ssl.SSLContext):
    async with mail_server(tls_context=tls, require_starttls=True, **only("mailer", "p@ss/word")) as server:
        url = f"smtp://mailer:p%40ss%2Fword@127.0.0.1:{server.port}"
        await MailSender(options(url)).send(MAIL)
        refused = await problem(f"smtp://mailer:wrong@127.0.0.1:{server.port}")

    assert len(server.received) == 1
    assert refused == "The mail server refuses the user and password of SMTP_URL (535)."


@pytest.mark.usefixtures("trusted")
async def test_starttls_is_asked_for_before_anything_is_said(tls: ssl.SSLContext):
    async with mail_server(tls_context=tls, require_starttls=True) as server:
        await MailSender(options(f"smtp://127.0.0.1:{server.port}")).send(MAIL)

    assert server.encrypted == [True]


@pytest.mark.usefixtures("trusted")
async def test_tls_from_the_first_byte(tls: ssl.SSLContext):
    async with mail_server(tls=tls) as server:
        await MailSender(options(f"smtps://127.0.0.1:{server.port}")).send(MAIL)

    assert len(server.received) == 1


async def test_nothing_is_sent_to_a_server_without_encryption_or_with_a_strange_certificate(tls: ssl.SSLContext):
    async with mail_server() as plain, mail_server(tls_context=tls) as strange, mail_server(tls=tls) as stranger:
        problems = [
            await problem(f"smtp://127.0.0.1:{plain.port}"),
            await problem(f"smtp://127.0.0.1:{strange.port}"),
            await problem(f"smtps://127.0.0.1:{stranger.port}"),
        ]

    assert set(problems) == {
        "The mail server cannot be reached, or does not encrypt the connection as SMTP_URL demands."
    }
    assert plain.received == strange.received == stranger.received == []


async def test_a_server_that_is_away_is_told():
    assert await problem(f"smtp://127.0.0.1:{free_port()}?tls=none") == (
        "The mail server cannot be reached, or does not encrypt the connection as SMTP_URL demands."
    )


async def test_a_server_that_falls_silent_is_given_up():
    async with mail_server() as server:
        server.held.clear()
        assert await problem(server.url, seconds=0.5) == "The mail server did not answer in time."


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtps://a:b@mail.example.com", ("mail.example.com", 465, "a", "b", Encryption.TLS)),
        ("smtp://mail.example.com", ("mail.example.com", 587, None, None, Encryption.STARTTLS)),
        ("smtp://a%40x:b%3A@mail.example.com:2525/", ("mail.example.com", 2525, "a@x", "b:", Encryption.STARTTLS)),
        ("smtp://[::1]?tls=none", ("::1", 25, None, None, Encryption.NONE)),
    ],
)
def test_the_address_of_a_server(url: str, expected: tuple[object, ...]):
    got = options(url)

    assert (got.host, got.port, got.username, got.password, got.encryption) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com/x",
        "smtp://mail.example.com?tls=maybe",
        "smtps://mail.example.com?tls=none",
        "smtp://user@mail.example.com",
    ],
)
def test_what_is_no_address_of_a_server(url: str):
    with pytest.raises(ValueError, match=r"must be like smtps://|names a user"):
        options(url)
