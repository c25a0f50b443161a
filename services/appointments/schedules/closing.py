"""Closing a hall for a time."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import service as booking
from services.appointments.directory import service as directory
from services.appointments.schedules import reporting
from services.appointments.schedules.models import Closure
from services.appointments.schedules.schemas import ClosureIn, ClosureView
from services.appointments.slots import service as slots
from shared.security import audit_log
from shared.security.identity import Caller


async def close(
    session: AsyncSession, wanted: ClosureIn, caller: Caller, now: datetime
) -> ClosureView:
    """The closure, with the slots it takes away and who loses an appointment.

    Raises NotFound for a hall that is not the caller's.
    """
    await directory.managed_hall(session, wanted.hall, caller)
    hit = [
        row
        for row in await slots.coming(session, wanted.hall, now)
        if row.starts_at < wanted.ends_at
        and wanted.starts_at < row.starts_at + timedelta(minutes=row.minutes)
    ]
    ids = [row.id for row in hit]
    orphaned = reporting.persons(await booking.endangered(session, ids))
    closure = None
    if not wanted.dry_run:
        closure = await _close(session, wanted, ids, caller, now)
    return ClosureView(
        id=closure,
        **wanted.model_dump(include={"hall", "starts_at", "ends_at", "reason"}),
        withdrawn_count=len(hit),
        withdrawn=[reporting.shown(row) for row in hit[: reporting.MOST_SHOWN]],
        orphaned=orphaned,
    )


async def _close(
    session: AsyncSession, wanted: ClosureIn, ids: list[UUID], caller: Caller, now: datetime
) -> UUID:
    closure = Closure(
        **wanted.model_dump(include={"starts_at", "ends_at", "reason"}),
        hall_code=wanted.hall,
        created_by=caller.sub,
        created_at=now,
    )
    session.add(closure)
    await session.flush()
    await slots.withdraw(session, ids)
    await booking.orphan(session, ids, now)
    details = {"closure": str(closure.id), "withdrawn": len(ids)}
    target = f"hall:{wanted.hall}"
    await audit_log.write(session, caller.sub, "closure.made", target, now, details)
    return closure.id
