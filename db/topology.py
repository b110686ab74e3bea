"""The topology of a database, one machine or a Citus cluster, and the forms of SQL that differ between them (ADR 10).

A topology is found once for each engine (db/cluster.py) and handed to whatever builds a statement. PostgreSQL runs the
statements of both, and answers the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from sqlalchemy import CTE, ColumnElement, CompoundSelect, case, exists, func, join, literal, select, tuple_, union_all

from core.events import ANONYMOUS
from db.keyset import AnySelect, Column
from db.models import ExtensionUser, dirty_hours

Query: TypeAlias = AnySelect | CompoundSelect[*tuple[Any, ...]]
"""A SELECT, or a UNION of some."""

Conditions: TypeAlias = list[ColumnElement[bool]]


class Topology(ABC):
    """The forms of statements for one topology. There is one instance of each: caches of statements are keyed by it."""

    groups_by_person: ClassVar[bool]
    """True if parts of a statement keep people apart, and its last step adds them up: they may be on many machines."""

    walks_keys: ClassVar[bool]
    """True if a statement may walk along a primary key for each of some people or hours; otherwise it is told to join
    or to sort."""

    joins_parameters: ClassVar[bool]
    """True if a relation made of parameters may be joined; otherwise parameters are repeated where they are read."""

    stores_in_one_statement: ClassVar[bool]
    """True if one statement may lock people and insert events and their marks, from arrays."""

    moves_rows: ClassVar[bool]
    """True if rows may be moved from the default partition to one of their own."""

    lookup_end: ClassVar[str]
    """The end of a look-up as text: see `lookup`."""

    made_once: ClassVar[str]
    """The materialization of a common table expression that one part of a statement reads."""

    shared_by_parts: ClassVar[str]
    """The materialization of a common table expression that several parts of a statement read: see `shared`."""

    @abstractmethod
    def shared(self, query: Query, name: str) -> CTE:
        """Return a relation that several parts of a statement read."""

    @abstractmethod
    def lookup(self, query: AnySelect) -> AnySelect:
        """Return a query to be run for each of some rows (LATERAL)."""

    @abstractmethod
    def everybody(self) -> Query:
        """Return all people, and the nil UUID for anonymous events: `user_id`, `organization_id`."""

    @abstractmethod
    def routing(self, conditions: Conditions) -> Conditions:
        """Return those conditions on a table's people that the machines to ask are chosen by."""

    @abstractmethod
    def is_unmarked(
        self, user_id: Column, hour: ColumnElement[Any], marked: CTE, routing: Callable[[Column], Conditions]
    ) -> ColumnElement[bool]:
        """Return the condition that a person's hour is not marked dirty. `marked`: the marked hours, as `shared`."""


class _SingleNode(Topology):
    groups_by_person = False
    walks_keys = True
    joins_parameters = True
    stores_in_one_statement = True
    moves_rows = True
    lookup_end = "OFFSET 0"
    made_once = "MATERIALIZED"
    shared_by_parts = ""

    def shared(self, query: Query, name: str) -> CTE:
        """PostgreSQL makes it once."""
        return query.cte(name)

    def lookup(self, query: AnySelect) -> AnySelect:
        """OFFSET keeps PostgreSQL from making it a join over everything."""
        return query.offset(0)

    def everybody(self) -> Query:
        people = select(ExtensionUser.id.label("user_id"), ExtensionUser.organization_id)
        nobody = select(literal(ANONYMOUS, ExtensionUser.id.type), literal(None, ExtensionUser.organization_id.type))
        return union_all(people, nobody)

    def routing(self, conditions: Conditions) -> Conditions:
        """There is one machine."""
        del conditions
        return []

    def is_unmarked(
        self, user_id: Column, hour: ColumnElement[Any], marked: CTE, routing: Callable[[Column], Conditions]
    ) -> ColumnElement[bool]:
        """`NOT IN` is looked up in a hash table however many marks there are.

        A join would be planned from statistics that do not know the last minute's marks, and may compare each run with
        each mark.
        """
        del routing
        return tuple_(user_id, hour).not_in(select(marked.c.user_id, marked.c.hour))


class _Cluster(Topology):
    groups_by_person = True
    walks_keys = False
    joins_parameters = False
    stores_in_one_statement = False
    moves_rows = False
    lookup_end = ""
    made_once = "NOT MATERIALIZED"
    shared_by_parts = "NOT MATERIALIZED"

    def shared(self, query: Query, name: str) -> CTE:
        """Each part makes its own, on the machine that has the rows.

        To make it once, Citus would fetch it to the coordinator and send it out again.
        """
        return query.cte(name).prefix_with("NOT MATERIALIZED")

    def lookup(self, query: AnySelect) -> AnySelect:
        """Citus supports no OFFSET here; its machines join, and know better how many rows there are."""
        return query

    def everybody(self) -> Query:
        """Citus supports no union of tables that each machine has a copy of, so this is a join."""
        nobody = select(literal(ANONYMOUS, ExtensionUser.id.type).label("id")).subquery("nobody")
        both = join(ExtensionUser, nobody, ExtensionUser.id == nobody.c.id, full=True)
        user_id = func.coalesce(ExtensionUser.id, nobody.c.id).label("user_id")
        # In a CASE, since a condition on the column itself would turn the full join into another kind.
        organization_id = case((nobody.c.id.is_(None), ExtensionUser.organization_id)).label("organization_id")
        return select(user_id, organization_id).select_from(both)

    def routing(self, conditions: Conditions) -> Conditions:
        return conditions

    def is_unmarked(
        self, user_id: Column, hour: ColumnElement[Any], marked: CTE, routing: Callable[[Column], Conditions]
    ) -> ColumnElement[bool]:
        """Citus supports this only as a join on user_id."""
        del marked
        marks = dirty_hours.alias("mark").c
        return ~exists().where(marks.user_id == user_id, marks.hour == hour, *routing(marks.user_id))


SINGLE_NODE: Topology = _SingleNode()
CLUSTER: Topology = _Cluster()
