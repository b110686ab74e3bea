import json
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount

from pages import html
from pages.html import STATIC_PATH, Example, graphiql_page, load_examples, static_files, swagger_page
from pages.links import email_confirmation_page, invitation_page, password_reset_page
from pages.sign_in_ways import SignInWays

STATIC = Path(html.__file__).parent / "static"

HOSTILE = Example(title="</script><script>alert(1)</script>", query="<!-- {a}", variables='{"a": "</SCRIPT>"}')

PAGES = {
    "graphiql": graphiql_page([Example("One", "{ a }"), HOSTILE], SignInWays(HOSTILE.title, password_links=True)),
    "swagger": swagger_page("/openapi.json?a=1&b=2"),
    "invitation": invitation_page(None, SignInWays(HOSTILE.title)),
    "password reset": password_reset_page(None, SignInWays()),
    "no password": password_reset_page(None, SignInWays(HOSTILE.title, passwords=False)),
    "email confirmation": email_confirmation_page(None, SignInWays()),
}


@pytest.fixture(params=PAGES)
def page(request):
    return PAGES[request.param]


@pytest.fixture
async def client():
    app = Starlette(routes=[Mount(STATIC_PATH, static_files())])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


class Elements(HTMLParser):
    """The page's start tags as (name, attributes), and the text inside script elements."""

    def __init__(self, page: Response) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(bytes(page.body).decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the base class passes it
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)


def policy(response: Response | httpx.Response) -> dict[str, list[str]]:
    directives = response.headers["content-security-policy"].split(";")
    return {name: sources for name, *sources in (directive.split() for directive in directives)}


def addresses(page: Response) -> list[str]:
    """Everything that the page's markup loads, data: addresses aside."""
    loading = [attributes for tag, attributes in Elements(page).tags if tag != "a"]
    found = [attributes.get("src") or attributes.get("href") for attributes in loading]
    return [address for address in found if address and not address.startswith("data:")]


def test_policy_lets_in_nothing_foreign_and_no_inline_script(page):
    directives = policy(page)
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == ["'self'"]
    assert directives["connect-src"] == ["'self'"]
    for name in ("base-uri", "form-action", "frame-ancestors"):
        assert directives[name] == ["'none'"]
    sources = {source for sources in directives.values() for source in sources}
    assert sources <= {"'self'", "'none'", "'unsafe-inline'", "data:"}
    assert {name for name, sources in directives.items() if "data:" in sources} == {"img-src"}


def test_only_the_editors_styles_may_be_inline():
    inline = {
        name: [d for d, sources in policy(page).items() if "'unsafe-inline'" in sources] for name, page in PAGES.items()
    }
    assert inline == {name: ["style-src"] if name == "graphiql" else [] for name in PAGES}


def test_pages_carry_the_other_security_headers(page):
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-cache"
    assert page.media_type == "text/html"


def test_markup_needs_nothing_the_policy_forbids(page):
    for tag, attributes in Elements(page).tags:
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        if tag == "script":
            assert attributes.get("src") or attributes.get("type") == "application/json"


def test_examples_survive_the_page_whatever_they_contain():
    (data,) = [text for text in Elements(PAGES["graphiql"]).scripts if text.strip()]
    assert "<" not in data
    assert json.loads(data) == [
        {"title": "One", "query": "{ a }", "variables": ""},
        {"title": HOSTILE.title, "query": HOSTILE.query, "variables": HOSTILE.variables},
    ]


def test_graphiql_page_has_its_title_and_root():
    text = bytes(PAGES["graphiql"].body).decode()
    assert "<title>GraphiQL · web-behavior</title>" in text
    assert "graphiql" in [attributes.get("id") for tag, attributes in Elements(PAGES["graphiql"]).tags if tag == "div"]


def test_swagger_page_names_the_document_in_an_attribute():
    page = swagger_page('/a"><script>')
    (place,) = [attributes for _, attributes in Elements(page).tags if attributes.get("id") == "swagger-ui"]
    assert place["data-openapi-url"] == '/a"><script>'


async def test_everything_the_pages_load_is_served_and_kept(page, client):
    assert addresses(page)
    for address in addresses(page):
        assert address.startswith(f"{STATIC_PATH}/")
        response = await client.get(address)
        assert response.status_code == 200, address
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert policy(response)["default-src"] == ["'none'"]


@pytest.mark.parametrize("name", ["editor.worker.js", "json.worker.js", "graphql.worker.js", "codicon.ttf"])
async def test_files_that_the_bundle_loads_are_served_and_checked(name, client):
    bundle = STATIC / "vendor/graphiql"
    assert any(name in (bundle / file).read_text(encoding="utf-8") for file in ("graphiql.js", "graphiql.css"))
    response = await client.get(f"{STATIC_PATH}/vendor/graphiql/{name}")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"
    again = await client.get(response.url.path, headers={"if-none-match": response.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["cache-control"] == "no-cache"


async def test_another_releases_version_is_not_kept(client):
    response = await client.get(f"{STATIC_PATH}/swagger.js?v=0000000000000000")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/nothing.js", "/", "/vendor", "/..%2fpages.py", "/%2e%2e/pages.py"])
async def test_nothing_else_is_served(path, client):
    assert (await client.get(STATIC_PATH + path)).status_code == 404


def test_vendored_files_are_free_of_foreign_loads():
    for sheet in STATIC.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//|@import", text), sheet
    for file in [*STATIC.rglob("*.css"), *STATIC.rglob("*.js")]:
        assert "sourceMappingURL=" not in file.read_text(encoding="utf-8")[-200:], file


@pytest.mark.parametrize(
    ("folder", "packages"),
    [
        (
            "graphiql",
            ["graphiql", "@graphiql/react", "react", "react-dom", "graphql", "monaco-editor", "monaco-graphql"],
        ),
        ("swagger-ui", ["swagger-ui-dist"]),
    ],
)
def test_vendored_files_come_with_their_licences(folder, packages):
    text = (STATIC / "vendor" / folder / "LICENSES").read_text(encoding="utf-8")
    for package in packages:
        assert re.search(rf"^{re.escape(package)} \d+\.\d+\.\d+ \(.+\)$", text, re.MULTILINE), package
    assert (STATIC / "vendor/README.md").read_text(encoding="utf-8").strip()


def test_examples_are_read_in_order_with_titles_and_variables(tmp_path, monkeypatch):
    monkeypatch.setattr(html, "_EXAMPLES_DIRECTORY", tmp_path)
    (tmp_path / "02-top-pages.graphql").write_text("# Title:  Pages, by visits \n# Most first.\nquery P { p }\n\n")
    (tmp_path / "02-top-pages.json").write_text('{"first": 3}\n')
    (tmp_path / "01-who-am-i.graphql").write_text("query W { w }")
    (tmp_path / "notes.txt").write_text("not an example")
    assert load_examples() == (
        Example("Who am I", "query W { w }\n"),
        Example("Pages, by visits", "# Most first.\nquery P { p }\n", '{"first": 3}'),
    )


def test_shipped_examples_are_complete():
    examples = load_examples()
    assert examples[0].title == "Who am I?"
    assert "query WhoAmI" in examples[0].query
    for example in examples:
        assert example.title
        assert example.query.strip()
        if example.variables:
            assert isinstance(json.loads(example.variables), dict)


async def test_without_graphiql_its_files_are_not_found_and_swaggers_are():
    app = Starlette(routes=[Mount(STATIC_PATH, static_files(graphiql=False))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        hidden = [
            (await client.get(f"{STATIC_PATH}/{path}")).status_code
            for path in (
                "vendor/graphiql/graphiql.js",
                "vendor//graphiql/graphiql.css",
                "vendor/x/../graphiql/graphiql.js",
            )
        ]
        shown = (await client.get(f"{STATIC_PATH}/vendor/swagger-ui/swagger-ui-bundle.js")).status_code

    assert hidden == [404, 404, 404]
    assert shown == 200


def test_graphiql_page_tells_its_script_the_ways_to_sign_in():
    [root] = [attributes for tag, attributes in Elements(PAGES["graphiql"]).tags if attributes.get("id") == "graphiql"]

    assert json.loads(root["data-sign-in"] or "") == {
        "passwords": True,
        "passwordReset": "/password-reset",
        "provider": HOSTILE.title,
        "signIn": "/auth/sso/login",
        "signOut": "/auth/sso/logout",
    }


@pytest.mark.parametrize("ways", [SignInWays(), SignInWays("SSO", passwords=False, password_links=True)])
def test_no_link_for_a_new_password_is_offered_where_none_would_come(ways: SignInWays):
    assert ways.for_script()["passwordReset"] is None


@pytest.mark.parametrize(
    ("ways", "offered"),
    [
        (SignInWays(), ["new-account", "sign-in"]),
        (SignInWays("SSO"), ["single-sign-on", "new-account", "sign-in"]),
        (SignInWays("SSO", passwords=False), ["single-sign-on"]),
    ],
)
def test_an_invitation_offers_the_ways_that_are_set_up(ways: SignInWays, offered: list[str]):
    ids = [attributes.get("id") for _, attributes in Elements(invitation_page(None, ways)).tags]

    assert [each for each in ids if each in {"single-sign-on", "new-account", "sign-in"}] == offered
