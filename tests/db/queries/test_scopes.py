"""No statement on tenants' rows without a scope: the functions of db/queries, one by one."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.scope import Scope
from db import queries

# Functions that run SQL without a scope, each with why that is right.
WITHOUT_SCOPE = {
    # Accounts belong to no tenant; the resolvers decide who may see one.
    "users": {
        "page",
        "count",
        "by_ids",
        "by_username",
        "credentials",
        "password_hash",
        "locked_password_hash",
        "lock",
        "create",
        "create_if_free",
        "set_password_hash",
        "any_super_admin",
        "email",
        "set_email",
        "reset_address",
    },
    # As accounts; a link alone gives the right to what it does.
    "account_links": {"*"},
    # A link alone gives the right to its invitation. The others are of an organization that was locked or looked up
    # within the caller's scope, in the same transaction.
    "invitations": {"by_token", "by_id", "count", "add", "end", "end_made_by"},
    # Signing in comes before there is a viewer, and so a scope.
    "sign_ins": {"*"},
    "identities": {"*"},
    # As signing in; and those of the viewer, or of an organization that was locked or looked up within the scope.
    "api_tokens": {"account_by_hash", "account_by_id", "note_use", "add", "of_user", "by_id", "remove"},
    # Storing events is done by the extension's right, not a viewer's.
    "ingestion": {"*"},
    "posted_people": {"*"},
    "store_group_fast": {"*"},
    "former_ids": {"*"},
    "citus_inserts": {"*"},
    # Runs on the service's own behalf.
    "housekeeping": {"*"},
    # Tables by month and how much is in them, for the service's own upkeep.
    "partitions": {"*"},
    # Work on everybody's rollups that the service does by itself, or on those of people whom the caller was let delete.
    "rollups": {"*"},
    "dirty_hours": {"*"},
    "mark_survey": {"*"},
    # Done on the service's own behalf, for every organization by its own settings.
    "retention": {"*"},
    "retention_months": {"*"},
    # Entries are written about what the caller was let do.
    "audit_entries": {"add", "add_each"},
    # Those of people whom the caller was let delete.
    "rejected_events": {"remove_some_of"},
    # A new tenant lies in nobody's scope yet; only super admins make one.
    "organizations": {"create"},
    # Written down about people whom the caller was let delete; worked on by the service itself; and counted of one
    # that was looked up within the caller's scope.
    "erasures": {"begin", "events_left", "unfinished", "lock", "subjects", "record", "remove_subjects"},
    # The people were removed within the caller's scope, or are those of every organization by its own settings.
    "event_ranges": {"*"},
    # Done on the service's own behalf: everybody's domains are spelt alike.
    "domain_backfill": {"*"},
    # Measures what belongs to no tenant.
    "anonymous_events": {"*"},
    # Evaluated on the service's own behalf; rules are made in an organization that was locked within the caller's
    # scope, and alerts are of a rule that was locked or changed within it, in the same transaction.
    "alert_rules": {"create", "due", "locked_if_due", "record_evaluation", "record_failure"},
    "alerts": {"fire", "resolve"},
    # Called after the organization was locked within the caller's scope, in the same transaction; or at single sign-on,
    # for the account that signs in, in organizations that were locked.
    "memberships": {"of_user", "add", "set_role", "remove", "has_admin", "is_admin", "has_username"},
    # The organization's were locked or looked up within the caller's scope, in the same transaction; the others are for
    # whoever the offer was made to, who is named by their account.
    "membership_offers": {"add", "count", "remove", "remove_made_by", "page_of_user", "to_user", "decline"},
    # A key's holder is what the key says; usage is recorded by the service itself; the resolver has checked the
    # organization that a new person joins.
    "extension_users": {"by_key_hash", "create", "create_each", "record_usage"},
    # The resolver has locked the organization within the caller's scope, in the same transaction.
    "category_rules": {"change"},
    # The organization was locked, and team and people looked up, within the caller's scope, in the same transaction.
    "teams": {"create", "add_people", "remove_people"},
    # As those of teams.
    "team_leads": {"add", "counts", "remove", "remove_of_member"},
    # The organization was locked within the caller's scope, in the same transaction.
    "annotations": {"create"},
    "goals": {"create"},
    # Written for the webhooks of the organization that an event happened in, or by the service's own retention.
    "webhook_events": {"add_each", "add_retention"},
    # The organization was locked within the caller's scope; the others are done by the service itself, in delivering.
    "webhooks": {"add", "hold", "release", "note_success", "note_failure", "rest", "pause", "owner"},
    # The webhook was looked up within the caller's scope; the others are done by the service itself.
    "webhook_deliveries": {
        "add_test",
        "due_endpoints",
        "next_due",
        "note_success",
        "note_failure",
        "give_up_some",
        "remove_some_ended",
    },
    "saved_queries": {"create"},
    # The event was looked up within the caller's scope before.
    "behaviors": {"remove"},
}


def statements() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Every public coroutine of db/queries: what runs SQL. Module, name, function."""
    for module_info in pkgutil.iter_modules(queries.__path__):
        module = importlib.import_module(f"{queries.__name__}.{module_info.name}")
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield module_info.name, name, function


def takes_scope(function: Callable[..., Any]) -> bool:
    """True if the function takes a scope, second after the connection."""
    parameters = list(inspect.signature(function).parameters.values())
    return len(parameters) > 1 and parameters[1].annotation is Scope


def is_excepted(module: str, name: str) -> bool:
    """True if the table above says why it needs none."""
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


def test_only_tenancy_looks_into_a_scope():
    root = Path(queries.__path__[0]).parents[1]
    inside = re.compile(rf"\b({'|'.join(field.name for field in fields(Scope))})\b")
    sources = [path for room in ("auth", "db", "resolvers", "rest", "schema") for path in (root / room).rglob("*.py")]

    looking = {str(path.relative_to(root)) for path in sources if inside.search(path.read_text(encoding="utf-8"))}

    assert looking == {"db/tenancy.py"}
