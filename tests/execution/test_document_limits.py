"""The limits of a document, counted in linear time with fragments put in where they are spread."""

from pathlib import Path

import pytest
from graphql import GraphQLError, get_introspection_query

from app.request_policy import request_policy_of
from execution.documents import document_stats
from execution.documents.document_cache import REMEMBERED, DocumentCache
from execution.documents.limits import DocumentLimits
from schema.build import schema
from tests.conftest import make_settings
from tests.execution import hostile_documents

LIMITS = DocumentLimits()


@pytest.fixture
def documents() -> DocumentCache:
    """Reads documents within the limits that an operator who sets none has."""
    return DocumentCache(schema._schema, LIMITS)


def told(documents: DocumentCache, text: str) -> list[str]:
    """The messages of a document's errors."""
    try:
        return [error.message for error in documents.read(text).errors]
    except GraphQLError as error:
        return [error.message]


def nested(levels: int) -> str:
    """Fields so deep within one another."""
    text = "__typename"
    for level in range(levels - 1, 0, -1):
        text = f"{'memberships' if level % 2 == 0 else 'user'} {{ {text} }}" if level > 1 else f"viewer {{ {text} }}"
    return f"{{ {text} }}"


def in_fragments(text: str) -> str:
    return f"{{ ...All }} fragment All on Query {text}"


@pytest.mark.parametrize("written", [str, in_fragments], ids=["outright", "by a fragment"])
@pytest.mark.parametrize(
    ("most", "told_of"),
    [
        (nested, "nested 13 deep; at most 12"),
        (lambda n: "{ viewer {" + " ".join(f"a{i}: id" for i in range(n)) + "} }", "31 aliases"),
        (lambda n: "{" + " ".join(f"a{i}: __typename" for i in range(n)) + "}", "11 fields of the query"),
        (lambda n: "{ viewer {" + "id @include(if: true) " * n + "} }", "51 directives"),
    ],
    ids=["depth", "aliases", "root fields", "directives"],
)
def test_an_operation_may_have_so_much_and_no_more(documents: DocumentCache, most, told_of: str, written):
    allowed = int(told_of.rsplit(maxsplit=1)[-1]) if "at most" in told_of else int(told_of.split(maxsplit=1)[0]) - 1

    assert told(documents, written(most(allowed))) == []
    [message] = told(documents, written(most(allowed + 1)))
    assert told_of in message
    assert f"at most {allowed} are allowed" in message


def test_a_document_may_have_so_many_tokens_and_no_more(documents: DocumentCache):
    def with_tokens(count: int) -> str:
        return "{ extensionUsers(where: {organizationIds: [" + '"1" ' * (count - 16) + "]}) { totalCount } }"

    assert told(documents, with_tokens(2000)) == []
    [message] = told(documents, with_tokens(2001))
    assert "more than 2000 tokens" in message


def test_a_fragment_counts_wherever_it_is_spread(documents: DocumentCache):
    aliases = " ".join(f"a{number}: id" for number in range(8))

    [message] = told(
        documents,
        f"""{{ viewer {{ ...A }} organizations {{ nodes {{ members {{ nodes {{ user {{ ...A }} }} }}
        m: members {{ nodes {{ user {{ ...A }} }} }} n: members {{ nodes {{ user {{ ...A }} }} }} }} }} }}
        fragment A on User {{ {aliases} }}""",
    )

    assert "34 aliases, fragments put in where they are spread; at most 30" in message


def test_what_is_asked_about_the_schema_may_be_nested_deeper(documents: DocumentCache):
    assert told(documents, get_introspection_query(input_value_deprecation=True, specified_by_url=True)) == []
    deeper = "{ __schema { types {" + "ofType {" * 19 + "name" + "}" * 19 + "} } }"
    assert "introspection is nested 21 deep; at most 20" in told(documents, deeper)[0]


@pytest.mark.parametrize("name", hostile_documents.DOCUMENTS)
def test_hostile_documents_are_refused(documents: DocumentCache, name: str):
    messages = told(documents, hostile_documents.DOCUMENTS[name])

    assert messages
    assert len(messages) <= 11  # ten errors, and that there are more


@pytest.mark.parametrize(
    "name", ["fragments that double", "the bomb of 732 bytes", "every fragment spreads all others"]
)
def test_fragments_are_counted_once_each(monkeypatch: pytest.MonkeyPatch, name: str):
    # The bound on work is what this is about: each fragment's selections are walked once, not wherever they are spread.
    walked = 0
    original = document_stats.Counter._selections

    def counted(self, selection_set):
        nonlocal walked
        walked += 1
        return original(self, selection_set)

    monkeypatch.setattr(document_stats.Counter, "_selections", counted)

    told(DocumentCache(schema._schema, LIMITS), hostile_documents.DOCUMENTS[name])

    assert walked <= hostile_documents.DOCUMENTS[name].count("{") + 1


def test_a_document_is_read_once(documents: DocumentCache):
    text = "{ viewer { id } }"
    assert documents.known(text) is None

    read = documents.read(text)
    documents.remember(text, read)

    assert documents.known(text) is read
    assert (documents.hits, documents.misses) == (1, 1)


def test_the_documents_that_were_asked_for_longest_ago_are_forgotten(documents: DocumentCache):
    first, others = "{ a: __typename }", [f"{{ a{number}: __typename }}" for number in range(REMEMBERED)]
    for text in (first, *others[:-1]):
        documents.remember(text, documents.read(text))
    assert documents.known(first)

    documents.remember(others[-1], documents.read(others[-1]))

    assert documents.known(first)
    assert documents.known(others[0]) is None


def test_errors_guess_at_what_was_meant_only_where_everybody_may_know_the_schema(tmp_path: Path):
    open_to_all = request_policy_of(make_settings(tmp_path)).documents
    closed = request_policy_of(make_settings(tmp_path, introspection="super_admins")).documents

    assert "Did you mean" in told(open_to_all, "{ vewer { id } }")[0]
    assert told(closed, "{ vewer { id } }") == ["Cannot query field 'vewer' on type 'Query'."]


def test_a_fragment_may_come_before_the_operation_whose_variables_it_uses(documents: DocumentCache):
    # Strawberry's own rule of inputs with one member fails on this.
    fragment = "fragment F on Query { usage(period: {last: $time}) { start } }"

    assert told(documents, f"{fragment} query ($time: Duration!) {{ ...F }}") == []
