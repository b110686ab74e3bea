"""Fields without the declarations they need are refused at start."""

from typing import Annotated, Any

import pytest
import strawberry

from execution.declarations import (
    OPEN_TO_EVERYBODY,
    PERSON_DAY,
    SIGNED_IN,
    Access,
    Metadata,
    MissingDeclaration,
    access_by_root_field,
    check_declarations,
    priced,
)
from schema.build import schema as service_schema


def schema_with(metadata: Metadata, nested: Metadata, change: Metadata) -> Any:
    """A schema of a query with this metadata, a nested field with a period, and a mutation."""

    def figure(period: Annotated[str, strawberry.argument(description="…")]) -> int:
        return len(period)

    person = type("Person", (), {"figure": strawberry.field(resolver=figure, metadata=nested)})

    def answer() -> Any:
        return None

    answer.__annotations__ = {"return": strawberry.type(person)}
    query = type("Query", (), {"person": strawberry.field(resolver=answer, metadata=metadata)})
    mutation = type("Mutation", (), {"rename": strawberry.mutation(resolver=answer, metadata=change)})
    return strawberry.Schema(strawberry.type(query), strawberry.type(mutation))._schema


@pytest.mark.parametrize(
    ("query", "nested", "change", "told"),
    [
        ({}, priced(day=PERSON_DAY), SIGNED_IN, "Query.person does not declare who may ask for it"),
        (SIGNED_IN, priced(day=PERSON_DAY), {}, "Mutation.rename does not declare who may ask for it"),
        (SIGNED_IN, {}, SIGNED_IN, "Person.figure takes a `period` and does not declare its price"),
        (SIGNED_IN, priced(measures=1), SIGNED_IN, "Person.figure takes a `period` and does not declare its price"),
    ],
)
def test_a_missing_declaration_is_named(query: Metadata, nested: Metadata, change: Metadata, told: str):
    with pytest.raises(MissingDeclaration, match=told):
        check_declarations(schema_with(query, nested, change))


def test_a_schema_with_all_declarations_passes():
    schema = schema_with(SIGNED_IN, priced(day=PERSON_DAY), OPEN_TO_EVERYBODY)

    check_declarations(schema)

    assert access_by_root_field(schema) == {"person": Access.SIGNED_IN, "rename": Access.EVERYBODY}


def test_these_fields_need_no_sign_in():
    access = access_by_root_field(service_schema._schema)

    assert {name: found for name, found in access.items() if found is not Access.SIGNED_IN} == {
        "login": Access.BY_SIGNING_IN,
        "refreshSession": Access.BY_SIGNING_IN,
        "logout": Access.EVERYBODY,
        "openInvitation": Access.EVERYBODY,
        "acceptInvitation": Access.EVERYBODY,
        "requestPasswordReset": Access.EVERYBODY,
        "resetPassword": Access.EVERYBODY,
        "confirmEmail": Access.EVERYBODY,
        "ingestBehaviors": Access.EVERYBODY,
    }
