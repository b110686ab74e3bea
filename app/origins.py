"""Which pages may talk to the service from a browser (CORS), and whose cookies are believed."""

import re
from dataclasses import dataclass

# The deployed extension, and pages under development. They carry keys or tokens of their own, never our cookies.
_ALWAYS_ALLOWED = re.compile(r"(chrome-extension|moz-extension)://[\w.-]+|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Origins:
    """The service's own origin, and those of admin frontends that the operator trusts."""

    own: str
    trusted: frozenset[str]

    def may_read(self, origin: str) -> bool:
        """Whether a page of that origin may read our answers."""
        return origin == self.own or origin in self.trusted or _ALWAYS_ALLOWED.fullmatch(origin) is not None

    def may_use_cookies(self, origin: str | None, host: str | None) -> bool:
        """Whether a request that names this origin may be believed for its cookies.

        `host` is the host it was sent to: our own pages, however we were reached. A request without an origin is not
        believed: browsers send one with every POST.
        """
        if origin is None:
            return False
        # Whoever can tamper with plain http could put a page of their own there.
        plain = set() if self.own.startswith("https://") else {f"http://{host}"}
        return origin in {self.own, f"https://{host}", *plain, *self.trusted}

    def may_send_cookies(self, origin: str) -> bool:
        """Whether pages of another origin may make requests with our cookies at all."""
        return origin in self.trusted
