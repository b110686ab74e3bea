"""The GraphiQL and Swagger UI pages, the parts of every page, and the static files they load.

All pages work without internet access, and under a Content-Security-Policy without inline scripts and other hosts.
Their files are in ``pages/static``, of which ``webui/build.mjs`` builds ``vendor/``.
"""

import hashlib
import html
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import orjson
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pages.sign_in_ways import SignInWays

STATIC_PATH = "/static"

_STATIC_DIRECTORY = Path(__file__).parent / "static"
_GRAPHIQL_DIRECTORY = _STATIC_DIRECTORY / "vendor" / "graphiql"
_EXAMPLES_DIRECTORY = Path(__file__).parent / "examples"

_TITLE_COMMENT = re.compile(r"\A#\s*Title:[ \t]*(?P<title>\S.*?)[ \t]*(?:\n|\Z)", re.IGNORECASE)
_NUMBER = re.compile(r"\A\d+-")


@dataclass(frozen=True, slots=True)
class Example:
    """A ready-made operation, shown as a tab of GraphiQL; ``variables`` is JSON text, or empty for none."""

    title: str
    query: str
    variables: str = ""


# Shared by all pages: only what is listed is allowed. Nobody may frame them or change their base URL, and no form is
# submitted (the sign-in form is sent by script, so that a password never ends up in an address).
BASE_POLICY = MappingProxyType(
    {
        "default-src": "'none'",
        "script-src": "'self'",
        "connect-src": "'self'",
        # Icons inside the style sheets of both are data: addresses.
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
)

_GRAPHIQL_POLICY = MappingProxyType(
    {
        **BASE_POLICY,
        # 'unsafe-inline' for styles only: the Monaco editor writes each line of text as markup with a style attribute,
        # and its colour theme as a <style> element, neither of which can carry a nonce or be hashed beforehand.
        "style-src": "'self' 'unsafe-inline'",
        # The editor's icon font, a file of our own.
        "font-src": "'self'",
        # The editor parses GraphQL and JSON in workers, files of our own.
        "worker-src": "'self'",
    }
)

_SWAGGER_POLICY = MappingProxyType({**BASE_POLICY, "style-src": "'self'"})

# A file opened directly is data: even if it were a document, it could neither run scripts nor load anything.
_FILE_POLICY = MappingProxyType({"default-src": "'none'", "frame-ancestors": "'none'"})


def graphiql_page(examples: Sequence[Example], ways: SignInWays) -> Response:
    """Return the GraphiQL page, with ``examples`` as its tabs, the first one active, and ways to sign in."""
    body = f"""\
<div id="graphiql" data-sign-in="{html.escape(orjson.dumps(ways.for_script()).decode())}"></div>
<script type="application/json" id="examples">{json_in_html([asdict(example) for example in examples])}</script>
<script src="{versioned("vendor/graphiql/graphiql.js")}"></script>"""
    head = f'<link rel="stylesheet" href="{versioned("vendor/graphiql/graphiql.css")}">\n{EMPTY_ICON}'
    return html_page("GraphiQL · web-behavior", head, body, _GRAPHIQL_POLICY)


def swagger_page(openapi_url: str) -> Response:
    """Return the Swagger UI page for the OpenAPI document at ``openapi_url``, an address of the same origin."""
    body = f"""\
<div id="swagger-ui" data-openapi-url="{html.escape(openapi_url)}"></div>
<script src="{versioned("vendor/swagger-ui/swagger-ui-bundle.js")}"></script>
<script src="{versioned("swagger.js")}"></script>"""
    head = f"""\
<link rel="stylesheet" href="{versioned("vendor/swagger-ui/swagger-ui.css")}">
<link rel="icon" href="{versioned("vendor/swagger-ui/favicon-32x32.png")}">"""
    return html_page("REST · web-behavior", head, body, _SWAGGER_POLICY)


def load_examples() -> tuple[Example, ...]:
    """Return the operations of ``pages/examples/*.graphql`` in order of file name.

    ``NN-name.json`` beside ``NN-name.graphql`` holds the variables. The title is the file's name in words
    (``01-who-am-i`` is "Who am I"), unless the file's first line is ``# Title: …``.
    """
    return tuple(_load_example(path) for path in sorted(_EXAMPLES_DIRECTORY.glob("*.graphql")))


def static_files(*, graphiql: bool = True) -> StaticFiles:
    """Return the application to mount at ``STATIC_PATH``; without ``graphiql`` it does not serve GraphiQL's files."""
    return _Files(_STATIC_DIRECTORY, hidden=None if graphiql else _GRAPHIQL_DIRECTORY)


class _Files(StaticFiles):
    """Static files with caching by content.

    A file that is requested with its current version never changes, and is cached for a year. With any other address (a
    worker, a font, or another release's version during a rollout) it is revalidated by its ETag before each use. Files
    below the directory ``hidden`` are not found.
    """

    def __init__(self, directory: Path, hidden: Path | None) -> None:
        super().__init__(directory=directory)
        self._hidden = None if hidden is None else hidden.resolve()

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        full_path, stat_result = super().lookup_path(path)
        if self._hidden is not None and Path(full_path).resolve().is_relative_to(self._hidden):
            return "", None
        return full_path, stat_result

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        asked = QueryParams(scope["query_string"]).get("v")
        current = asked is not None and asked == _version(Path(full_path))
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = _policy_text(_FILE_POLICY)
        return response


# Without it, browsers ask for /favicon.ico and log a 404.
EMPTY_ICON = '<link rel="icon" href="data:,">'


def html_page(title: str, head: str, body: str, policy: Mapping[str, str]) -> Response:
    """Return a whole HTML page with its security headers; ``head`` and ``body`` are markup, ``title`` is text."""
    content = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
{head}
</head>
<body>
{body}
</body>
</html>
"""
    headers = {
        "Content-Security-Policy": _policy_text(policy),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # The page names the versions of its files, so a cached copy must be revalidated.
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(content, headers=headers)


def _policy_text(policy: Mapping[str, str]) -> str:
    """Return ``directive sources; …``, the value of a Content-Security-Policy header."""
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


def json_in_html(value: object) -> str:
    """Return JSON for a ``<script>`` element: without ``<`` it can neither end the element nor begin a comment."""
    return orjson.dumps(value).decode().replace("<", "\\u003c")


def versioned(name: str) -> str:
    """Return the address of a static file, with its version; ``name`` is its path below ``pages/static``."""
    return f"{STATIC_PATH}/{name}?v={_version(_STATIC_DIRECTORY / name)}"


@lru_cache(maxsize=64)
def _version(path: Path) -> str:
    """Return a digest of the file's content, computed once per process: files change only with a new release."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _load_example(path: Path) -> Example:
    text = path.read_text(encoding="utf-8")
    query = _TITLE_COMMENT.sub("", text)
    comment = _TITLE_COMMENT.match(text)
    title = comment["title"] if comment else _title_from_name(path.stem)
    variables = path.with_suffix(".json")
    return Example(
        title=title,
        query=query.strip() + "\n",
        variables=variables.read_text(encoding="utf-8").strip() if variables.exists() else "",
    )


def _title_from_name(stem: str) -> str:
    """Return the title of a file name: "Who am I" for ``01-who-am-i``; the word "i" is the pronoun."""
    words = _NUMBER.sub("", stem).replace("-", " ")
    sentence = words[:1].upper() + words[1:]
    return re.sub(r"\bi\b", "I", sentence)
