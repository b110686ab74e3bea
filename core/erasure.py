"""Erasures: deleting everything held on a person, or on everybody of an organization."""

from enum import StrEnum

from core.described_enum import DescribedEnum


class ErasurePhase(StrEnum):
    """The steps of an erasure, in order.

    EVENTS: events are deleted. ROLLUPS: rollups, marks and rejected events are. DONE: nothing is left.
    """

    EVENTS = "events"
    ROLLUPS = "rollups"
    DONE = "done"


class ErasureStatus(DescribedEnum):
    """The state of an erasure as its owner sees it."""

    RUNNING = "running", "Something may be left. The service goes on by itself, also after a restart."
    DONE = "done", "Nothing is left."
