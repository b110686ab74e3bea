"""The calls to a model, through the official client: each ends in a text, a refusal or a failure, and in time."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from openai import APIStatusError, APITimeoutError, AsyncOpenAI, OpenAIError

from ai.connection import http_client
from ai.failure import Failed, Failure
from ai.options import ModelOptions
from ai.prompt import Prompt
from ai.reply import REPLY_SCHEMA
from ai.rules import ReplyRefusal, ReplyRefused
from core.clock import now

MOST_TOKENS = 4000
_OPENAI = (".openai.com", ".openai.azure.com")
_TOO_MANY, _SERVER = 429, 500


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: tuple[_Choice, ...]


_completion = msgspec.json.Decoder(_Completion)


class Endpoint:
    """An OpenAI-compatible endpoint. `before_call` is awaited before each call, retries included."""

    def __init__(self, options: ModelOptions, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._options = options
        self._sleep = sleep
        self._client = AsyncOpenAI(
            api_key=options.api_key.get_secret_value(),
            base_url=options.base_url,
            max_retries=0,  # it would wait for up to two minutes; ours below knows how long may be waited
            http_client=http_client(options),
        )
        # The client loads half of itself when it is first used; that takes long, and must not keep requests waiting.
        self._create = self._client.chat.completions.with_raw_response.create

    async def ask(self, prompt: Prompt, before_call: Callable[[], Awaitable[None]]) -> str:
        """The text that the model answers with. Failed; ReplyRefused when there is a reply without a usable text.

        Tries again as often as set, if that may help. A `Retry-After` is waited for when there is time for it.
        """
        ends_at = asyncio.get_running_loop().time() + self._options.timeout.total_seconds()
        retries = 0
        while True:
            await before_call()
            try:
                return await self._call(prompt)
            except Failed as failure:
                pause = failure.retry_after or self._options.retry_pause.total_seconds() * 2**retries
                in_time = asyncio.get_running_loop().time() + pause < ends_at
                if retries == self._options.retries or not failure.may_pass or not in_time:
                    raise
            await self._sleep(pause)
            retries += 1

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _call(self, prompt: Prompt) -> str:
        try:
            response = await self._create(**self.request(prompt))
            body = response.http_response.content
        except APITimeoutError:
            failed = Failed(Failure.TIMEOUT)
        except APIStatusError as error:
            failed = _failure_of(error)
        except OpenAIError:
            failed = Failed(Failure.CONNECTION)
        else:
            return _text_of(body)
        raise failed  # outside of `except`: the client's error, which holds the key, must not come along

    def request(self, prompt: Prompt) -> dict[str, Any]:
        """The body of a call."""
        # OpenAI's newer models know only `max_completion_tokens`, others only `max_tokens`; asking not to keep the
        # question is OpenAI's own, and some refuse what they do not know.
        host = f".{self._options.host}"
        is_openai = host.endswith(_OPENAI)
        extras = {"max_completion_tokens": MOST_TOKENS, "store": False} if is_openai else {"max_tokens": MOST_TOKENS}
        return {
            "model": self._options.model,
            "messages": [
                {"role": "system", "content": prompt.instructions},
                {"role": "user", "content": prompt.data.decode()},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "insight", "strict": True, "schema": REPLY_SCHEMA},
            },
            **extras,
        }


def _failure_of(error: APIStatusError) -> Failed:
    status = error.status_code
    if status == _TOO_MANY:
        return Failed(Failure.RATE_LIMITED, status, retry_after_of(error.response.headers.get("retry-after")))
    if status >= _SERVER:
        return Failed(Failure.SERVER_ERROR, status, retry_after_of(error.response.headers.get("retry-after")))
    return Failed(Failure.REJECTED, status)


def retry_after_of(header: str | None) -> float | None:
    """The seconds that a `Retry-After` asks for, be it a number or a date; None when it says nothing sensible."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - now()).total_seconds()
        except (ValueError, TypeError):  # TypeError: a date without a time zone
            return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None


def _text_of(body: bytes) -> str:
    try:
        choice = _completion.decode(body).choices[0]
    except (msgspec.DecodeError, IndexError):
        raise Failed(Failure.UNREADABLE) from None
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise ReplyRefused(ReplyRefusal.DECLINED)
    if choice.finish_reason == "length":
        raise ReplyRefused(ReplyRefusal.TRUNCATED)
    return choice.message.content or ""
