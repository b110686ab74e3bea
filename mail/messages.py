"""The texts of the mails. Each says what it is about, what to do, and what to do if one did not ask for it."""

from datetime import datetime

from mail.sender import Mail

_ONCE = "The link works once. Whoever has it can use it: do not pass it on."


def invitation(to: str, organization: str, role: str, link: str, expires_at: datetime) -> Mail:
    """Return the mail with the link of an invitation."""
    text = f"""\
You are invited to become a {role} of the organization {organization}.

Accept the invitation here, until {_time(expires_at)}:

{link}

{_ONCE}
If you did not expect it, do nothing: nobody joins anything without accepting.
"""
    return Mail(to, f"Invitation to {organization}", text)


def password_reset(to: str, username: str, link: str, expires_at: datetime) -> Mail:
    """Return the mail with the link by which a forgotten password is replaced."""
    text = f"""\
A new password was asked for, for the account {username}.

Choose it here, until {_time(expires_at)}:

{link}

{_ONCE}
If you did not ask for it, do nothing: the password stays as it is.
"""
    return Mail(to, "Choose a new password", text)


def email_confirmation(to: str, username: str, link: str, expires_at: datetime) -> Mail:
    """Return the mail with the link that confirms a mail address."""
    text = f"""\
The account {username} is to have this mail address, where the link for a forgotten password is sent.

Confirm that the address is yours, until {_time(expires_at)}:

{link}

If it is not your account, do nothing: the address is not used then.
"""
    return Mail(to, "Confirm your mail address", text)


def email_changed(to: str, username: str) -> Mail:
    """Return the mail that tells the owner of the former address."""
    text = f"""\
The account {username} has another mail address now. Links for a forgotten password are no longer sent to this one.

If this was not you, somebody knows your password: change it, end your other sign-ins, and ask an admin for help.
"""
    return Mail(to, "Your mail address was changed", text)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
