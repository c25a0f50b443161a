from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, text, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import HallLoad
from services.appointments.display.schemas import WindowEntry
from services.appointments.guides.models import Item
from services.appointments.people.ownership import owned_by
from services.appointments.people.rules import Person
from services.appointments.queueing.models import Ticket, TicketState

AT_A_WINDOW = (TicketState.CALLED, TicketState.RECALLED, TicketState.SERVING)
ON_FLOOR = (*AT_A_WINDOW, TicketState.PARKED, TicketState.MISSED)

_WINDOWS = text(
    "SELECT w.id, w.no, w.name, coalesce(a.state, 'offline') AS state, a.clerk,"
    "  coalesce(a.version, 0) AS version, t.number, t.id AS ticket_id, t.state AS ticket_state"
    ' FROM "window" w LEFT JOIN window_at_work a ON a.window_id = w.id'
    " LEFT JOIN call c ON c.window_id = w.id AND c.ended_at IS NULL"
    " LEFT JOIN ticket t ON t.id = c.ticket_id"
    " WHERE w.hall_code = :hall AND w.retired_at IS NULL ORDER BY w.no"
)
_RECENT = (
    "BETWEEN coalesce(l.measured_at - interval '2 seconds', '-infinity')"
    " AND CAST(:now AS timestamptz) + interval '2 seconds'"
)
"""An event may become visible a moment after its time, and clocks differ a little."""
_MOVED = text(
    "SELECT f.hall_code FROM hall_floor f LEFT JOIN hall_load l ON l.hall_code = f.hall_code"
    " WHERE EXISTS (SELECT FROM ticket_event e WHERE e.hall_code = f.hall_code"
    f"    AND e.hall_seq = f.seq AND e.at {_RECENT})"
    "  OR EXISTS (SELECT FROM window_at_work w WHERE w.hall_code = f.hall_code"
    f"    AND w.since {_RECENT})"
    "  OR (l.waiting > 0 AND l.measured_at < CAST(:now AS timestamptz) - interval '30 seconds')"
    " ORDER BY l.measured_at NULLS FIRST LIMIT :most"
)


async def at_windows(session: AsyncSession, hall_code: str) -> list[Ticket]:
    """Tickets that are called or served now, the newest call first."""
    return list(
        await session.exec(
            select(Ticket)
            .where(Ticket.hall_code == hall_code, col(Ticket.state).in_(AT_A_WINDOW))
            .order_by(col(Ticket.last_called_at).desc(), col(Ticket.id))
        )
    )


async def of_person(
    session: AsyncSession, me: Person, after: UUID | None, limit: int
) -> list[Ticket]:
    """The last leg of each visit that is their own, whoever took the ticket; newest first.

    A leg that the undo of a transfer closed is nobody's any more: no other leads to it.
    """
    before = aliased(Ticket)
    mine = select(Ticket).where(
        owned_by(me, Ticket),
        col(Ticket.next_leg_id).is_(None),
        or_(
            col(Ticket.leg) == 1,
            exists().where(
                col(before.visit_id) == col(Ticket.visit_id),
                col(before.next_leg_id) == col(Ticket.id),
            ),
        ),
    )
    if after is not None:
        mine = mine.where(col(Ticket.id) < after)
    return list(await session.exec(mine.order_by(col(Ticket.id).desc()).limit(limit + 1)))


async def live(
    session: AsyncSession, hall_code: str, after: tuple[Any, ...] | None, limit: int
) -> list[Ticket]:
    """The hall's tickets that are not finished, in the order in which they are due."""
    order = (col(Ticket.due_at), col(Ticket.id))
    query = select(Ticket).where(
        Ticket.hall_code == hall_code,
        or_(col(Ticket.state) == TicketState.WAITING, col(Ticket.state).in_(ON_FLOOR)),
    )
    if after is not None:
        query = query.where(tuple_(*order) > after)
    return list(await session.exec(query.order_by(*order).limit(limit + 1)))


async def windows(session: AsyncSession, hall_code: str) -> list[WindowEntry]:
    """Every window of the hall with its state and who is there."""
    rows = await session.execute(_WINDOWS, {"hall": hall_code})
    return [WindowEntry(**row._asdict()) for row in rows]


async def item_names(session: AsyncSession, codes: set[str]) -> dict[str, str]:
    rows = await session.exec(select(Item.code, Item.name).where(col(Item.code).in_(codes)))
    return dict(rows.all())


async def moved_halls(session: AsyncSession, now: datetime, most: int) -> list[str]:
    """Halls where something has happened since their load was measured."""
    return list((await session.execute(_MOVED, {"now": now, "most": most})).scalars())


async def measured(session: AsyncSession, hall_code: str) -> HallLoad | None:
    return await session.get(HallLoad, hall_code)
