"""The input types of filters, and their translation into the conditions of queries."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import strawberry

from core.category_patterns import checked_pattern
from core.errors import InvalidInput
from core.ids import uuid_of
from core.limits import FILTER_NODES, LIST_INPUT, PERIOD_DAYS
from core.url_patterns import checked_name, checked_url_pattern
from db.queries.extension_users import ExtensionUserConditions
from db.queries.filters import CategoryFilter, EventFilter, SiteFilter, TextFilter, UrlFilter, domain_filter
from schema.enums import Category, EventType
from schema.period import Period

T = TypeVar("T")
R = TypeVar("R")
UNSET = strawberry.UNSET


@strawberry.input(
    one_of=True,
    description="A condition on a text. Exactly one member is given, and not null. An empty `in` matches nothing.",
)
class StringFilter:
    """A condition on a domain, a site or a url. Exactly one member is set (`@oneOf`)."""

    eq: str | None = strawberry.field(default=UNSET, description="It is exactly this.")
    in_: list[str] | None = strawberry.field(name="in", default=UNSET, description="It is one of these.")
    contains: str | None = strawberry.field(default=UNSET, description="It contains this, whatever the case.")
    starts_with: str | None = strawberry.field(default=UNSET, description="It starts with this.")

    matches: str | None = strawberry.field(
        default=UNSET,
        description="It matches this pattern. Of domains and sites as of category rules: `mail.google.com`, "
        "`.github.com` (with everything under it), `jira.*.com`, `chrome:`; ports make no difference. Of urls such a "
        "pattern of the host, and perhaps a path, in which `*` stands for any characters: `example.com/docs/*`.",
    )
    under: str | None = strawberry.field(
        default=UNSET,
        description="It is this domain or one of its subdomains, on whatever port: `example.com`. Not for urls.",
    )

    def domain_conditions(self, name: str) -> TextFilter:
        """The filter of a domain or site as queries take it. InvalidInput for patterns that are none."""
        if _given(self.matches) is not None:
            return TextFilter(host=checked_pattern(str(self.matches), name))
        if _given(self.under) is not None:
            return TextFilter(host="." + checked_name(str(self.under), name))
        return self._text_conditions()

    def url_conditions(self, name: str) -> UrlFilter:
        """The filter of a url as queries take it. InvalidInput for `under`, and for patterns that are none."""
        if _given(self.under) is not None:
            raise InvalidInput(
                "`under` is for domains and sites. For urls under a domain use `matches`: `.example.com`, or with a "
                "path `.example.com/docs/*`.",
                name,
            )
        if _given(self.matches) is not None:
            return UrlFilter(pattern=checked_url_pattern(str(self.matches), name))
        return UrlFilter(self._text_conditions())

    def _text_conditions(self) -> TextFilter:
        return TextFilter(
            eq=_given(self.eq),
            one_of=_each("in", self.in_, str),
            contains=_given(self.contains),
            starts_with=_given(self.starts_with),
        )


@strawberry.input(
    description="The conditions on what is measured; every one that is given must hold. Conditions that mention a "
    "domain, category or url choose parts: sessions, switches and deep work are found among all events that the other "
    "conditions leave, then what belongs to an event that meets these is kept. So filtering by a value gives what the "
    "group of that value gives. An id of something that the viewer may not see matches nothing."
)
class UsageFilter:
    """Conditions on events, composable."""

    organization_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="The organization is one of these."
    )
    extension_user_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="The extension user is one of these."
    )
    team_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="The extension user is in one of these teams now."
    )
    session_ids: list[str] | None = strawberry.field(default=UNSET, description="The session id is one of these.")
    event_types: list[EventType] | None = strawberry.field(default=UNSET, description="The type is one of these.")
    domain: StringFilter | None = strawberry.field(
        default=UNSET,
        description="The domain meets this condition; `eq` and `in` find it however it is spelt: `Bücher.example.` "
        "finds `xn--bcher-kva.example`.",
    )
    site: StringFilter | None = strawberry.field(
        default=UNSET, description="The site of their domain meets this condition; without a domain it does not."
    )
    categories: list[Category] | None = strawberry.field(
        default=UNSET, description="The category of their domain is one of these; without a domain it is none of them."
    )
    url: StringFilter | None = strawberry.field(default=UNSET, description="The url meets this condition.")
    all_of: list["UsageFilter"] | None = strawberry.field(default=UNSET, description="All of these filters are met.")
    any_of: list["UsageFilter"] | None = strawberry.field(
        default=UNSET, description="At least one of these filters is met; with an empty list no event matches."
    )
    not_: "UsageFilter | None" = strawberry.field(name="not", default=UNSET, description="This filter is not met.")

    def conditions(self) -> EventFilter:
        """The filter as queries take it. InvalidInput if it is too large."""
        if self._size() > FILTER_NODES:
            raise InvalidInput(f"A filter nests at most {FILTER_NODES} filters.", "where")
        return self._conditions()

    def _size(self) -> int:
        parts = [*(self.all_of or []), *(self.any_of or []), *([self.not_] if self.not_ else [])]
        return 1 + sum(part._size() for part in parts)  # noqa: SLF001 - of the same class

    def _conditions(self) -> EventFilter:
        return EventFilter(
            organization_ids=_uuids("organizationIds", self.organization_ids, "Organization"),
            extension_user_ids=_uuids("extensionUserIds", self.extension_user_ids, "ExtensionUser"),
            team_ids=_uuids("teamIds", self.team_ids, "Team"),
            session_ids=_each("sessionIds", self.session_ids, str),
            event_types=_each("eventTypes", self.event_types, EventType),
            domain=domain_filter(self.domain.domain_conditions("domain")) if self.domain else None,
            site=SiteFilter(domain_filter(self.site.domain_conditions("site"))) if self.site else None,
            category=self._category(),
            url=self.url.url_conditions("url") if self.url else None,
            all_of=_each("allOf", self.all_of, UsageFilter._conditions),
            any_of=_each("anyOf", self.any_of, UsageFilter._conditions),
            not_=self.not_._conditions() if self.not_ else None,  # noqa: SLF001 - of the same class
        )

    def _category(self) -> CategoryFilter | None:
        one_of = _each("categories", self.categories, lambda category: category)
        return None if one_of is None else CategoryFilter(one_of)


@strawberry.input(description="The conditions on the behaviors to list; every one that is given must hold.")
class BehaviorFilter(UsageFilter):
    """The conditions on events, and the time they fall in."""

    period: Period | None = strawberry.field(
        default=UNSET, description="The event falls in this period; presets are days of the field's `timezone`."
    )


@strawberry.input(description="The conditions on the extension users to list; every one that is given must hold.")
class ExtensionUserFilter:
    """Conditions on extension users."""

    search: str | None = strawberry.field(
        default=UNSET, description="The username contains this text, in any case and form."
    )
    is_active: bool | None = strawberry.field(default=UNSET, description="True: they are active; false: they are not.")
    organization_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="The organization is one of these."
    )
    team_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="They are in one of these teams."
    )
    keyless_within: timedelta | None = strawberry.field(
        default=UNSET,
        description="An event that came without their API key was stored within this time up to now: `P30D`. At "
        "most 400 days.",
    )

    def conditions(self) -> ExtensionUserConditions:
        """The filter as queries take it."""
        ids = _uuids("organizationIds", self.organization_ids, "Organization")
        team_ids = _uuids("teamIds", self.team_ids, "Team")
        return ExtensionUserConditions(
            search=_given(self.search),
            is_active=_given(self.is_active),
            organization_ids=None if ids is None else frozenset(ids),
            team_ids=None if team_ids is None else frozenset(team_ids),
            keyless_within=_checked_window("keylessWithin", _given(self.keyless_within)),
        )


def _given(value: T | None) -> T | None:
    """A member's value; None for null and for a member that was left out."""
    return None if value is UNSET else value


def _checked_window(name: str, window: timedelta | None) -> timedelta | None:
    if window is not None and not timedelta() < window <= timedelta(days=PERIOD_DAYS):
        raise InvalidInput(f"`{name}` is a time of at most {PERIOD_DAYS} days, like P30D.", name)
    return window


def _each(name: str, values: Sequence[T] | None, convert: Callable[[T], R]) -> tuple[R, ...] | None:
    values = _given(values)
    if values is None:
        return None
    if len(values) > LIST_INPUT:
        raise InvalidInput(f"`{name}` takes at most {LIST_INPUT} values.", name)
    return tuple(convert(value) for value in values)


def _uuids(name: str, ids: Sequence[strawberry.ID] | None, type_name: str) -> tuple[UUID, ...] | None:
    """The UUIDs of node ids or plain ids. An id of another type matches nothing, and is left out."""
    found = _each(name, ids, lambda text: uuid_of(text, type_name))
    return None if found is None else tuple(uuid for uuid in found if uuid is not None)
