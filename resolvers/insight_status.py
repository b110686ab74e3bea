"""How the model that words insights is set up, and how it fares; for super admins."""

from ai.tally import Status
from resolvers.caller import Caller


def insight_status(caller: Caller) -> Status:
    """The model's status. Forbidden unless the viewer is a super admin."""
    caller.viewer.require_super_admin()
    writer = caller.services.insight_writer
    return Status(enabled=False) if writer is None else writer.status
