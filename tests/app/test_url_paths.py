import pytest
from httpx import AsyncClient


async def test_the_root_leads_to_graphiql(http: AsyncClient):
    response = await http.get("/")

    assert (response.status_code, response.headers["location"]) == (307, "/graphql")


@pytest.mark.parametrize(("method", "path"), [("GET", "/health/"), ("POST", "/api/v1/inayla/behaviors/")])
async def test_an_address_with_a_slash_too_many_is_not_found(http: AsyncClient, method: str, path: str):
    response = await http.request(method, path, json={})

    assert response.status_code == 404
    assert "location" not in response.headers


async def test_graphql_is_served_with_a_slash_too_many_as_well(http: AsyncClient):
    by_post = await http.post("/graphql/", json={"query": "{ __typename }"})
    by_get = await http.get("/graphql/", params={"query": "{ __typename }"})
    page, same_page = [await http.get(path, headers={"Accept": "text/html"}) for path in ("/graphql", "/graphql/")]

    assert [(answer.status_code, answer.json()["data"]) for answer in (by_post, by_get)] == [
        (200, {"__typename": "Query"})
    ] * 2
    assert (page.status_code, page.text) == (200, same_page.text)


@pytest.mark.parametrize("path", ["/swagger/index.html", "/swagger/"])
async def test_the_old_address_of_the_rest_documentation_leads_to_it(http: AsyncClient, path: str):
    response = await http.get(path)
    page = await http.get(response.headers["location"])

    assert (response.status_code, response.headers["location"]) == (307, "/swagger")
    assert "swagger-ui" in page.text
