"""Counts of Python function calls: the same on any machine, however busy it is."""

import sys
import sysconfig
from collections.abc import Awaitable, Callable
from types import CodeType, FrameType
from typing import Self

_LIBRARY, _PACKAGES = (sysconfig.get_path(name) for name in ("stdlib", "purelib"))
_CLIENT = ("httpx", "httpcore", "h11")
_INLINED = {"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}


class CallCounter:
    """Counts calls in this thread while it watches, in all its tasks.

    The standard library's are left out, and those of comprehensions: they differ from version to version of Python, and
    the event loop's from run to run. So are those of tests and of their HTTP client.
    """

    def __init__(self) -> None:
        self.calls = 0
        self._counts: dict[CodeType, bool] = {}

    def __enter__(self) -> Self:
        sys.setprofile(self._see)
        return self

    def __exit__(self, *_error: object) -> None:
        sys.setprofile(None)

    def _see(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            code = frame.f_code
            counts = self._counts.get(code)
            if counts is None:
                counts = self._counts[code] = _is_counted(code)
            self.calls += counts


async def fewest_calls(ask: Callable[[], Awaitable[object]], warm: int = 3, times: int = 5) -> int:
    """The calls of a request once everything is warm: the fewest of several, as other tasks now and then have work."""
    for _ in range(warm):
        await ask()
    counts = []
    for _ in range(times):
        with CallCounter() as counter:
            await ask()
        counts.append(counter.calls)
    return min(counts)


def _is_counted(code: CodeType) -> bool:
    file = code.co_filename
    if code.co_name in _INLINED or "/tests/" in file or file.startswith("<"):
        return False
    if file.startswith(_PACKAGES):
        return not file.removeprefix(_PACKAGES).lstrip("/").startswith(_CLIENT)
    return not file.startswith(_LIBRARY)
