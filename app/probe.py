"""Asks a service on this machine whether it is ready, or alive: `python -m app.probe ready|alive`, for containers.

Started every few seconds, so it loads next to nothing: of the settings it reads PORT alone, from the environment.
"""

import http.client
import os
import sys
from collections.abc import Callable

_PATIENCE_SECONDS = 5
_DEFAULT_PORT = 8080

_QUESTIONS: dict[str, tuple[str, Callable[[int], bool]]] = {
    "ready": ("/ready", lambda status: status == http.client.OK),
    # Any answer will do: a service that turns requests away because it has too many must not be restarted for that.
    "alive": ("/health", lambda _status: True),
}


def main(question: str) -> int:
    """The exit status: 0 for yes, 1 for no."""
    path, is_yes = _QUESTIONS[question]
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get("PORT") or _DEFAULT_PORT), timeout=_PATIENCE_SECONDS
    )
    try:
        connection.request("GET", path)
        return 0 if is_yes(connection.getresponse().status) else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
