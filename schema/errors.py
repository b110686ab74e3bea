"""Failures that a caller can act on, as members of the mutations' result unions.

Resolvers raise the errors of core/errors.py. A handler turns one into the type of the same name where the field's union
has that member; everywhere else it becomes an error of the response, with its code under `extensions.code`.
"""

from typing import Any

import strawberry
from strawberry.schema import ExceptionHandler

from core import errors
from core.errors import AppError
from schema.enums import LinkEnd


@strawberry.interface(description="A failure that the caller can act on.")
class Error:
    """The interface of all failures."""

    message: str = strawberry.field(
        description="The cause, the allowed values and the remedy, in words that can be shown to people."
    )


@strawberry.type(description="An argument is out of its range.")
class InvalidInput(Error):
    """See core.errors.InvalidInput."""

    field: str | None = strawberry.field(description="The argument, when it is one in particular.")


@strawberry.type(description="The username or the password is wrong; it is not said which.")
class InvalidCredentials(Error):
    """See core.errors.InvalidCredentials."""


@strawberry.type(
    description="The refresh token is unknown, expired, or was used before, which ends its sign-in. Sign in again."
)
class InvalidRefreshToken(Error):
    """See core.errors.InvalidRefreshToken."""


@strawberry.type(description="Too many attempts in too short a time.")
class TooManyAttempts(Error):
    """See core.errors.TooManyAttempts."""

    retry_after_seconds: int = strawberry.field(description="The time to wait before the next attempt, in seconds.")


@strawberry.type(description="There is no such thing, or none that the viewer may know of.")
class NotFound(Error):
    """See core.errors.NotFound."""


@strawberry.type(description="Another thing of the same kind has that name.")
class NameTaken(Error):
    """See core.errors.NameTaken."""


@strawberry.type(description="The user is a member of the organization already.")
class AlreadyMember(Error):
    """See core.errors.AlreadyMember."""


@strawberry.type(description="The organization has an open offer of membership to that username.")
class AlreadyOffered(Error):
    """See core.errors.AlreadyOffered."""


@strawberry.type(description="The link does nothing, or does nothing any more.")
class InvalidLink(Error):
    """See core.errors.InvalidLink."""

    reason: LinkEnd = strawberry.field(description="The reason.")


@strawberry.type(description="The organization has an open invitation to that mail address.")
class AlreadyInvited(Error):
    """See core.errors.AlreadyInvited."""


@strawberry.type(description="The service sends no mail, which this could not do without.")
class MailNotConfigured(Error):
    """See core.errors.MailNotConfigured."""


@strawberry.type(description="Passwords are not accepted by this service: single sign-on is the only way in.")
class PasswordsNotAccepted(Error):
    """See core.errors.PasswordsNotAccepted."""


@strawberry.type(description="The organization has as many open offers of membership and invitations as it may have.")
class TooManyOffers(Error):
    """See core.errors.TooManyOffers."""


@strawberry.type(description="There are as many service accounts, or API tokens of the user, as there may be.")
class TooManyTokens(Error):
    """See core.errors.TooManyTokens."""


@strawberry.type(description="The organization has as many teams as it may have.")
class TooManyTeams(Error):
    """See core.errors.TooManyTeams."""


@strawberry.type(description="The organization has as many annotations as it may have.")
class TooManyAnnotations(Error):
    """See core.errors.TooManyAnnotations."""


@strawberry.type(description="The organization has as many alert rules as it may have.")
class TooManyAlertRules(Error):
    """See core.errors.TooManyAlertRules."""


@strawberry.type(description="The organization has as many goals as it may have.")
class TooManyGoals(Error):
    """See core.errors.TooManyGoals."""


@strawberry.type(description="The organization has as many webhooks as it may have.")
class TooManyWebhooks(Error):
    """See core.errors.TooManyWebhooks."""


@strawberry.type(description="The organization has as many saved queries as it may have.")
class TooManySavedQueries(Error):
    """See core.errors.TooManySavedQueries."""


@strawberry.type(description="The team has as many leads, or the member leads as many teams, as there may be.")
class TooManyTeamLeads(Error):
    """See core.errors.TooManyTeamLeads."""


@strawberry.type(description="The organization would be left without an admin.")
class LastAdmin(Error):
    """See core.errors.LastAdmin."""


@strawberry.type(description="It has been changed since the version that the caller knows. Nothing was changed.")
class OutdatedVersion(Error):
    """See core.errors.OutdatedVersion."""


class _MessageHandler:
    """Shows an error that has nothing but a message. An ExceptionHandler by shape; it is made with its types."""

    def __init__(self, exception_type: type[AppError], error_type: type[Error]) -> None:
        self.exception_type = exception_type
        self.error_type = error_type

    def handle(self, exception: AppError, *, field: Any, info: Any) -> Error:  # noqa: ARG002 - the protocol's
        return self.error_type(message=exception.message)


class _InvalidInputHandler(ExceptionHandler[errors.InvalidInput, InvalidInput]):
    def handle(self, exception: errors.InvalidInput, *, field: Any, info: Any) -> InvalidInput:  # noqa: ARG002 - the protocol's
        return InvalidInput(message=exception.message, field=exception.field)


class _TooManyAttemptsHandler(ExceptionHandler[errors.TooManyAttempts, TooManyAttempts]):
    def handle(self, exception: errors.TooManyAttempts, *, field: Any, info: Any) -> TooManyAttempts:  # noqa: ARG002 - the protocol's
        return TooManyAttempts(message=exception.message, retry_after_seconds=exception.retry_after)


class _InvalidLinkHandler(ExceptionHandler[errors.InvalidLink, InvalidLink]):
    def handle(self, exception: errors.InvalidLink, *, field: Any, info: Any) -> InvalidLink:  # noqa: ARG002 - the protocol's
        return InvalidLink(message=exception.message, reason=exception.end)


HANDLERS: tuple[ExceptionHandler[Any, Any], ...] = (
    _InvalidInputHandler(),
    _TooManyAttemptsHandler(),
    _InvalidLinkHandler(),
    _MessageHandler(errors.InvalidCredentials, InvalidCredentials),
    _MessageHandler(errors.InvalidRefreshToken, InvalidRefreshToken),
    _MessageHandler(errors.NotFound, NotFound),
    _MessageHandler(errors.NameTaken, NameTaken),
    _MessageHandler(errors.AlreadyMember, AlreadyMember),
    _MessageHandler(errors.AlreadyOffered, AlreadyOffered),
    _MessageHandler(errors.AlreadyInvited, AlreadyInvited),
    _MessageHandler(errors.TooManyOffers, TooManyOffers),
    _MessageHandler(errors.MailNotConfigured, MailNotConfigured),
    _MessageHandler(errors.PasswordsNotAccepted, PasswordsNotAccepted),
    _MessageHandler(errors.TooManyTokens, TooManyTokens),
    _MessageHandler(errors.TooManyTeams, TooManyTeams),
    _MessageHandler(errors.TooManyTeamLeads, TooManyTeamLeads),
    _MessageHandler(errors.TooManyAnnotations, TooManyAnnotations),
    _MessageHandler(errors.TooManyAlertRules, TooManyAlertRules),
    _MessageHandler(errors.TooManyGoals, TooManyGoals),
    _MessageHandler(errors.TooManyWebhooks, TooManyWebhooks),
    _MessageHandler(errors.TooManySavedQueries, TooManySavedQueries),
    _MessageHandler(errors.LastAdmin, LastAdmin),
    _MessageHandler(errors.OutdatedVersion, OutdatedVersion),
)
