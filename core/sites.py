"""The site of a domain: the name that somebody registered, by the public suffix list.

    mail.google.com, docs.google.com        google.com
    shop.example.co.uk                      example.co.uk
    alice.github.io                         alice.github.io: everybody has their own under github.io
    wiki.corp.internal                      corp.internal: of a suffix that is not on the list, the last label is it
    github.io, localhost, 10.0.0.1, [::1]   themselves: nothing was registered under a public suffix
    chrome:                                 itself

A port makes no difference: `localhost:3000` is the site `localhost`.

db.metrics.sites finds the same in SQL, by the list in the database.
"""

import re

from core.categories import LONGEST_DOMAIN, host_of
from core.public_suffixes import public_suffixes

NAME = r"([^.:]+\.)+[^.:]*[^.:0-9][^.:]*"
"""The hosts that somebody may have registered: of several labels, the last one not a number, as it is of addresses.
Regular expressions of Python and of PostgreSQL read it alike."""

_NAME = re.compile(NAME)


def site_of(domain: str) -> str:
    """Return the site of a domain as `core.domains.domain_of` returns it. Never raises."""
    host = host_of(domain)
    if len(host) > LONGEST_DOMAIN or _NAME.fullmatch(host) is None:
        return host
    labels = host.split(".")
    known = public_suffixes().labels
    suffixes = (".".join(labels[first:]) for first in range(len(labels)))
    public = next((known[suffix] for suffix in suffixes if suffix in known), 1)
    return ".".join(labels[-public - 1 :])
