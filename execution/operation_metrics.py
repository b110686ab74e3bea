"""Reports each operation to the observer: its kind, name, duration and error codes."""

import time
from collections.abc import Iterator, Sequence

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from core.observer import OperationReport
from execution.context import Context


class OperationMetrics(SchemaExtension):
    """The outermost extension, so that it sees the answer as the client gets it."""

    _kind = "invalid"
    _name: str | None = None

    def on_operation(self) -> Iterator[None]:
        started = time.perf_counter()
        errors: Sequence[GraphQLError] = ()
        try:
            yield
            errors = getattr(self.execution_context.result, "errors", None) or ()
        except GraphQLError as error:  # one of syntax, on its way to the response
            errors = (error,)
            raise
        finally:
            self._tell(self.execution_context.context, time.perf_counter() - started, errors)

    def on_execute(self) -> Iterator[None]:
        execution = self.execution_context
        self._kind, self._name = execution.operation_type.value, execution.operation_name
        yield

    def _tell(self, context: Context, seconds: float, errors: Sequence[GraphQLError]) -> None:
        codes = [str((error.extensions or {}).get("code")) for error in errors]
        name = self._name if context.is_signed_in else None
        context.services.observer.operation_answered(OperationReport(self._kind, name, seconds, codes))
