"""The secret that signs tokens: configured, or, in development, made once and kept beside the data."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from app.settings import Settings

_FILE = "jwt_secret"


def jwt_secret(settings: Settings) -> str:
    """The configured secret, else one of our own that survives restarts. Production insists on a configured one."""
    if settings.jwt_secret:
        return settings.jwt_secret
    path = settings.data_dir / _FILE
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _create(path, secrets.token_hex(32))
    return path.read_text()


def _create(path: Path, text: str) -> None:
    # Written aside (only its owner reads a temporary file) and put in place whole: nobody finds it there half written.
    with NamedTemporaryFile("w", dir=path.parent) as file:
        file.write(text)
        file.flush()
        with suppress(FileExistsError):  # another process was faster
            os.link(file.name, path)
