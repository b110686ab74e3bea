"""The reference of domains' sites, by the library that the public suffix list comes with."""

from ipaddress import AddressValueError, IPv4Address

from publicsuffixlist import PublicSuffixList

LIST = PublicSuffixList()


def site(domain: str) -> str:
    """The registrable domain; the host itself where nothing was registered."""
    host = "".join(letter.lower() if letter.isascii() else letter for letter in domain)
    name, colon, port = host.rpartition(":")
    if colon and port and all(digit in "0123456789" for digit in port):
        host = name
    host = host.removesuffix(".")
    if len(host) > 253 or ":" in host or _is_address(host) or host.endswith("."):
        return host
    return LIST.privatesuffix(host, keep_case=True) or host


def _is_address(host: str) -> bool:
    """True for addresses, also in the spellings that browsers replace: whatever ends with a number."""
    try:
        return bool(IPv4Address(host))
    except AddressValueError:
        last = host.rpartition(".")[2]
        return last != "" and all(digit in "0123456789" for digit in last)
