"""The viewer's own sign-ins: list them, and end those that are not wanted any more."""

from collections.abc import Sequence
from uuid import UUID

from core.audit import AuditAction
from core.errors import NotFound
from core.limits import SIGN_INS_SHOWN
from db.queries import sign_ins
from db.queries.sign_ins import SignInRow
from resolvers.audit import record_audit_entry
from resolvers.caller import Caller


async def latest_used(caller: Caller, user_id: UUID) -> Sequence[SignInRow] | None:
    """Return the viewer's sign-ins, those used last first; None if the account is not the viewer's own."""
    if user_id != caller.viewer.user_id:
        return None
    async with caller.database.read() as db:
        return await sign_ins.latest_used(db, user_id, SIGN_INS_SHOWN)


async def end(caller: Caller, sign_in_id: UUID | None) -> None:
    """End one of the viewer's sign-ins, which invalidates its tokens at once. NotFound if it is none of theirs."""
    viewer = caller.viewer
    async with caller.database.write() as db:
        if sign_in_id is None or not await sign_ins.end_one_of(db, viewer.user_id, sign_in_id):
            raise NotFound("There is no such sign-in of yours, or it has ended.")
        await record_audit_entry(
            db, viewer, AuditAction.SIGN_INS_ENDED, subject_id=viewer.user_id, details={"count": 1}
        )


async def end_others(caller: Caller) -> int:
    """End all of the viewer's sign-ins but the one that the request uses; return the number of those ended."""
    viewer = caller.viewer
    async with caller.database.write() as db:
        ended = await sign_ins.end_others(db, viewer.user_id, viewer.credential_id)
        if ended:
            details = {"count": ended}
            await record_audit_entry(db, viewer, AuditAction.SIGN_INS_ENDED, subject_id=viewer.user_id, details=details)
    return ended
