import pytest
from httpx import AsyncClient


async def test_the_root_leads_to_graphiql(http: AsyncClient):
    response = await http.get("/")

    assert (response.status_code, response.headers["location"]) == (307, "/graphql")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/health/"), ("POST", "/api/v1/inayla/behaviors/"), ("POST", "/graphql/")]
)
async def test_an_address_with_a_slash_too_many_is_not_found(http: AsyncClient, method: str, path: str):
    response = await http.request(method, path, json={})

    assert response.status_code == 404
    assert "location" not in response.headers
