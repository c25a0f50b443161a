"""How long orders give: a policy in versions; the newest is what a new term goes by."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.rectification import queries
from services.projects.rectification.models import RectificationPolicy
from services.projects.rectification.schemas import RectificationPolicyInput
from shared.database.deciding import DecidingSession
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions


async def in_force(session: AsyncSession) -> RectificationPolicy:
    """The policy that a new term goes by."""
    return await queries.policy(session)


async def put(
    session: DecidingSession, wanted: RectificationPolicyInput, now: datetime, caller: Caller
) -> RectificationPolicy:
    """The next version; terms that run stay as they are. Raises StateConflict where the version
    that was read is not the present one.

    `review_days` may be left out, by who knew of none: it stays as it is.
    """
    present = await in_force(session)
    versions.ensure(wanted.version, version=present.version, state="in_force")
    named = wanted.model_dump(exclude={"version"}, exclude_none=True)
    days = {"review_days": present.review_days, **named}
    policy = RectificationPolicy(
        version=present.version + 1, **days, created_at=now, created_by=caller.sub
    )
    queries.add_policy(session, policy)
    where = "policy:rectification"
    await audit_log.write(session, caller.sub, "rectification_policy.put", where, now, days)
    return policy
