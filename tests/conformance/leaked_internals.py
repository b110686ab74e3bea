"""Internals that must never reach a client, and failures that are full of them."""

import re
from pathlib import Path

from httpx import Response

SECRET = "SELECT hidden_column FROM hidden_table -- /srv/hidden/module.py"
_INSIDE = re.compile(
    r"hidden|Traceback|\.py\b|site-packages|asyncpg|sqlalchemy|graphql-core|strawberry|pydantic|orjson|uvicorn"
    r"|object at 0x|SQLSTATE|invalid literal|Errno|\bError\(|"
    rf"{re.escape(str(Path(__file__).parents[2]))}",
    re.IGNORECASE,
)

FAILURES: tuple[BaseException, ...] = (
    RuntimeError(SECRET),
    ValueError("invalid literal for int() with base 10: 'hidden'"),
    KeyError("/srv/hidden/module.py"),
    TypeError(f"got an unexpected keyword argument {SECRET!r}"),
    AssertionError(SECRET),
    RecursionError(SECRET),
    MemoryError(SECRET),
    FileNotFoundError(2, "No such file or directory", "/srv/hidden/module.py"),
    UnicodeEncodeError("utf-8", "\ud800hidden", 0, 1, "surrogates not allowed"),
    ExceptionGroup(SECRET, [RuntimeError(SECRET)]),
)


def leaks(response: Response) -> list[str]:
    """Return the internals found in an answer's head or body."""
    head = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return _INSIDE.findall(f"{head}\n{response.text}")
