"""Asks a service on this machine whether it is ready, or alive: `python -m app.probe ready|alive`, for containers.

It is started every few seconds, so it imports next to nothing: it reads only PORT, from the environment.
"""

import http.client
import os
import sys
from collections.abc import Callable

_TIMEOUT_SECONDS = 5
_DEFAULT_PORT = 8080

_QUESTIONS: dict[str, tuple[str, Callable[[int], bool]]] = {
    "ready": ("/ready", lambda status: status == http.client.OK),
    # Any answer will do: even an error shows that the process is alive, and a restart would not help.
    "alive": ("/health", lambda _status: True),
}


def main(question: str) -> int:
    """Return the exit status: 0 for yes, 1 for no."""
    path, is_yes = _QUESTIONS[question]
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get("PORT") or _DEFAULT_PORT), timeout=_TIMEOUT_SECONDS
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
