"""The GraphQL engine: the checks of a request before it is run, and its execution.

context.py            the context of a request: caller, services, policy
request_policy.py     the policy that requests must meet
policy_extension.py   applies it: parses, validates, prices and charges
declarations.py       prices and permissions that a field of the schema declares
documents/            cached, limited, validated and priced documents
operation_choice.py   the operation that is run, out of several
executor.py           runs it: columns of plain fields at once, the rest by graphql-core
selection.py          the fields selected below a field
client_errors.py      errors as clients see them
operation_metrics.py  tells the observer of each operation
scalar_formats.py     texts of instants and durations
"""
