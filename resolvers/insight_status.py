"""The configuration and the state of the model that words insights, for super admins."""

from ai.call_counters import Status
from resolvers.caller import Caller


def model_status(caller: Caller) -> Status:
    """Return the model's status. Forbidden unless the viewer is a super admin."""
    caller.viewer.require_super_admin()
    writer = caller.services.insight_writer
    return Status(enabled=False) if writer is None else writer.status
