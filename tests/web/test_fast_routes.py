"""Routes that are answered past FastAPI lose nothing that is declared for them."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app import server
from rest.routes import router as rest_router
from tests.conftest import make_settings
from tests.rest_requests import AUTH, BATCH, BEHAVIORS
from tests.servers import own_world
from web.fast_routes import FastRoutes, UnsupportedFastRoute


def refuse() -> None:
    raise HTTPException(401, "sign in first", {"WWW-Authenticate": "Bearer"})


async def fast(request: Request) -> Response:
    return PlainTextResponse(f"fast {request.method}")


async def gone(request: Request) -> Response:
    raise HTTPException(410, "gone", {"X-Why": request.method})


async def with_parameter(request: Request, size: int) -> Response:
    return PlainTextResponse(f"{request.method} {size}")


async def with_dependency(request: Request, user: Annotated[None, Depends(refuse)]) -> Response:
    return PlainTextResponse(f"{request.method} {user}")


async def of_anything(request: Any) -> Response:
    return PlainTextResponse(str(request))


async def with_data(request: Request) -> dict[str, str]:
    return {"method": request.method}


def in_a_thread(request: Request) -> Response:
    return PlainTextResponse(request.method)


class OwnRoute(APIRoute):
    pass


def application(endpoint: Any, *, router: APIRouter | None = None, api: FastAPI | None = None, **route: Any) -> FastAPI:
    """An application with one route, as ours is put together."""
    router, api = router or APIRouter(prefix="/v1"), api or FastAPI()
    router.get("/it", **route)(endpoint)
    api.include_router(router)
    return api


async def asked(app: Any, path: str = "/v1/it", method: str = "GET") -> Any:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client:
        return await client.request(method, path)


async def test_a_route_that_is_named_is_called_and_others_are_fastapis():
    api = application(fast)

    answers = [await asked(FastRoutes(api, api, [fast]), method=method) for method in ("GET", "POST")]
    elsewhere = await asked(FastRoutes(api, api, [fast]), "/v1/it/")

    assert (answers[0].status_code, answers[0].text) == (200, "fast GET")
    assert answers[1].status_code == 405
    assert elsewhere.status_code in {307, 404}


async def test_an_exception_of_fastapi_is_answered_by_a_fast_route_too():
    api = application(gone)

    answer = await asked(FastRoutes(api, api, [gone]))

    assert (answer.status_code, answer.json()) == (410, {"message": "gone", "success": False})
    assert answer.headers["x-why"] == "GET"


@pytest.mark.parametrize(
    ("endpoint", "status", "declared"),
    [
        (with_dependency, 401, {}),
        (fast, 401, {"dependencies": [Depends(refuse)]}),
        (with_parameter, 422, {}),
        (gone, 410, {}),
        (with_data, 202, {"status_code": 202}),
    ],
)
async def test_a_route_that_is_not_named_has_all_that_it_declares(endpoint: Any, status: int, declared: dict[str, Any]):
    api = application(endpoint, **declared)
    api.get("/fast")(fast)

    answer = await asked(FastRoutes(api, api, [fast] if endpoint is not fast else []))

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("endpoint", "declared", "reason"),
    [
        (with_parameter, {}, "other parameters than `request: Request` alone"),
        (with_dependency, {}, "other parameters than `request: Request` alone"),
        (of_anything, {}, "other parameters than `request: Request` alone"),
        (with_data, {}, "not declared to return a `Response`"),
        (in_a_thread, {}, "not `async def`"),
        (fast, {"dependencies": [Depends(refuse)]}, "dependencies"),
        (fast, {"router": APIRouter(prefix="/v1", dependencies=[Depends(refuse)])}, "dependencies"),
        (fast, {"api": FastAPI(dependencies=[Depends(refuse)])}, "dependencies"),
        (fast, {"response_model": dict[str, str]}, "a response model"),
        (fast, {"response_class": PlainTextResponse}, "a response class"),
        (fast, {"router": APIRouter(prefix="/v1", default_response_class=PlainTextResponse)}, "a response class"),
        (fast, {"router": APIRouter(prefix="/v1/{name}")}, "its path has parameters"),
        (fast, {"max_body_size": 100}, "max_body_size"),
        (fast, {"router": APIRouter(prefix="/v1", route_class=OwnRoute)}, "a class of its own"),
    ],
)
def test_a_route_for_which_fastapi_would_do_more_is_refused(endpoint: Any, declared: dict[str, Any], reason: str):
    api = application(endpoint, **declared)

    with pytest.raises(UnsupportedFastRoute) as refused:
        FastRoutes(api, api, [endpoint])

    assert endpoint.__name__ in str(refused.value)
    assert reason in str(refused.value)
    assert "Take it off the list of fast routes" in str(refused.value)


def test_an_endpoint_that_no_route_has_is_refused():
    api = application(fast)

    with pytest.raises(UnsupportedFastRoute, match="gone cannot be a fast route: it is no route of the application"):
        FastRoutes(api, api, [gone])


async def test_what_is_added_to_the_extensions_router_keeps_its_dependencies(
    data_dir: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    router = APIRouter()
    router.include_router(rest_router)
    router.get("/api/v1/inayla/new", dependencies=[Depends(refuse)])(fast)
    monkeypatch.setattr(server, "rest_router", router)

    async with own_world(make_settings(data_dir), database_url) as world:
        new, known = await world.http.get("/api/v1/inayla/new"), await world.http.get(AUTH)

    assert (new.status_code, new.json()) == (401, {"message": "sign in first", "success": False})
    assert new.headers["www-authenticate"] == "Bearer"
    assert known.json()["message"] == "X-API-Key header is required"


def test_the_service_does_not_start_with_a_fast_route_that_declares_more(
    data_dir: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    router = APIRouter(dependencies=[Depends(refuse)])
    router.include_router(rest_router)
    monkeypatch.setattr(server, "rest_router", router)

    with pytest.raises(UnsupportedFastRoute, match="create_behavior cannot be a fast route: it, its router or"):
        server.create_app(make_settings(data_dir), database_url)


def test_the_extensions_routes_are_the_fast_ones(app: FastAPI):
    routes = FastRoutes(app, app, server.FAST_ROUTES)._routes

    assert {*routes} == {("POST", BEHAVIORS), ("POST", BATCH), ("GET", AUTH)}
