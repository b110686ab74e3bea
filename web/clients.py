"""The client of a request: the address of the peer, and the credentials in the headers."""

from starlette.requests import Request
from starlette.types import Scope

from resolvers.caller import Client
from web.rate_limits import quotas_of
from web.request_headers import headers_of

_USER_AGENT_BYTES = 256
"""The part of a User-Agent that is kept; those of browsers are half as long."""


def client_of(request: Request) -> Client:
    """Return the client that sends a request: its address, and the API key and the User-Agent that it names.

    Space around a key does not count. A header without a key is no missing one: the key is empty then, and nobody's.
    """
    headers = headers_of(request.scope)
    key, old = headers.get(b"x-api-key"), headers.get(b"api-key")
    if old is not None and not (key and key.strip()):
        key = old
    agent = headers.get(b"user-agent", b"")[:_USER_AGENT_BYTES].decode("latin-1")
    printable = "".join(character for character in agent if character.isprintable())
    text = None if key is None else key.strip().decode("latin-1")
    return Client(peer_address(request.scope), text, printable or None, quotas_of(request.scope))


def peer_address(scope: Scope) -> str:
    """Return the address of a request's peer; `unknown` without one, as on a Unix socket."""
    client: tuple[str, int] | None = scope["client"]
    return client[0] if client else "unknown"


def bearer_token(request: Request) -> str | None:
    """Return the token of `Authorization: Bearer …`, which may be empty; None without such a header."""
    scheme, _, token = headers_of(request.scope).get(b"authorization", b"").decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
