"""The address of the model, and the limits of calls to it."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

MOST_CALLS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """An OpenAI-compatible endpoint and the bounds on its use.

    `timeout` is the longest that a question may wait for other words, tries and retries together; `retry_pause` is
    the pause before the first retry, doubled for each further one.
    """

    base_url: str
    api_key: SecretStr
    model: str
    timeout: timedelta = timedelta(seconds=8)
    retries: int = 1
    retry_pause: timedelta = timedelta(milliseconds=250)
    calls_per_hour: int = 60
    keep_answers: timedelta = timedelta(days=1)
    keep_refusals: timedelta = timedelta(minutes=10)

    @property
    def host(self) -> str:
        """The endpoint's host: all that anybody is shown of its address."""
        return urlsplit(self.base_url).hostname or ""
