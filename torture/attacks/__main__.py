"""The attacker: `python -m torture.attacks NAME TARGET`, with a Target's members as JSON, prints its outcomes.

As JSON: `answers` by what they were, and the instants of `time.monotonic()` when the attack `began` and `ended`.
"""

import asyncio
import json
import resource
import sys
import time

from torture.attacks.catalogue import ATTACKS
from torture.attacks.target import Target


async def _strike(name: str, target: Target) -> dict[str, object]:
    began = time.monotonic()
    answers = await ATTACKS[name].run(target)
    return {"answers": answers, "began": began, "ended": time.monotonic()}


if __name__ == "__main__":
    _, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_most, _most))
    _name, _target = sys.argv[1:]
    json.dump(asyncio.run(_strike(_name, Target(**json.loads(_target)))), sys.stdout)
