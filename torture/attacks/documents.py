"""GraphQL requests by somebody who is not signed in."""

import json
from collections import Counter
from itertools import cycle
from uuid import uuid4

from graphql import get_introspection_query

from tests.execution.hostile_documents import DOCUMENTS
from torture.attacks.repeated import Request, repeated
from torture.attacks.target import Target

_JSON = {"Content-Type": "application/json"}
_LOGOUTS = "mutation { " + " ".join(f"a{number}: logout {{ __typename }}" for number in range(10)) + " }"


async def hostile(target: Target) -> Counter[str]:
    """Every hostile document there is, in turn, on `count` connections."""
    bodies = cycle([json.dumps({"query": text}).encode() for text in DOCUMENTS.values()])
    return await repeated(target, lambda: Request("POST", "/graphql", next(bodies), _JSON))


async def introspection(target: Target) -> Counter[str]:
    """Send GraphiQL's introspection query on `count` connections."""
    body = json.dumps({"query": get_introspection_query()}).encode()
    return await repeated(target, lambda: Request("POST", "/graphql", body, _JSON))


async def logouts(target: Target) -> Counter[str]:
    """Sessions ended ten at a time by refresh tokens that nobody has, on `count` connections."""
    body = json.dumps({"query": _LOGOUTS}).encode()
    headers = _JSON | {"Origin": target.url}
    return await repeated(
        target, lambda: Request("POST", "/graphql", body, headers | {"Cookie": f"wb_refresh={uuid4().hex}"})
    )
