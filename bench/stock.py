"""The service with graphql-core's executor as Strawberry comes with it: `python -m bench.stock serve`."""

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.cli import cli
from schema.build import schema

if __name__ == "__main__":
    schema.execution_context_class = StrawberryGraphQLCoreExecutionContext
    cli()
