"""The service does what its own OpenAPI document and GraphQL schema say, whatever it is sent, and never fails.

`make fuzz` asks for longer, and differently each time.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.world import World

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("FUZZ_EXAMPLES")


@pytest.fixture
async def headers(world: World, served: AsyncClient) -> list[str]:
    """The headers of a super admin's requests, from a page of the service's own, with a person's API key."""
    admin = await world.super_admin()
    person = await world.recorded(await world.organization())
    origin = str(served.base_url)
    headers = {"Authorization": f"Bearer {admin.token}", "X-API-Key": person.key.text, "Origin": origin}
    return [f"--header={name}: {value}" for name, value in headers.items()]


@pytest.mark.parametrize(
    ("config", "path", "examples"), [("rest", "/swagger/openapi.json", 5), ("graphql", "/graphql", 5)]
)
def test_schemathesis_finds_nothing(
    served: AsyncClient, headers: list[str], tmp_path: Path, config: str, path: str, examples: int
):
    program = str(Path(sys.executable).with_name("schemathesis"))
    thorough = f"--max-examples={EXAMPLES}" if EXAMPLES else f"--max-examples={examples} --generation-deterministic"
    options = [f"--config-file={HERE / config}.toml", "run", "--no-color", *thorough.split(), *headers]

    run = subprocess.run(
        [program, *options, f"{served.base_url}{path}"],
        cwd=tmp_path,  # where it leaves a cache
        env=os.environ | {"PYTHONPATH": str(HERE.parent.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    if EXAMPLES:
        print(run.stdout)  # noqa: T201 - what was asked for
