"""Filters that are kept mean the same when they are read again."""

import json
from typing import Any
from uuid import uuid4

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.limits import FILTER_NODES
from db.queries.filters import EventFilter
from schema.enums import Category, EventType
from schema.filters import UNSET, StringFilter, UsageFilter
from schema.stored_filters import conditions_of, stored_filter

TEXTS = st.sampled_from(["a.com", "Bücher.example", "", "%_"])
STRINGS = st.one_of(
    TEXTS.map(lambda text: StringFilter(eq=text)),
    st.lists(TEXTS, max_size=2).map(lambda texts: StringFilter(in_=texts)),
    TEXTS.map(lambda text: StringFilter(contains=text)),
    TEXTS.map(lambda text: StringFilter(starts_with=text)),
    st.just(StringFilter(matches=".a.com")),
)


def or_none(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Also null, and left out."""
    return st.just(UNSET) | st.none() | values


def filters(nested: st.SearchStrategy[Any]) -> st.SearchStrategy[UsageFilter]:
    """Filters that nest these."""
    return st.builds(
        UsageFilter,
        organization_ids=or_none(st.lists(st.uuids().map(str), max_size=2)),
        extension_user_ids=or_none(st.lists(st.uuids().map(str), max_size=2)),
        session_ids=or_none(st.lists(TEXTS, max_size=2)),
        event_types=or_none(st.lists(st.sampled_from(EventType), max_size=2)),
        categories=or_none(st.lists(st.sampled_from(Category), max_size=2)),
        domain=or_none(STRINGS),
        site=or_none(STRINGS),
        url=or_none(STRINGS),
        all_of=or_none(st.lists(nested, max_size=2)),
        any_of=or_none(st.lists(nested, max_size=2)),
        not_=or_none(nested),
    )


@given(filters(filters(st.builds(UsageFilter))))
def test_filter_means_the_same_after_it_was_kept(where: UsageFilter):
    stored = stored_filter(where)
    assert conditions_of(json.loads(json.dumps(stored))) == where.conditions()


def test_filter_is_kept_in_the_words_of_its_client():
    team = strawberry.ID(str(uuid4()))
    where = UsageFilter(
        team_ids=[team], categories=[Category.WORK_TOOLS], not_=UsageFilter(domain=StringFilter(in_=["a.com"]))
    )
    assert stored_filter(where) == {
        "teamIds": [team],
        "categories": ["WORK_TOOLS"],
        "not": {"domain": {"in": ["a.com"]}},
    }


def test_no_filter_is_no_condition():
    assert stored_filter(None) is stored_filter(UsageFilter()) is None
    assert conditions_of(None) == EventFilter()


def test_filter_that_makes_no_sense_is_not_kept():
    nested = UsageFilter()
    for _ in range(FILTER_NODES):
        nested = UsageFilter(not_=nested)
    with pytest.raises(InvalidInput, match="nests at most"):
        stored_filter(nested)


@pytest.mark.parametrize(
    "stored", [{"color": ["RED"]}, {"eventTypes": ["SNEEZE"]}, {"domain": {"sounds": "like"}}, {"not": [1]}]
)
def test_filter_of_a_form_that_is_no_more_says_so(stored: dict[str, Any]):
    with pytest.raises(InvalidInput, match="no longer knows"):
        conditions_of(stored)
