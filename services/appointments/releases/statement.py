"""An admission is used by the statement that gives out the places."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.appointments.releases.models import ReleaseEntry
from services.appointments.releases.workflow import ENTRIES, ReleaseEntryAction
from shared.database.swap_statement import SwapStatement
from shared.database.transitions import sources, target

_BOOKING = ENTRIES.of(ReleaseEntryAction.BOOK)
_USE = f"""
UPDATE release_entry SET state = {target(_BOOKING)}, version = version + 1, changed_at = :now,
  appointment_id = :appointment
WHERE id = :id AND version = :version AND state IN ({sources(_BOOKING)}) RETURNING 1
"""


def use(statement: SwapStatement, seen: ReleaseEntry, appointment: UUID, now: datetime) -> None:
    """By the version that was seen: of two bookings at once the second is decided anew."""
    known: dict[str, Any] = {"id": seen.id, "version": seen.version}
    statement.lock(_USE, **known, appointment=appointment, now=now)
