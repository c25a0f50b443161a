"""Alarms as the staff of a hall see them."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.alarms import queries, service
from services.appointments.alarms.models import Alarm
from services.appointments.alarms.queries import AlarmFilter as AlarmFilter
from services.appointments.alarms.schemas import AlarmDetail, AlarmView
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page


async def listed(
    session: AsyncSession, caller: Caller, wanted: AlarmFilter, paging: PageRequest
) -> Page[AlarmView]:
    """Those of the caller's halls, newest first."""
    (before,) = paging.key(UUID) or (None,)
    found = await queries.page(
        session,
        places=None if "*" in caller.places else caller.places,
        wanted=wanted,
        before=before,
        limit=paging.limit + 1,
    )
    return page(found, paging, lambda one: (one.id,), alarm_view)


async def read_alarm(
    session: AsyncSession, alarm_id: UUID, caller: Caller, keyring: Keyring, now: datetime
) -> AlarmDetail:
    """The whole of it; that its text was read is logged. Raises NotFound."""
    alarm = await service.visible(session, alarm_id, caller)
    text = None
    if alarm.text_sealed is not None:
        await audit_log.write(session, caller.sub, "alarm.read", f"alarm:{alarm.id}", now)
        text = keyring.open(alarm.text_sealed, where=service.TEXT, row=str(alarm.id))
    return AlarmDetail(**alarm_view(alarm).model_dump(), text=text, resolved_by=alarm.resolved_by)


def alarm_view(alarm: Alarm) -> AlarmView:
    """An alarm without what was written about it."""
    return AlarmView(**{name: getattr(alarm, name) for name in AlarmView.model_fields})
