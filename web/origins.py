"""The origins whose pages may use the service from a browser (CORS), and those whose cookies are accepted."""

import re
from dataclasses import dataclass

# The deployed extension, and pages under development. They send API keys or tokens, never our cookies.
_ALWAYS_ALLOWED = re.compile(r"(chrome-extension|moz-extension)://[\w.-]+|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Origins:
    """The service's own origin, and the origins of admin frontends that the operator trusts."""

    own: str
    trusted: frozenset[str]

    def may_read(self, origin: str) -> bool:
        """True if a page of that origin may read our answers."""
        return origin == self.own or origin in self.trusted or _ALWAYS_ALLOWED.fullmatch(origin) is not None

    def may_use_cookies(self, origin: str | None, host: str | None) -> bool:
        """True if cookies of a request with this Origin header are accepted.

        `host` is the Host header: the service's own pages may be reached by several names. Cookies of a request without
        an origin are not accepted, since browsers send one with every POST.
        """
        if origin is None:
            return False
        # An attacker who can tamper with plain http could serve a page from that origin.
        plain = set() if self.own.startswith("https://") else {f"http://{host}"}
        return origin in {self.own, f"https://{host}", *plain, *self.trusted}

    def may_send_cookies(self, origin: str) -> bool:
        """True if pages of another origin may send our cookies."""
        return origin in self.trusted
