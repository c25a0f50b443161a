"""A step of somebody's place in line, with its event."""

from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.waitlist.events import WaitlistEvent
from services.appointments.waitlist.models import WaitlistEntry
from services.appointments.waitlist.workflow import WaitlistRow
from shared.database.versioned import swap
from shared.messaging import outbox
from shared.messaging.outbox import Addressed


def of_change(event: type[WaitlistEvent], entry: WaitlistEntry, **others: object) -> Addressed:
    """The event of a change, in the scope of the hall."""
    facts = {
        "waitlist_id": entry.id,
        "hall_code": entry.hall_code,
        "item_code": entry.item_code,
        "pool": entry.pool,
        "version": entry.version,
    }
    return Addressed(event.model_validate({**facts, **others}), entry.hall_code, str(entry.id))


async def change(
    session: AsyncSession,
    entry: WaitlistEntry,
    row: WaitlistRow,
    now: datetime,
    *,
    values: dict[str, Any] | None = None,
    **others: object,
) -> WaitlistEntry:
    """The entry after the change, whose event has the fields `others`. Raises StateConflict."""
    changes = {"state": row.to, "expires_at": None, "changed_at": now, **(values or {})}
    done = await swap(session, entry, changes)
    event = of_change(row.event, done, **others)
    await outbox.record(session, event.event, scope=event.scope, subject=event.subject)
    return done
