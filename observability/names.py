"""Names that become labels: a bounded number, whatever clients send."""

from collections.abc import Iterable, Iterator

from starlette.routing import BaseRoute, Match
from starlette.types import Scope

OTHER = "other"
OPERATIONS = 100
"""The most names of operations that become labels."""
_OPERATION_CHARACTERS = 80
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class OperationNames:
    """Labels for names of operations: the first `limit` names, `other` for later ones, `unnamed` for None."""

    def __init__(self, limit: int = OPERATIONS) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def label(self, name: str | None) -> str:
        """Return the label of a name."""
        if name is None:
            return "unnamed"
        if name in self._known:
            return name
        if len(self._known) >= self._limit or len(name) > _OPERATION_CHARACTERS:
            return OTHER
        self._known.add(name)
        return name


class RouteNames:
    """Labels for routes, as they are written in the code: never a path that a client sends."""

    def __init__(self) -> None:
        self._routes: list[BaseRoute] = []

    def label(self, scope: Scope) -> str:
        """Return the route that answered a request; `unmatched` for none."""
        template = getattr(scope.get("route"), "path", None)
        return template or self._found(scope)

    def _found(self, scope: Scope) -> str:
        """Return the route of a request that was answered before FastAPI's routing, or by a plain Starlette route."""
        if not self._routes:
            self._routes = list(_flat(scope["app"].routes))
        # The path before a mount removed its prefix.
        request = {name: scope[name] for name in ("type", "method", "path")}
        for route in self._routes:
            if route.matches(request)[0] is not Match.NONE:
                return str(getattr(route, "path", "unmatched"))
        return "unmatched"


def _flat(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Yield the routes; included routers of FastAPI (which have no prefix here) are replaced by their routes."""
    for route in routes:
        yield from getattr(getattr(route, "original_router", None), "routes", (route,))


def method_label(method: str) -> str:
    """Return a request's method if it is a known one; `other` for any other."""
    return method if method in _METHODS else OTHER
