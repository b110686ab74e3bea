"""A real SMTP server on this machine: it keeps what it is sent, refuses what a test tells it to, or falls silent."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.free_ports import free_port

_LINK = re.compile(r"^https?://\S+#\S+$", re.MULTILINE)
_PATIENCE_SECONDS = 60


@dataclass
class MailServer:
    """The server's state. `refusals`: answers to RCPT by address; `held`: it takes no message until this is set."""

    port: int
    received: list[EmailMessage] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    encrypted: list[bool] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """The setting SMTP_URL for it."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        """Keep a message."""
        await self.held.wait()
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    async def mail_to(self, address: str, number: int = 1) -> EmailMessage:
        """The `number`-th message to an address, once it has come."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            found: list[EmailMessage] = []
            while len(found) < number:
                await asyncio.sleep(0.01)
                found = [each for each in self.received if each["To"] == address]
        return found[number - 1]


def text_of(message: EmailMessage) -> str:
    """The text of a message, as its reader sees it."""
    text: str = message.get_content()
    return text.replace("\r\n", "\n")


def link_in(message: EmailMessage) -> str:
    """The link with a token in a message."""
    [link] = _LINK.findall(text_of(message))
    return str(link)


@asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[MailServer]:
    """A running server; `options` are those of aiosmtpd, `tls` a context for encryption from the first byte."""
    server = MailServer(free_port())
    server.held.set()
    tls: ssl.SSLContext | None = options.pop("tls", None)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: SMTP(server, **options), "127.0.0.1", server.port, ssl=tls)
    try:
        yield server
    finally:
        server.held.set()
        listening.close()


def only(username: str, password: str) -> dict[str, Any]:
    """The options of a server that takes messages of this user alone."""

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        right = isinstance(given, LoginPassword) and given == LoginPassword(username.encode(), password.encode())
        return AuthResult(success=right, handled=False)

    return {"authenticator": authenticate, "auth_required": True}
