"""The secret that signs tokens: configured, or, in development, generated once and kept in the data directory."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from app.settings import Settings

_FILE = "jwt_secret"


def jwt_secret(settings: Settings) -> str:
    """Return the configured secret, else a generated one that survives restarts; production requires the former."""
    if settings.jwt_secret:
        return settings.jwt_secret
    path = settings.data_dir / _FILE
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _create(path, secrets.token_hex(32))
    return path.read_text()


def _create(path: Path, text: str) -> None:
    # Written to a temporary file (readable by its owner only), then linked: no process reads half of it.
    with NamedTemporaryFile("w", dir=path.parent) as file:
        file.write(text)
        file.flush()
        with suppress(FileExistsError):  # another process was faster
            os.link(file.name, path)
