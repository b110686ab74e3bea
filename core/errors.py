"""Every failure this service reports on purpose, in one tree.

    AppError
    ├── InvalidInput          what was asked makes no sense           400
    ├── Unauthenticated       no valid sign-in or key                 401
    │   ├── InvalidCredentials    wrong username or password
    │   ├── InvalidRefreshToken   used before, expired or unknown
    │   ├── InvalidLink           used before, expired, ended or unknown
    │   └── InvalidProviderAnswer single sign-on: proves nothing
    ├── Forbidden             signed in, but not allowed              403
    │   ├── PasswordsNotAccepted  single sign-on is the only way in
    │   └── SignInRefused         known to the provider of single sign-on, but nobody here
    ├── NotFound              no such object *for this caller*        404
    ├── Conflict              the request contradicts what is stored  409
    │   ├── NameTaken
    │   ├── AlreadyMember
    │   ├── AlreadyOffered
    │   ├── AlreadyInvited
    │   ├── TooManyOffers
    │   ├── TooManyWebhooks
    │   ├── TooManyTeamLeads
    │   ├── LastAdmin
    │   ├── MailNotConfigured
    │   └── OutdatedVersion
    ├── TooLarge              the body exceeds its limit              413
    ├── UnsupportedEncoding   the body is compressed unreadably       415
    ├── TooSlow               the body did not arrive in time         408
    ├── TooManyAttempts       throttled; says when to come back       429
    ├── ProviderUnavailable   single sign-on cannot answer now        503
    └── Unavailable           the database cannot answer now          503
        ├── QueryTimeout          the database took too long
        └── SchemaMismatch        a table or column is missing

`code` is what GraphQL clients find under `extensions.code`; `status` is what the REST routes answer with.
Messages are shown to people: what was wrong, what is allowed, what to do.
"""

from typing import ClassVar

from core.links import LinkEnd

INVALID_KEY = "Invalid or inactive API key"
"""The message of Unauthenticated for a key that nobody holds, or that an inactive person holds."""

UNEXPECTED = "INTERNAL_SERVER_ERROR"
"""The code of every failure that is not in the tree."""


class AppError(Exception):
    """A failure with a message fit for the caller's eyes."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def extensions(self) -> dict[str, object]:
        """The `extensions` that GraphQL clients get beside the message (graphql-core reads this attribute)."""
        return {"code": self.code}


class InvalidInput(AppError):
    """An argument is out of its range. `field` names it in the caller's spelling, where there is one to name."""

    code = "BAD_USER_INPUT"
    status = 400

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code, "field": self.field} if self.field else {"code": self.code}


class Unauthenticated(AppError):
    """The caller presented no sign-in or key, or one that does not hold."""

    code = "UNAUTHENTICATED"
    status = 401


class InvalidCredentials(Unauthenticated):
    """Wrong username or password; deliberately does not say which."""


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is unknown, expired, or was used before, which ends its sign-in."""


class InvalidLink(Unauthenticated):
    """The link of an invitation or a mail does nothing: `end` says why."""

    def __init__(self, message: str, end: LinkEnd) -> None:
        super().__init__(message)
        self.end = end


class InvalidProviderAnswer(Unauthenticated):
    """The answer of the provider of single sign-on does not prove who somebody is."""


class Forbidden(AppError):
    """The caller is known but lacks the role. Never used for another tenant's objects: those are `NotFound`."""

    code = "FORBIDDEN"
    status = 403


class PasswordsNotAccepted(Forbidden):
    """Single sign-on is the only way in, so no password is read, set or reset."""


class SignInRefused(Forbidden):
    """The provider of single sign-on knows the person, who has no account here and is given none."""


class NotFound(AppError):
    """No such object, or none that the caller may know of."""

    code = "NOT_FOUND"
    status = 404


class Conflict(AppError):
    """The request contradicts what is stored."""

    code = "CONFLICT"
    status = 409


class NameTaken(Conflict):
    """Another object of the same kind has the name."""


class AlreadyMember(Conflict):
    """The user is a member of the organization already."""


class AlreadyOffered(Conflict):
    """The organization has an open offer of membership to that username."""


class AlreadyInvited(Conflict):
    """The organization has an open invitation to that mail address."""


class TooManyOffers(Conflict):
    """The organization has as many open offers of membership and invitations as it may have."""


class MailNotConfigured(Conflict):
    """The service sends no mail, which this could not do without."""


class TooManyTokens(Conflict):
    """An organization has as many service accounts, or a user as many API tokens, as they may have."""


class TooManyTeams(Conflict):
    """The organization has as many teams as it may have."""


class TooManyAnnotations(Conflict):
    """The organization has as many annotations as it may have."""


class TooManyAlertRules(Conflict):
    """The organization has as many alert rules as it may have."""


class TooManyGoals(Conflict):
    """The organization has as many goals as it may have."""


class TooManyWebhooks(Conflict):
    """The organization has as many webhooks as it may have."""


class TooManySavedQueries(Conflict):
    """The organization has as many saved queries as it may have."""


class TooManyTeamLeads(Conflict):
    """The team has as many leads, or the member leads as many teams, as there may be."""


class LastAdmin(Conflict):
    """An organization keeps at least one admin."""


class OutdatedVersion(Conflict):
    """Somebody else has changed it since the version that the caller knows."""


class TooLarge(AppError):
    """The request body exceeds its limit."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


class UnsupportedEncoding(AppError):
    """The request body is compressed in a way that the service does not understand."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class TooSlow(AppError):
    """The request body did not arrive in time."""

    code = "REQUEST_TIMEOUT"
    status = 408


class RetryLater(AppError):
    """Base of the failures that pass by themselves. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code, "retryAfterSeconds": self.retry_after}


class TooManyAttempts(RetryLater):
    """A throttle is closed."""

    code = "TOO_MANY_REQUESTS"
    status = 429


class ProviderUnavailable(RetryLater):
    """The provider of single sign-on cannot answer now, or is not set up for this service."""

    code = "SERVICE_UNAVAILABLE"
    status = 503


class Unavailable(RetryLater):
    """The database (or the way to it) cannot answer now; nothing was stored."""

    code = "SERVICE_UNAVAILABLE"
    status = 503


class SchemaMismatch(Unavailable):
    """The database lacks a table or column that this version of the program needs; it can be migrated meanwhile."""


class QueryTimeout(Unavailable):
    """The database took longer than the statement timeout allows."""

    code = "QUERY_TIMEOUT"


class CannotGoOn(Exception):
    """A command cannot go on, or has not done all of its work; the message is one line for the operator."""


class DoesNotAnswer(CannotGoOn):
    """A configured dependency does not answer yet; it may later."""
