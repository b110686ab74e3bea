"""Names that become labels: always few, whoever makes them up."""

from collections.abc import Iterable, Iterator

from starlette.routing import BaseRoute, Match
from starlette.types import Scope

OTHER = "other"
OPERATIONS = 100
"""How many names of operations are told apart."""
_OPERATION_CHARACTERS = 80
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class OperationNames:
    """The first so many names, as they are; `other` for all after them, `unnamed` for none."""

    def __init__(self, limit: int = OPERATIONS) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def label(self, name: str | None) -> str:
        """What a name is called in a label."""
        if name is None:
            return "unnamed"
        if name in self._known:
            return name
        if len(self._known) >= self._limit or len(name) > _OPERATION_CHARACTERS:
            return OTHER
        self._known.add(name)
        return name


class RouteNames:
    """Requests' routes as they are written in the code: never a path that a client has made up."""

    def __init__(self) -> None:
        self._routes: list[BaseRoute] = []

    def label(self, scope: Scope) -> str:
        """The route that a request was answered by, `unmatched` for none."""
        template = getattr(scope.get("route"), "path", None)
        return template or self._found(scope)

    def _found(self, scope: Scope) -> str:
        """That of what is not FastAPI's own, and of preflights, which are answered before anybody looks for one."""
        if not self._routes:
            self._routes = list(_flat(scope["app"].routes))
        # As it was before a mount took its part of the path.
        request = {name: scope[name] for name in ("type", "method", "path")}
        for route in self._routes:
            if route.matches(request)[0] is not Match.NONE:
                return str(getattr(route, "path", "unmatched"))
        return "unmatched"


def _flat(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Routes, those of FastAPI's included routers (which have no prefix here) one by one."""
    for route in routes:
        yield from getattr(getattr(route, "original_router", None), "routes", (route,))


def method_label(method: str) -> str:
    """A request's method, if there is such a one."""
    return method if method in _METHODS else OTHER
