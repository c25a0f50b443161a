"""Closing a hall for a time."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.schedules import changing, reporting
from services.appointments.schedules.changing import Change
from services.appointments.schedules.models import Closure
from services.appointments.schedules.rules import Comparison
from services.appointments.schedules.schemas import ClosureIn, ClosureView
from services.appointments.slots import service as slots
from services.appointments.slots.rules import ComingSlot
from shared.security import audit_log
from shared.security.identity import Caller


async def close(
    session: AsyncSession, wanted: ClosureIn, caller: Caller, now: datetime
) -> ClosureView:
    """The closure, with the slots it takes away and who loses an appointment.

    Raises NotFound for a hall that is not the caller's.
    """
    await directory.managed_hall(session, wanted.hall, caller)
    present = await slots.coming(session, wanted.hall, now)
    hit = [
        row
        for row in present
        if row.starts_at < wanted.ends_at
        and wanted.starts_at < row.starts_at + timedelta(minutes=row.minutes)
    ]
    comparison = Comparison[ComingSlot]([], [], hit, [], 0)
    lock = not wanted.dry_run
    change = await changing.foresee(session, wanted.hall, present, comparison, now, lock=lock)
    closure = None if wanted.dry_run else await _close(session, wanted, change, caller, now)
    return ClosureView(
        id=closure,
        **wanted.model_dump(include={"hall", "starts_at", "ends_at", "reason"}),
        withdrawn_count=len(hit),
        withdrawn=[reporting.shown(row) for row in hit[: reporting.MOST_SHOWN]],
        orphaned=reporting.persons(change.outlook.lost),
    )


async def _close(
    session: AsyncSession, wanted: ClosureIn, change: Change, caller: Caller, now: datetime
) -> UUID:
    closure = Closure(
        **wanted.model_dump(include={"starts_at", "ends_at", "reason"}),
        hall_code=wanted.hall,
        created_by=caller.sub,
        created_at=now,
    )
    session.add(closure)
    await session.flush()
    await changing.carry_out(session, wanted.hall, change, {}, now)
    details = {"closure": str(closure.id), "withdrawn": len(change.comparison.withdraw)}
    target = f"hall:{wanted.hall}"
    await audit_log.write(session, caller.sub, "closure.made", target, now, details)
    return closure.id
