"""The same question split, or filtered, by category as by domain: both are to be answered from hours.

And context switches, which hours count, beside where they go, for which runs are read.
"""

from datetime import datetime
from functools import partial

from bench.dashboard import Answer, Question, System, timed
from bench.service import Service
from core.categories import Category
from db.queries.organizations import OrganizationRow
from tests.world import Asker, own_rules

BY_DOMAIN, BY_CATEGORY = "by domain", "by category"
SWITCHES, TRANSITIONS = "context switches", "transitions"
ONE_DOMAIN, ONE_CATEGORY = "of one domain", "of one category"

_SPLIT = """
query ($id: ID!, $period: Period!) {
  organization(id: $id) { usage(period: $period) {
    groups(by: %s, orderBy: { measure: TRACKED_SECONDS }, first: 10) {
      nodes { measures { events activeEvents trackedSeconds deepWorkSeconds } }
    }
  } }
}
"""
_FILTERED = """
query ($id: ID!, $period: Period!) {
  organization(id: $id) { usage(period: $period, where: %s) {
    total { events activeEvents trackedSeconds deepWorkSeconds }
  } }
}
"""
_WHOLE = """
query ($id: ID!, $period: Period!) { organization(id: $id) { usage(period: $period) { %s } } }
"""
_QUERIES = {
    BY_DOMAIN: _SPLIT % "DOMAIN",
    BY_CATEGORY: _SPLIT % "CATEGORY",
    ONE_DOMAIN: _FILTERED % '{ domain: { eq: "site-001.example.com" } }',
    ONE_CATEGORY: _FILTERED % "{ categories: [DEVELOPMENT] }",
    SWITCHES: _WHOLE % "total { contextSwitches }",
    TRANSITIONS: _WHOLE % "transitions(by: DOMAIN, first: 200) { nodes { from to count users medianSecondsBefore } }",
}


async def categorised(service: Service, organization: OrganizationRow) -> None:
    """Give the organization rules that put every other domain of its people into a category."""
    categories = [category for category in Category if category is not Category.OTHER]
    rules = {f"site-{number:03}.example.com": categories[number % len(categories)] for number in range(0, 300, 2)}
    await own_rules(service.world, organization, rules)


async def compared(asker: Asker, organization: OrganizationRow, end: datetime, runs: int) -> dict[str, float]:
    """The median of the seconds that each question takes, asked in turns."""
    question = Question("organization", organization.id, end)
    systems: dict[str, System] = {name: partial(_ask, asker, text) for name, text in _QUERIES.items()}
    return {name: answer.seconds for name, answer in (await timed(runs, systems, question)).items()}


async def _ask(asker: Asker, text: str, question: Question) -> Answer:
    period = {"between": {"start": question.start.isoformat(), "end": question.end.isoformat()}}
    data = await asker.ask(text, id=str(question.id), period=period)
    answer: Answer = data["organization"]["usage"]
    return answer
