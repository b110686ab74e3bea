import json
import subprocess
import sys
from pathlib import Path

from db import embedded


def test_what_killed_processes_left_behind_is_cleared_away(data_dir: Path):
    folder = data_dir / "stale"
    # Given a data folder, made by a process that has ended, on which a dead user and a stranger's pid are written down
    made = f"from pathlib import Path; from db import embedded; embedded.start(Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", made], check=True)
    ended = subprocess.Popen(["true"])
    ended.wait()
    users, server = folder / ".handle_pids.json", folder / "postmaster.pid"
    users.write_text(json.dumps([ended.pid]))
    server.write_text("\n".join(["1", str(folder), "1700000000", "5432", str(folder), "", "0 0", "ready"]))

    url = embedded.start(folder)

    assert str(folder) in url
    assert ended.pid not in json.loads(users.read_text())
    assert server.read_text().splitlines()[0] != "1"
