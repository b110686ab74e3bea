"""No statement on tenants' rows without a scope: the functions of db/queries, one by one."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

from core.scope import Scope
from db import queries

# Functions that run SQL without a scope, each with why that is right.
WITHOUT_SCOPE = {
    # Accounts belong to no tenant; the resolvers decide who may see one.
    "user": {
        "page",
        "count",
        "by_ids",
        "by_username",
        "credentials",
        "password_hash",
        "locked_password_hash",
        "create",
        "set_password_hash",
        "any_super_admin",
    },
    # Signing in comes before there is a viewer, and so a scope.
    "sign_in": {"*"},
    # Storing events is done by the extension's right, not a viewer's.
    "ingestion": {"*"},
    "whole_groups": {"*"},
    "routed_inserts": {"*"},
    # Runs on the service's own behalf.
    "housekeeping": {"*"},
    # An operator takes over the whole of another database.
    "legacy": {"*"},
    "legacy_events": {"*"},
    # Work on everybody's rollups that the service does by itself, or on those of people whom the caller was let delete.
    "rollups": {"*"},
    # Done on the service's own behalf, for every organization by its own settings.
    "retention": {"*"},
    # Entries are written about what the caller was let do.
    "audit_entry": {"add"},
    # Those of people whom the caller was let delete.
    "rejected_event": {"remove_of"},
    # A new tenant lies in nobody's scope yet; only super admins make one.
    "organization": {"create"},
    # Called after the organization was locked within the caller's scope, in the same transaction.
    "membership": {"add", "set_role", "remove", "has_admin"},
    # A key's holder is what the key says; usage is recorded by the service itself; the resolver has checked the
    # organization that a new person joins.
    "extension_user": {"by_key_hash", "create", "record_usage"},
    # The resolver has locked the organization within the caller's scope, in the same transaction.
    "category_rule": {"change"},
    # The event, or the people, were looked up within the caller's scope before.
    "behavior": {"remove", "remove_some_of"},
}


def statements() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Every public coroutine of db/queries: what runs SQL. Module, name, function."""
    for module_info in pkgutil.iter_modules(queries.__path__):
        module = importlib.import_module(f"{queries.__name__}.{module_info.name}")
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield module_info.name, name, function


def takes_scope(function: Callable[..., Any]) -> bool:
    """Whether the function is handed a scope, second after the connection."""
    parameters = list(inspect.signature(function).parameters.values())
    return len(parameters) > 1 and parameters[1].annotation is Scope


def is_excepted(module: str, name: str) -> bool:
    """Whether the table above says why it needs none."""
    return bool({name, "*"} & WITHOUT_SCOPE.get(module, set()))


def test_every_statement_on_tenants_rows_takes_a_scope():
    unscoped = [
        f"{module}.{name}"
        for module, name, function in statements()
        if not takes_scope(function) and not is_excepted(module, name)
    ]

    assert unscoped == []


def test_the_exceptions_are_still_needed():
    found = {(module, name) for module, name, function in statements() if not takes_scope(function)}
    modules = {module for module, _ in found}

    excepted = {(module, name) for module, names in WITHOUT_SCOPE.items() for name in names}

    assert {(module, name) for module, name in excepted if name != "*"} <= found
    assert {module for module, name in excepted if name == "*"} <= modules
