"""The check of an endpoint's address when it is saved. Where its name leads is checked at each delivery."""

from urllib.parse import urlsplit

from core.errors import InvalidInput
from core.limits import WEBHOOK_URL_CHARACTERS
from webhooks.addresses import AddressRules, parsed_address


def checked_url(text: str, rules: AddressRules) -> str:
    """Return an endpoint's address. InvalidInput if messages may not be sent there."""
    url = text.strip()
    if len(url) > WEBHOOK_URL_CHARACTERS:
        raise _invalid(f"has at most {WEBHOOK_URL_CHARACTERS} characters.")
    if not (url.isascii() and url.isprintable()) or set(" \\") & set(url):
        raise _invalid("is plain ASCII without spaces or backslashes: write other letters as %xx, and names as xn--….")
    try:
        parts = urlsplit(url)
        host, user, port = parts.hostname, parts.username, parts.port
    except ValueError:
        raise _invalid("is an address like https://example.com/hooks.") from None
    if parts.scheme not in ({"http", "https"} if rules.allow_http else {"https"}):
        raise _invalid("begins with https://." + (" (The service is set up to allow http://, too.)" * rules.allow_http))
    if not host or user is not None or parts.fragment or port == 0:
        raise _invalid("is an address like https://example.com/hooks, without a user, a fragment or port 0.")
    address = parsed_address(host)
    if address is not None and not rules.permits(address):
        raise _invalid(
            "names an address of a private or reserved network. Use one that is reachable from the internet, or ask "
            "whoever runs the service to allow the network."
        )
    return url


def _invalid(problem: str) -> InvalidInput:
    return InvalidInput(f"`url` {problem}", "url")
