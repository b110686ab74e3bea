"""The machine that the benchmark ran on."""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.service import value


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, and the software on it."""

    processor: str
    cores: int
    memory_gib: float
    postgresql: str

    def __str__(self) -> str:
        hardware = f"{self.processor}, {self.cores} cores, {self.memory_gib:.0f} GiB"
        return f"{hardware}; PostgreSQL {self.postgresql}, Python {platform.python_version()}"


async def machine(server_url: str) -> Machine:
    """The machine this runs on, and its database."""
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)  # noqa: ASYNC240 - no disk
    version = await value(server_url.replace("+asyncpg", ""), "SHOW server_version")
    processor = names[0] if names else platform.machine()
    return Machine(processor, os.cpu_count() or 1, psutil.virtual_memory().total / 2**30, version)
