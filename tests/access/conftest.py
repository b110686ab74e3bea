"""Nothing is delivered to webhooks here, so that nobody need wait for it."""

import pytest

from resolvers import webhooks


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests and redeliveries of webhooks answer at once."""
    monkeypatch.setattr(webhooks, "ANSWER_SECONDS", 0)
