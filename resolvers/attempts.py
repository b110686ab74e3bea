"""Reports the outcomes of attempts to sign in, and the like, to the observer."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from core.errors import TooManyAttempts, Unauthenticated
from resolvers.caller import Caller
from resolvers.services import Services

ServicesOrCaller = TypeVar("ServicesOrCaller", bound=Services | Caller)
Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")

Attempt = Callable[Concatenate[ServicesOrCaller, Rest], Awaitable[Answer]]


def record_outcome(
    kind: str,
) -> Callable[[Attempt[ServicesOrCaller, Rest, Answer]], Attempt[ServicesOrCaller, Rest, Answer]]:
    """Return a decorator that reports calls as `succeeded`, `wrong`, `throttled` or else `failed`."""

    def decorate(attempt: Attempt[ServicesOrCaller, Rest, Answer]) -> Attempt[ServicesOrCaller, Rest, Answer]:
        @wraps(attempt)
        async def recorded(services_or_caller: ServicesOrCaller, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Answer:
            observer = (
                services_or_caller if isinstance(services_or_caller, Services) else services_or_caller.services
            ).observer
            try:
                answer = await attempt(services_or_caller, *args, **kwargs)
            except Exception as error:
                observer.sign_in_attempted(kind, _outcome(error))
                raise
            observer.sign_in_attempted(kind, "succeeded")
            return answer

        return recorded

    return decorate


def _outcome(error: Exception) -> str:
    if isinstance(error, TooManyAttempts):
        return "throttled"
    return "wrong" if isinstance(error, Unauthenticated) else "failed"
