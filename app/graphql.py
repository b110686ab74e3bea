"""The GraphQL endpoint: who asks, from where, and how answers are written."""

from collections.abc import Sequence
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from app.cookies import RequestCookies
from app.origins import Origins
from app.pages import Example, graphiql_page
from core.errors import AppError, TooLarge, TooSlow, Unauthenticated
from resolvers.services import Services
from resolvers.sign_in import authenticate
from rest.bodies import read_body
from rest.routes import client_of
from schema.build import schema
from schema.context import Context

DOCUMENT_LIMIT = 32 * 1024
"""In characters. Values belong into variables, for which the body has more room."""
BODY_LIMIT = 2 * 1024 * 1024
"""Room for `ingestBehaviors` with 1000 events of usual size; queries need a fraction of it."""


class GraphQLEndpoint(GraphQL[Context, None]):
    """POST answers queries; GET answers a browser with GraphiQL, and simple queries."""

    def __init__(self, services: Services, origins: Origins, examples: Sequence[Example], *, secure: bool) -> None:
        super().__init__(schema, subscription_protocols=())
        self._services = services
        self._origins = origins
        self._examples = examples
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            # Read here, within its bound: the view asks for the body without one, and then finds it read.
            request._body = await read_body(request, BODY_LIMIT)  # noqa: SLF001
            response = await self.run(request)
        except (TooLarge, TooSlow) as error:
            response = _refusal(error.message, error.status, error.code)
        except HTTPException as error:
            response = _refusal(error.reason, error.status_code, "BAD_REQUEST")
        await response(scope, receive, send)

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002 - the view's
        return graphiql_page(self._examples)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        assert isinstance(request, Request)  # noqa: S101 - the route takes no WebSockets
        assert isinstance(response, Response)  # noqa: S101
        headers = request.headers
        cookies = RequestCookies(
            request,
            response,
            believed=request.method == "POST"
            and self._origins.may_use_cookies(headers.get("origin"), headers.get("host")),
            secure=self._secure,
        )
        authentication: Any = await self._authenticate(request, cookies)
        return Context(self._services, client_of(request), cookies, authentication)

    async def _authenticate(self, request: Request, cookies: RequestCookies) -> Any:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        token = bearer.strip() if scheme.lower() == "bearer" else cookies.access_token
        if not token:
            return Unauthenticated("Sign in first: send `Authorization: Bearer …` with the token that `login` gives.")
        try:
            return await authenticate(self._services, token)
        except AppError as error:
            return error

    def parse_json(self, data: str | bytes) -> Any:
        parsed = super().parse_json(data)
        # The view goes on to look members up. (A body comes as bytes; a parameter of a GET, as text, may be null.)
        if not isinstance(parsed, dict | list) and not (parsed is None and isinstance(data, str)):
            raise HTTPException(400, "A GraphQL request is a JSON object.")
        return parsed

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> Any:
        data = await super().parse_http_body(request)
        query = getattr(data, "query", None)
        if isinstance(query, str) and len(query) > DOCUMENT_LIMIT:
            raise HTTPException(400, f"The document is too long: at most {DOCUMENT_LIMIT} characters. Use variables.")
        return data

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)  # refuses lone surrogates, which no database text can hold

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


def _refusal(message: str, status: int, code: str) -> Response:
    body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})
    return Response(body, status, media_type="application/json")
