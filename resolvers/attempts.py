"""Telling the observer how attempts to sign in, and the like, end."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from core.errors import TooManyAttempts, Unauthenticated
from resolvers.caller import Caller
from resolvers.services import Services

Party = TypeVar("Party", bound=Services | Caller)
Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")

Attempt = Callable[Concatenate[Party, Rest], Awaitable[Answer]]


def observed(kind: str) -> Callable[[Attempt[Party, Rest, Answer]], Attempt[Party, Rest, Answer]]:
    """Tell of each call whether it `succeeded`, or was `wrong`, `throttled` or `failed` for another reason."""

    def decorate(attempt: Attempt[Party, Rest, Answer]) -> Attempt[Party, Rest, Answer]:
        @wraps(attempt)
        async def told(party: Party, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Answer:
            observer = (party if isinstance(party, Services) else party.services).observer
            try:
                answer = await attempt(party, *args, **kwargs)
            except Exception as error:
                observer.sign_in_attempted(kind, _outcome(error))
                raise
            observer.sign_in_attempted(kind, "succeeded")
            return answer

        return told

    return decorate


def _outcome(error: Exception) -> str:
    if isinstance(error, TooManyAttempts):
        return "throttled"
    return "wrong" if isinstance(error, Unauthenticated) else "failed"
