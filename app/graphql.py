"""The GraphQL endpoint: authentication, the context of a request, and the format of answers."""

from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult

from core.errors import (
    UNEXPECTED,
    AppError,
    InvalidInput,
    RetryLater,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Unavailable,
    UnsupportedEncoding,
)
from core.ids import uuid_of
from core.limits import DOCUMENT_CHARACTERS
from db.timeout import database_timeout
from execution.context import Context
from execution.documents.saved import PREFIX
from execution.policy_extension import too_large
from execution.request_policy import RequestPolicy
from pages.html import Example, graphiql_page
from pages.sign_in_ways import SignInWays
from resolvers.authentication import authenticate
from resolvers.saved_queries import saved_query
from resolvers.services import Services
from schema.build import executed_by
from web.answers import ACCEPTED_ENCODINGS
from web.bodies import read_body
from web.clients import bearer_token, client_of
from web.cookies import RequestCookies
from web.media_types import JSON, RESPONSE_JSON, is_json, preferred_media_type
from web.origins import Origins
from web.request_timeout import cancelled_on_disconnect

INGESTION_LIMIT = 1024 * 1024
"""In bytes: room for `ingestBehaviors` with 1000 events of usual size, and for nothing else."""

_MAY_BE_EMPTY = {"variables", "extensions"}
"""Parameters of a GET that are JSON; an empty one is none."""
BRACKETS = 50_000
"""The most brackets of a body: many more than a thousand events have, those in their urls included."""


class _RequestAdapter(StarletteRequestAdapter):
    """A request whose media type is in lower case: the view compares it with its own spelling."""

    @property
    def content_type(self) -> str | None:
        return self.headers.get("content-type", "").lower()


class GraphQLEndpoint(GraphQL[Context, None]):
    """POST answers queries; GET answers a browser with GraphiQL, and simple queries: GraphQL over HTTP, as drafted.

    https://graphql.github.io/graphql-over-http/draft/
    """

    request_adapter_class = _RequestAdapter

    def __init__(
        self,
        services: Services,
        policy: RequestPolicy,
        origins: Origins,
        examples: Sequence[Example] | None,
        ways: SignInWays,
        *,
        secure: bool,
        columnar: bool = True,
    ) -> None:
        super().__init__(executed_by(columnar=columnar), subscription_protocols=())
        self._services = services
        self._policy = policy
        self._origins = origins
        self._examples = examples
        self._ways = ways
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            # Read here, within its bound: the view asks for the body without one, and then finds it read.
            request._body = await self._body(request)  # noqa: SLF001
            response = await self.run(request)
        except (TooLarge, TooSlow, InvalidInput) as error:
            response = _refusal(request, error.message, error.status, error.code)
        except UnsupportedEncoding as error:
            headers = {"Accept-Encoding": ACCEPTED_ENCODINGS}
            response = _refusal(request, error.message, error.status, error.code, **headers)
        except Unavailable as error:
            response = refusal_of(request, error)
        except HTTPException as error:
            response = _refused_by_the_view(request, error)
        await response(scope, receive, send)

    async def _body(self, request: Request) -> bytes:
        """The request's body. TooLarge, unless it may store events, which the policy checks after parsing."""
        policy = self._policy
        body = await read_body(request, max(policy.body_limit, INGESTION_LIMIT))
        names_a_document = b"documentId" in body or b"persistedQuery" in body
        may_ingest = b"ingestBehaviors" in body or (policy.trusted.texts and names_a_document)
        if len(body) > policy.body_limit and not may_ingest:
            raise TooLarge(too_large(policy.body_limit))
        # Collecting garbage among hundreds of thousands of lists takes longer than anything else in a request.
        if body.count(b"[") + body.count(b"{") > BRACKETS:
            raise HTTPException(400, f"The request body has more than {BRACKETS} brackets: send less at once.")
        return body

    def should_render_graphql_ide(self, request: Any) -> bool:
        is_asked = "documentId" in request.query_params or "extensions" in request.query_params
        return not is_asked and super().should_render_graphql_ide(request)

    async def render_graphql_ide(self, request: Request) -> Response:
        if self._examples is None:
            return _refusal(request, "There is no page here. POST GraphQL requests to this address.", 404, "NOT_FOUND")
        return graphiql_page(self._examples, self._ways)

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
        size = len(await request.body())
        return Context(self._services, client_of(request), cookies, authentication, self._policy, size)

    async def _authenticate(self, request: Request, cookies: RequestCookies) -> Any:
        bearer = bearer_token(request)
        token = cookies.access_token if bearer is None else bearer
        if not token:
            advice = "Sign in first: send `Authorization: Bearer …` with the token that `login` gives."
            return Unauthenticated(" ".join(filter(None, (advice, cookies.missing))))
        try:
            with database_timeout():
                return await authenticate(self._services, token)
        except AppError as error:
            return error

    def parse_json(self, data: str | bytes) -> Any:
        parsed = super().parse_json(data.removeprefix(BOM_UTF8) if isinstance(data, bytes) else data)
        if isinstance(parsed, list):
            raise HTTPException(400, "Send one operation a request: a GraphQL request is a JSON object.")
        # The view goes on to look members up. (A body comes as bytes; a parameter of a GET, as text, may be null.)
        if not isinstance(parsed, dict) and not (parsed is None and isinstance(data, str)):
            raise HTTPException(400, "A GraphQL request is a JSON object.")
        return self._with_text(parsed) if isinstance(data, bytes) and parsed is not None else parsed

    def parse_query_params(self, params: Any) -> dict[str, Any]:
        given = {name: value for name, value in params.items() if value or name not in _MAY_BE_EMPTY}
        return self._with_text(super().parse_query_params(given))

    def _with_text(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request with the text of the trusted document that it names, if it names one. HTTPException."""
        if request.get("query") is None and _is_persisted_query(request.get("extensions")):
            return request | {"query": self._persisted_text(request["extensions"]["persistedQuery"])}
        document_id = request.get("documentId")
        if isinstance(document_id, str) and document_id.startswith(PREFIX) and request.get("query") is None:
            return request | {"query": _SavedQueryId(document_id.removeprefix(PREFIX))}
        if document_id is None:
            if self._policy.trusted.only and request.get("query") is not None:
                raise DocumentRefusal(
                    "Only trusted documents are answered here: send the `documentId` of one instead of a `query`.",
                    "TRUSTED_DOCUMENTS_ONLY",
                )
            return request
        if request.get("query") is not None:
            raise HTTPException(400, "Send a `documentId` or a `query`, not both.")
        text = self._policy.trusted.text(document_id)
        if text is None:
            raise DocumentRefusal(
                "No trusted document has this `documentId`. It is `sha256:` and the SHA-256 of a document that the "
                "service was started with, in hex.",
                "PERSISTED_DOCUMENT_NOT_FOUND",
            )
        return request | {"query": text}

    def _persisted_text(self, persisted_query: dict[str, Any]) -> str:
        """The text of the trusted document that a client names by Apollo's protocol. PersistedQueryNotSupported."""
        text = self._policy.trusted.text(persisted_query.get("sha256Hash"))
        if text is None:
            raise PersistedQueryNotSupported
        return text

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> Any:
        if _media_type(request) is None:
            raise HTTPException(406, f"Answers are written as {RESPONSE_JSON} or {JSON}: accept one of them.")
        if request.method == "POST" and not is_json(request.content_type):
            raise HTTPException(415, f"Send the request as {JSON}, in UTF-8.")
        data: Any = await super().parse_http_body(request)
        if not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "`operationName` must be a string or null, if provided.")
        if (
            data.query is not None
            and len(data.query) > DOCUMENT_CHARACTERS
            and data.query not in self._policy.trusted.read
        ):
            raise HTTPException(
                400, f"The document is too long: at most {DOCUMENT_CHARACTERS} characters. Use variables."
            )
        return data

    async def execute_single(  # type: ignore[override]
        self, request: Request, context: Context, request_data: GraphQLRequestData, **rest: Any
    ) -> ExecutionResult:
        if isinstance(request_data.query, _SavedQueryId):
            request_data = await self._saved(context, request_data, request_data.query)
        try:
            async with cancelled_on_disconnect(request, lambda: context.is_query):
                return await super().execute_single(request=request, context=context, request_data=request_data, **rest)
        finally:
            # graphql-core's executor refers to itself, and to the context: with it a thousand rows would stay about
            # until garbage is collected.
            context.forget()

    async def _saved(self, context: Context, data: GraphQLRequestData, query_id: str) -> GraphQLRequestData:
        """The request with the text of the saved query that it names, and its variables beside those given.

        All that follows is as if the text had been sent, trusted documents included. HTTPException, Unavailable.
        """
        uuid = uuid_of(query_id, "SavedQuery")
        with database_timeout():
            try:
                found = None if uuid is None else await saved_query(context.caller, uuid)
            except Unauthenticated as error:
                raise DocumentRefusal(error.message, error.code) from error
        if found is None:
            raise DocumentRefusal(
                f"No saved query has this `documentId`. It is `{PREFIX}` and the `uuid` of a saved query of an "
                "organization that you belong to.",
                "PERSISTED_DOCUMENT_NOT_FOUND",
            )
        if self._policy.trusted.only and found.document not in self._policy.trusted.read:
            raise DocumentRefusal(
                "Only trusted documents are answered here, and this saved query is none.", "TRUSTED_DOCUMENTS_ONLY"
            )
        return replace(data, query=found.document, variables=found.variables | (data.variables or {}))

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        response = await super().process_result(request, result)
        if result.data is None and not any(error.path for error in result.errors or ()):
            del response["data"]  # nothing was executed
        return response

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        response.media_type = _media_type(request)
        return response

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        response = super().create_response(response_data, sub_response)
        if sub_response.media_type == RESPONSE_JSON:
            response.headers["content-type"] = f"{RESPONSE_JSON}; charset=utf-8"
            if "data" not in response_data:
                response.status_code = _status_of_refused(response_data["errors"])
        return response

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)  # refuses lone surrogates, which no database text can hold

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


class _SavedQueryId(str):
    """The id of the saved query that a request names, in place of its text, until it is known who asks."""

    __slots__ = ()


class DocumentRefusal(HTTPException):
    """The refusal of a request whose `documentId` is unknown or missing."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(400, message)
        self.code = code


class PersistedQueryNotSupported(DocumentRefusal):
    """The answer to an unknown hash, by Apollo's protocol of persisted queries: clients send the text then."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")


def _is_persisted_query(extensions: object) -> bool:
    return isinstance(extensions, dict) and isinstance(extensions.get("persistedQuery"), dict)


def _media_type(request: Request | WebSocket | AsyncHTTPRequestAdapter) -> str | None:
    return preferred_media_type(request.headers.get("accept"))


def _status_of_refused(errors: list[Any]) -> int:
    """The status of a request that was not executed: 500 after a failure of ours, else 400."""
    return 500 if any(error["extensions"]["code"] == UNEXPECTED for error in errors) else 400


def _refused_by_the_view(request: Request, error: HTTPException) -> Response:
    if isinstance(error.__cause__, InvalidOperationTypeError):
        message = "GET answers queries only: send other operations by POST."
        return _refusal(request, message, HTTPStatus.METHOD_NOT_ALLOWED, "BAD_REQUEST", Allow="POST")
    if isinstance(error, PersistedQueryNotSupported) and _media_type(request) == JSON:
        return _refusal(request, error.reason, HTTPStatus.OK, error.code)
    headers = {"Allow": "GET, POST"} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else {}
    code = error.code if isinstance(error, DocumentRefusal) else "BAD_REQUEST"
    return _refusal(request, error.reason, error.status_code, code, **headers)


def refusal_of(request: Request, error: RetryLater) -> Response:
    """The answer to a request that cannot be answered now."""
    waits = {"Retry-After": str(error.retry_after)}
    body = orjson.dumps({"errors": [{"message": error.message, "extensions": error.extensions}]})
    return Response(body, error.status, waits, media_type=_media_type(request) or JSON)


def _refusal(request: Request, message: str, status: int, code: str, **headers: str) -> Response:
    body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})
    return Response(body, status, headers, media_type=_media_type(request) or JSON)
