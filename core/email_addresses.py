"""Mail addresses: what may be one, and when two of them are the same."""

from email.utils import parseaddr

from email_validator import EmailNotValidError, validate_email

from core.errors import InvalidInput
from core.limits import EMAIL_CHARACTERS


def checked_email_address(field: str, text: str, *, named: bool = False) -> str:
    """Return a mail address as it is sent to: its domain in ASCII, without surrounding space.

    `named`: it may stand in `Name <address>`. InvalidInput when it is none; whether mail arrives is not looked up.
    """
    address = text.strip()
    if named and address.isprintable():
        address = parseaddr(address)[1]
    if len(address) > EMAIL_CHARACTERS:
        raise InvalidInput(f"`{field}` has at most {EMAIL_CHARACTERS} characters.", field)
    try:
        # Names of tests and of machines in a local network are addresses, too: whoever runs the service knows them.
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidInput(
            f"`{field}` must be a mail address, like ada@example.com, with only ASCII characters before the @.", field
        ) from error
    assert valid.ascii_email is not None  # noqa: S101 - there is one wherever SMTPUTF8 is not allowed
    return valid.ascii_email


def normalized_email_address(address: str) -> str:
    """Return the form by which addresses are compared: hardly any server tells upper from lower case."""
    return address.lower()
