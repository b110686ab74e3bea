"""The mail addresses of an account."""

from datetime import datetime

import strawberry


@strawberry.type(description="The mail address of an account: one that it has, and one that waits for being confirmed.")
class AccountEmail:
    """Shows resolvers.email_changes.AccountEmail."""

    confirmed: str | None = strawberry.field(
        description="The address that links for a forgotten password are sent to; its owner confirmed it. Null: none."
    )
    unconfirmed: str | None = strawberry.field(
        description="The address that becomes the account's when the link mailed to it is opened; null for none."
    )
    unconfirmed_until: datetime | None = strawberry.field(
        description="The time from which that link does nothing any more; null for none."
    )
