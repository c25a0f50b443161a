"""The queue policy of a hall: which one holds, and deciding a new one."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.priority import queries
from services.appointments.priority.models import QueuePolicy
from services.appointments.priority.schemas import Policy, PolicyChange, QueueRules
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions

_NO_HALL = Text("没有这个大厅", "There is no such hall")


def policy(decided: QueuePolicy | None) -> Policy:
    """The rules that were decided, or the system's default."""
    if decided is None:
        return Policy(version=0)
    return Policy(version=decided.version, **decided.rules)


async def decide(
    session: AsyncSession, caller: Caller, hall_code: str, change: PolicyChange, now: datetime
) -> QueuePolicy:
    """The new version, which holds for tickets and calls from now on.

    Raises NotFound, StateConflict for an outdated version. Two managers who decide at once: the
    primary key lets one through.
    """
    if not caller.at(hall_code):
        raise NotFound(_NO_HALL)
    await get_hall(session, hall_code)
    present = policy(await queries.newest(session, hall_code))
    versions.ensure(change.version, version=present.version, state="in_force")
    kept = present.model_dump(exclude={"version"})
    rules = QueueRules.model_validate({**kept, **change.rules.model_dump(exclude_unset=True)})
    decided = QueuePolicy(
        hall_code=hall_code,
        version=present.version + 1,
        rules=rules.model_dump(mode="json"),
        basis=change.basis,
        decided_by=caller.sub,
        decided_at=now,
    )
    session.add(decided)
    await session.flush()
    subject = f"queue_policy:{hall_code}"
    await audit_log.write(
        session, caller.sub, "queue_policy.decided", subject, now, {"version": decided.version}
    )
    return decided


async def get_hall(session: AsyncSession, hall_code: str) -> Hall:
    """Raises NotFound."""
    hall = await session.get(Hall, hall_code)
    if hall is None:
        raise NotFound(_NO_HALL)
    return hall
