"""HTTP clients of this machine's servers."""

import ssl
from typing import Any

import httpx

_NEVER_USED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks TLS. Without this each client would first load the certificates of the world."""


def client(url: str, token: str | None = None, source: str | None = None, **options: Any) -> httpx.AsyncClient:
    """A client of the server at `url`, signed in with an access token, that connects from the address `source`."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    if source is not None:
        options["transport"] = httpx.AsyncHTTPTransport(verify=_NEVER_USED, trust_env=False, local_address=source)
    return httpx.AsyncClient(base_url=url, headers=headers, verify=_NEVER_USED, trust_env=False, **options)
