"""Who hears nothing of a machine is told so: a device that is broken or unplugged cannot say it."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.devices import queries, rules
from services.appointments.devices.events import DeviceWentOffline, of_device
from shared.database.versioned import swap
from shared.messaging import outbox

BATCH = 100


async def watch(session: AsyncSession, now: datetime) -> int:
    """Job: notes devices that are silent, once until they report again. Returns how many."""
    found = await queries.silent(session, now - rules.SILENT_AFTER, BATCH)
    for device, access in found:
        event = of_device(DeviceWentOffline, device, now, seen_at=access.seen_at)
        await swap(session, access, {"silent_at": now}, counter="beats")
        await outbox.record(session, event.event, scope=event.scope, subject=event.subject)
    return len(found)
