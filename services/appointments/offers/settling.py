"""What became of an offer follows from the appointment that it is."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.offers import queries, rules
from services.appointments.offers.changing import change
from services.appointments.waitlist.models import WaitlistState
from services.appointments.waitlist.workflow import WORKFLOW, WaitlistAction

AT_ONCE = 500


async def settle(session: AsyncSession, now: datetime) -> int:
    """Job: who accepted has what they waited for, who declined waits on, who let it pass does not.

    The place itself was given back with the appointment: it goes to the next.
    """
    found = await queries.answered(session, AT_ONCE)
    for each in found:
        action = rules.answered(each.state, each.version, each.expires_at, now)
        if action is not None:
            row = WORKFLOW[WaitlistState.OFFERED, action]
            await change(session, each.entry, row, now, appointment_id=each.entry.appointment_id)
    return len(found)


async def end_waits(session: AsyncSession, now: datetime) -> int:
    """Job: nobody waits for days that are past."""
    found = await queries.over(session, now, AT_ONCE)
    row = WORKFLOW[WaitlistState.WAITING, WaitlistAction.END]
    for entry in found:
        await change(session, entry, row, now)
    return len(found)
