"""The GraphiQL and Swagger UI pages, and the static files they load.

Both pages work without internet and under a Content-Security-Policy that lets no inline script and no foreign host in.
What they load lies under ``app/static``: ``vendor/`` is built by ``webui/build.mjs``, the rest is ours.
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

STATIC_PATH = "/static"

_STATIC_DIRECTORY = Path(__file__).parent / "static"
_EXAMPLES_DIRECTORY = Path(__file__).parent / "examples"

_TITLE_COMMENT = re.compile(r"\A#\s*Title:[ \t]*(?P<title>\S.*?)[ \t]*(?:\n|\Z)", re.IGNORECASE)
_NUMBER = re.compile(r"\A\d+-")


@dataclass(frozen=True, slots=True)
class Example:
    """A ready-made operation, shown as a tab of GraphiQL; ``variables`` is JSON text, or empty for none."""

    title: str
    query: str
    variables: str = ""


# Shared by both pages: nothing is allowed but what is listed, and nobody may frame them, move their base or have a form
# of theirs posted anywhere (the sign-in form is sent by script; a password can never end up in an address).
_BASE_POLICY = MappingProxyType(
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
        **_BASE_POLICY,
        # 'unsafe-inline' for styles only: the Monaco editor writes each line of text as markup with a style attribute,
        # and its colour theme as a <style> element, neither of which can carry a nonce or be hashed beforehand.
        "style-src": "'self' 'unsafe-inline'",
        # The editor's icon font, a file of our own.
        "font-src": "'self'",
        # The editor parses GraphQL and JSON in workers, files of our own.
        "worker-src": "'self'",
    }
)

_SWAGGER_POLICY = MappingProxyType({**_BASE_POLICY, "style-src": "'self'"})

# A file opened by itself is data: if one ever were a document, it could neither run nor load anything.
_FILE_POLICY = MappingProxyType({"default-src": "'none'", "frame-ancestors": "'none'"})


def graphiql_page(examples: Sequence[Example]) -> Response:
    """The GraphiQL page, with ``examples`` as its tabs, the first one active."""
    body = f"""\
<div id="graphiql"></div>
<script type="application/json" id="examples">{_json_in_html([asdict(example) for example in examples])}</script>
<script src="{_versioned("vendor/graphiql/graphiql.js")}"></script>"""
    head = f'<link rel="stylesheet" href="{_versioned("vendor/graphiql/graphiql.css")}">\n{_EMPTY_ICON}'
    return _page("GraphiQL · web-behavior", head, body, _GRAPHIQL_POLICY)


def swagger_page(openapi_url: str) -> Response:
    """The Swagger UI page for the OpenAPI document at ``openapi_url``, an address of the same origin."""
    body = f"""\
<div id="swagger-ui" data-openapi-url="{html.escape(openapi_url)}"></div>
<script src="{_versioned("vendor/swagger-ui/swagger-ui-bundle.js")}"></script>
<script src="{_versioned("swagger.js")}"></script>"""
    head = f"""\
<link rel="stylesheet" href="{_versioned("vendor/swagger-ui/swagger-ui.css")}">
<link rel="icon" href="{_versioned("vendor/swagger-ui/favicon-32x32.png")}">"""
    return _page("REST · web-behavior", head, body, _SWAGGER_POLICY)


def load_examples() -> tuple[Example, ...]:
    """The operations of ``app/examples/*.graphql`` in order of file name.

    ``NN-name.json`` beside ``NN-name.graphql`` holds the variables. The title is the file's name in words
    (``01-who-am-i`` is "Who am I"), unless the file's first line is ``# Title: …``.
    """
    return tuple(_load_example(path) for path in sorted(_EXAMPLES_DIRECTORY.glob("*.graphql")))


def static_files() -> StaticFiles:
    """The application to mount at ``STATIC_PATH``."""
    return _Files(directory=_STATIC_DIRECTORY)


class _Files(StaticFiles):
    """Static files with caching by content.

    A file asked for under its current version never changes and is kept for a year. Under any other address (a worker,
    a font, or another release's version during a roll-out) it is kept too, but checked by its ETag before each use.
    """

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
_EMPTY_ICON = '<link rel="icon" href="data:,">'


def _page(title: str, head: str, body: str, policy: Mapping[str, str]) -> Response:
    """A whole HTML page with its security headers; ``head`` and ``body`` are markup, ``title`` is text."""
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
        # The page names the versions of what it loads, so a kept copy must be checked.
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(content, headers=headers)


def _policy_text(policy: Mapping[str, str]) -> str:
    """``directive sources; …``, the value of a Content-Security-Policy header."""
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


def _json_in_html(value: object) -> str:
    """JSON that can stand inside a ``<script>`` element: without ``<`` it can neither end nor comment the element."""
    return orjson.dumps(value).decode().replace("<", "\\u003c")


def _versioned(name: str) -> str:
    """The address of a static file, with its version; ``name`` is its path below ``app/static``."""
    return f"{STATIC_PATH}/{name}?v={_version(_STATIC_DIRECTORY / name)}"


@lru_cache(maxsize=64)
def _version(path: Path) -> str:
    """A digest of the file's content, computed once per process: files change only with a new release."""
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
    """``01-who-am-i`` as "Who am I"; a word of one letter "i" is the pronoun."""
    words = _NUMBER.sub("", stem).replace("-", " ")
    sentence = words[:1].upper() + words[1:]
    return re.sub(r"\bi\b", "I", sentence)
