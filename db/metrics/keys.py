"""The keys of an answer's rows: the subject, the group's dimensions, the bucket; and the rows that count at all.

Every part of a statement brings rows with the columns that these expressions read: user_id, organization_id, and, where
they are `read`, session_id, domain, url, type, time_slice. Teams are joined last: a row counts for each team that its
person is in. A row that stands for time or for a switch has those of the
earlier event (docs/metrics.md). So a filter that chooses parts is one condition more, on the columns that groups are
told apart by: what it keeps is what a group of the same values has.
"""

from copy import copy
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Uuid,
    and_,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.sql.elements import Grouping

from core.dimensions import Dimension
from core.events import ANONYMOUS
from db.keyset import AnySelect, Column
from db.metrics.domain_values import DomainValues
from db.metrics.group_keys import KeyColumn, columns_of
from db.metrics.query_shape import QueryParams, QueryShape
from db.models import TeamPerson
from db.queries.filter_conditions import EventColumns, category_of, matching, site_of
from db.queries.filters import EventFilter
from db.tenancy import memberships_in_scope_asked
from db.topology import Topology

_READ = {
    Dimension.DOMAIN: "domain",
    Dimension.SITE: "domain",
    Dimension.CATEGORY: "domain",
    Dimension.URL: "url",
    Dimension.EVENT_TYPE: "type",
    Dimension.SESSION: "session_id",
}
"""The column of an event that tells the groups of a dimension apart."""
_FROM_DOMAIN = frozenset({Dimension.SITE, Dimension.CATEGORY})


class _Arrays(NamedTuple):
    """The arrays of the time slices: edges, buckets, hours, weekdays."""

    edges: ColumnElement[Any]
    buckets: ColumnElement[Any]
    hours: ColumnElement[Any]
    weekdays: ColumnElement[Any]


class Keys:
    """The key columns of one statement, as expressions over whatever relation they are asked of."""

    def __init__(self, shape: QueryShape) -> None:
        self._shape = shape
        self._time_slices = _time_slices() if shape.by_time and shape.topology.joins_parameters else None
        self._team_person = TeamPerson.__table__.alias("team_person") if Dimension.TEAM in shape.dimensions else None
        self._choosing = shape.where.choosing
        self._of_domains = DomainValues()

    def with_domain_values(self, values: DomainValues) -> "Keys":
        """The same keys, knowing what is known of domains."""
        keys = copy(self)
        keys._of_domains = values  # noqa: SLF001 - of the same class
        if values.categories is not None:
            keys._choosing = keys._choosing.with_categories(values.categories)  # noqa: SLF001
        if values.sites is not None:
            keys._choosing = keys._choosing.with_sites(values.sites)  # noqa: SLF001
        return keys

    def of_chosen(self) -> "Keys":
        """The same keys, for relations made of parts that are chosen already."""
        keys = copy(self)
        keys._choosing = EventFilter()  # noqa: SLF001 - of the same class
        return keys

    @property
    def chooses(self) -> bool:
        """True if a filter chooses parts."""
        return self._choosing != EventFilter()

    @property
    def read(self) -> list[str]:
        """The columns of events that rows are told apart, or chosen, by."""
        names = {_READ[dimension] for dimension in self.dimensions if dimension in _READ} | self._choosing.attributes
        return sorted(names)

    @property
    def by_domain(self) -> bool:
        """True if rows are told apart, or chosen, by their domain."""
        return "domain" in self.read

    @property
    def of_one_domain(self) -> bool:
        """True if each group is of one domain at most."""
        return Dimension.DOMAIN in self.dimensions or self._choosing.of_one_domain

    @property
    def by_time(self) -> bool:
        """True if anything is split by time, so that intervals must be cut at the edges of time slices."""
        return self._shape.by_time

    @property
    def time_slices(self) -> _Arrays:
        """The arrays of the time slices: from a joined relation of one row, or the parameters themselves."""
        if self._time_slices is not None:
            return _Arrays(*self._time_slices.c)
        arrays = (QueryParams.edges, QueryParams.buckets, QueryParams.hours_of_day, QueryParams.weekdays)
        return _Arrays(*(Grouping(array) for array in arrays))

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The dimensions whose values an answer's rows are told apart, or chosen, by."""
        return self._shape.dimensions

    @property
    def group_columns(self) -> list[KeyColumn]:
        """The columns that groups are told apart by."""
        return [] if self._shape.together else columns_of(self._shape.dimensions)

    @property
    def topology(self) -> Topology:
        """The topology of the database that answers."""
        return self._shape.topology

    @property
    def by_person(self) -> bool:
        """True if the parts of a statement keep people apart, and its last step adds them up."""
        return self.topology.groups_by_person

    @property
    def answer_columns(self) -> list[KeyColumn]:
        """The key columns of an answer: the subject, the group, the bucket."""
        subject = [KeyColumn("subject", Uuid())]
        bucket = [KeyColumn("bucket", Integer())] if self._shape.by_bucket else []
        return subject + self.group_columns + bucket

    @property
    def columns(self) -> list[KeyColumn]:
        """All key columns that parts of a statement have: an answer's, and the person if they keep people apart."""
        return [*([KeyColumn("whose", Uuid())] if self.by_person else []), *self.answer_columns]

    def time_slice_of(self, instant: Column) -> ColumnElement[int]:
        """The number of the time slice an instant falls in, from 1."""
        return func.width_bucket(instant, self.time_slices.edges)

    def of(self, relation: FromClause) -> list[ColumnElement[Any]]:
        """The key columns of the relation's rows, labelled."""
        values: list[ColumnElement[Any]] = [relation.c.user_id] if self.by_person else []
        values.append(self._subject_of(relation))
        if not self._shape.together:
            values += self._group_of(relation)
        if self._shape.by_bucket:
            values.append(self.time_slices.buckets[relation.c.time_slice])
        return [value.label(column.name) for value, column in zip(values, self.columns, strict=True)]

    def conditions(self, relation: FromClause) -> list[ColumnElement[bool]]:
        """The conditions of chosen rows of a wanted group: values for every dimension, of the right keys."""
        if not self._shape.dimensions:
            return self.chosen(relation)
        values = self._group_of(relation)
        present = [*self.chosen(relation), *(column.is_not(None) for column in self._present(relation, values))]
        if self._shape.only:
            present.append(tuple_(*values).in_(self._named()))
        if self._shape.without:
            present.append(tuple_(*values).not_in(self._named()))
        return (
            [self._in_some_team(relation, present)]
            if self._shape.together and self._team_person is not None
            else present
        )

    def _in_some_team(self, relation: FromClause, conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
        """The condition that a row meets the conditions for some team of its person: taken together it counts once."""
        team = self._team_person
        assert team is not None  # noqa: S101 - see `conditions`
        return (
            select(literal(1))
            .select_from(team)
            .where(self._is_of(team, relation), *conditions)
            .correlate_except(team)
            .exists()
        )

    def chosen(self, relation: FromClause) -> list[ColumnElement[bool]]:
        """The condition of rows that the filter chooses, if it chooses any."""
        return [matching(self._choosing, EventColumns.of_relation(relation))] if self.chooses else []

    def _present(self, relation: FromClause, values: list[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        """The columns that must not be null for the group to exist; every domain has a site and a category."""
        if _FROM_DOMAIN.isdisjoint(self.dimensions):
            return values
        others = [
            value
            for dimension in self.dimensions
            if dimension not in _FROM_DOMAIN
            for value in self._values_of(dimension, relation)
        ]
        return [*others, relation.c.domain]

    def joined(self, relation: FromClause) -> FromClause:
        """The relation, with the time slices' arrays at hand when the keys read them."""
        return relation if self._time_slices is None else relation.join(self._time_slices, true())

    def grouped(self, relation: FromClause) -> FromClause:
        """The relation with what groups are told apart by: as `joined`, and with a row for each team of a person."""
        joined, team = self.joined(relation), self._team_person
        if team is None or self._shape.together:
            return joined
        return joined.join(team, self._is_of(team, relation))

    def _is_of(self, team: FromClause, relation: FromClause) -> ColumnElement[bool]:
        """The condition that a row's person is in a team, and that the viewer may know so."""
        seen = memberships_in_scope_asked(self._shape.reach, team.c.team_id)
        return and_(team.c.extension_user_id == relation.c.user_id, seen)

    def select(self, relation: FromClause, *columns: ColumnElement[Any]) -> AnySelect:
        """Columns of the relation's rows that belong to a wanted group."""
        return select(*columns).select_from(self.grouped(relation)).where(*self.conditions(relation))

    @property
    def labels(self) -> list[ColumnElement[Any]]:
        """The key columns by their labels, to group by."""
        return [literal_column(column.name) for column in self.columns]

    def _named(self) -> AnySelect:
        """The keys of the groups that are named."""
        columns = columns_of(self._shape.dimensions)
        return select(
            *(
                func.unnest(QueryParams.keys(place, column.type), type_=column.type)
                for place, column in enumerate(columns)
            )
        )

    def _subject_of(self, relation: FromClause) -> ColumnElement[Any]:
        if self._shape.subject is None:
            return cast(literal(ANONYMOUS, Uuid()), Uuid())
        return relation.c[self._shape.subject.value]

    def _group_of(self, relation: FromClause) -> list[ColumnElement[Any]]:
        return [value for dimension in self._shape.dimensions for value in self._values_of(dimension, relation)]

    def _values_of(self, dimension: Dimension, relation: FromClause) -> list[ColumnElement[Any]]:
        if dimension is Dimension.EXTENSION_USER:
            return [func.nullif(relation.c.user_id, cast(literal(ANONYMOUS, Uuid()), Uuid()))]
        if dimension is Dimension.SESSION:
            return [relation.c.user_id, relation.c.session_id]
        if dimension is Dimension.HOUR_OF_DAY:
            return [self.time_slices.hours[relation.c.time_slice]]
        if dimension is Dimension.DAY_OF_WEEK:
            return [self.time_slices.weekdays[relation.c.time_slice]]
        if dimension in _FROM_DOMAIN:
            return [self._from_domain(dimension, relation)]
        name = {
            Dimension.DOMAIN: "domain",
            Dimension.URL: "url",
            Dimension.EVENT_TYPE: "type",
            Dimension.TEAM: "team_id",
            Dimension.ORGANIZATION: "organization_id",
        }[dimension]
        team = self._team_person if dimension is Dimension.TEAM else None
        return [(relation if team is None else team).c[name]]

    def _from_domain(self, dimension: Dimension, relation: FromClause) -> ColumnElement[Any]:
        values = self._of_domains
        if dimension is Dimension.SITE:
            assert values.sites is not None, "give them `with_domain_values`"  # noqa: S101
            return site_of(values.sites, relation.c.domain)
        assert values.categories is not None, "give them `with_domain_values`"  # noqa: S101
        return category_of(values.categories, relation.c.organization_id, relation.c.domain)


def _time_slices() -> CTE:
    return select(
        QueryParams.edges.label("edges"),
        QueryParams.buckets.label("buckets"),
        QueryParams.hours_of_day.label("hours"),
        QueryParams.weekdays.label("weekdays"),
    ).cte("time_slices")
