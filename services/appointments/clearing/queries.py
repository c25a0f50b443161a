"""What halls left behind. `Cutoffs` are two parallel lists: hall codes, and moments."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.models import Appointment
from services.appointments.booking.workflow import WORKFLOW as APPOINTMENTS
from services.appointments.booking.workflow import AppointmentAction
from services.appointments.queueing.models import ALIVE, Ticket, TicketState, WindowAtWork
from services.appointments.queueing.workflow import WINDOWS, WORKFLOW, Action, WindowAction
from shared.database.transitions import listed, sources


class HallHours(NamedTuple):
    """A hall's zone and opening hours, and after how many hours its policy clears away."""

    code: str
    timezone: str
    opening_hours: list[dict[str, Any]]
    hours: int | None


class Cutoffs(NamedTuple):
    """What was last touched before `moments[n]` was left behind in `halls[n]`."""

    halls: list[str]
    moments: list[datetime]


_HALLS = text(
    "SELECT h.code, h.timezone, h.opening_hours, (p.rules ->> 'left_after_hours')::int AS hours"
    " FROM hall h LEFT JOIN LATERAL (SELECT rules FROM queue_policy q"
    "   WHERE q.hall_code = h.code ORDER BY q.version DESC LIMIT 1) p ON true"
)
_CUTOFF = "unnest(CAST(:halls AS text[]), CAST(:moments AS timestamptz[])) AS c(hall, moment)"


def _untouched(states: str) -> str:
    """Each branch stays within one partial index, or the whole table would be read."""
    return (
        f"SELECT t.id, t.hall_code FROM {_CUTOFF} JOIN ticket t ON t.hall_code = c.hall"
        f" WHERE {states} AND greatest(t.state_since, t.ready_at) < c.moment"
    )


_LEFT = {row.state for row in WORKFLOW.of(Action.CLEAR)}
_WAITING = f"t.state IN ({listed(_LEFT & {TicketState.WAITING})})"
_ON_FLOOR = f"t.state IN ({listed(_LEFT - {TicketState.WAITING})})"
# `untouched` locks nothing and bounds the work; the tickets are then locked in the order of halls
# and ids, as every job does, without those that somebody is just changing.
_TICKETS = text(
    f"WITH untouched AS ({_untouched(_WAITING)} UNION ALL {_untouched(_ON_FLOOR)}"
    "   ORDER BY hall_code, id LIMIT :most)"
    " SELECT t.* FROM ticket t JOIN untouched USING (id)"
    " ORDER BY t.hall_code, t.id FOR UPDATE OF t SKIP LOCKED"
)
_WINDOWS = text(
    f"SELECT w.* FROM {_CUTOFF} JOIN window_at_work w ON w.hall_code = c.hall"
    f" WHERE w.state IN ({sources(WINDOWS.of(WindowAction.CLOSE))}) AND w.since < c.moment"
    "  AND NOT EXISTS (SELECT FROM call k WHERE k.window_id = w.window_id AND k.ended_at IS NULL)"
    "  AND NOT EXISTS (SELECT FROM call k WHERE k.hall_code = w.hall_code"
    "    AND k.window_id = w.window_id AND k.ended_at >= c.moment AND k.ended_by <> 'clear')"
    " ORDER BY w.hall_code, w.window_id LIMIT :most"
)
_APPOINTMENTS = text(
    f"SELECT a.* FROM {_CUTOFF} JOIN appointment a ON a.hall_code = c.hall"
    f" WHERE a.state IN ({sources(APPOINTMENTS.of(AppointmentAction.LAPSE))})"
    "  AND greatest(a.changed_at, a.starts_at) < c.moment"
    f"  AND NOT EXISTS (SELECT FROM ticket t WHERE t.appointment_id = a.id AND t.{ALIVE})"
    " ORDER BY a.id LIMIT :most FOR UPDATE OF a SKIP LOCKED"
)


async def halls(session: AsyncSession) -> list[HallHours]:
    """Each hall's zone, opening hours, and the hours of its policy (null: it decided none)."""
    return [HallHours(*row) for row in (await session.execute(_HALLS)).all()]


async def left_tickets(session: AsyncSession, cutoffs: Cutoffs, most: int) -> list[Ticket]:
    """Unfinished tickets that nobody touched, hall by hall; locked, but for those in change."""
    rows = select(Ticket).from_statement(_TICKETS)
    return list((await session.scalars(rows, _asked(cutoffs, most))).all())


async def left_windows(session: AsyncSession, cutoffs: Cutoffs, most: int) -> list[WindowAtWork]:
    """Windows at work with nobody there, and with no call since; hall by hall."""
    rows = select(WindowAtWork).from_statement(_WINDOWS)
    fresh = {"populate_existing": True}
    found = await session.scalars(rows, _asked(cutoffs, most), execution_options=fresh)
    return list(found.all())


async def left_appointments(
    session: AsyncSession, cutoffs: Cutoffs, most: int
) -> list[Appointment]:
    """Of people who checked in and have no ticket (any more), locked."""
    rows = select(Appointment).from_statement(_APPOINTMENTS)
    return list((await session.scalars(rows, _asked(cutoffs, most))).all())


def _asked(cutoffs: Cutoffs, most: int) -> dict[str, Any]:
    return {**cutoffs._asdict(), "most": most}
