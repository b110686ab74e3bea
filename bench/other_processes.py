"""The use of the machine by other processes: figures from a busy machine are worth less, and the page says so."""

import os
from pathlib import Path

import psutil


class Others:
    """Watches, from its making on, the processor time of all processes but ours and our PostgreSQL's in `folder`."""

    def __init__(self, folder: Path) -> None:
        pid = folder / "postmaster.pid"
        self._servers = [int(pid.read_text().split()[0])] if pid.exists() else []
        self._before = self._read()

    def part(self) -> float:
        """The part of all processors that others took, 0 to 1."""
        total, busy, own = (now - before for now, before in zip(self._read(), self._before, strict=True))
        return max(0.0, (busy - own) / total) if total else 0.0

    def _read(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        total = float(sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0))
        idle = times.idle + getattr(times, "iowait", 0.0) + getattr(times, "steal", 0.0)
        return total, total - idle, sum(_seconds(pid) for pid in (os.getpid(), *self._servers))


def _seconds(pid: int) -> float:
    """Return the processor time of a process and all its descendants; those that have ended included."""
    process = psutil.Process(pid)
    used = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:  # it ended a moment ago
            continue
        used += times.user + times.system + times.children_user + times.children_system
    return used
