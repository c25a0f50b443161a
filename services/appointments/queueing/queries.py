"""All SQL of tickets and calls.

Locks are taken in one order: what the windows serve (shared by who counts on it), tickets and their
calls, then the hall's floor (with the entry in the log), then windows. The floor is held for the
last statement and the commit only, because everybody in the hall waits for it; call-next, which
holds it first, never waits for a ticket.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, text, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Window, WindowItem
from services.appointments.guides.models import Item
from services.appointments.people.rules import of_person, person_of
from services.appointments.priority.models import QueuePolicy
from services.appointments.priority.schemas import Policy
from services.appointments.queueing.models import (
    ALIVE,
    Call,
    Ticket,
    TicketEvent,
    WindowAtWork,
)
from services.appointments.queueing.workflow import WORKFLOW, Action, WindowRow
from shared.messaging.outbox import OutboxRow

_COLUMNS = (
    *("ticket_id", "visit_id", "number", "item_code", "action", "from_state", "to_state"),
    *("version", "at", "actor", "window_id", "window_no", "call_id", "served_seconds", "outcome"),
    *("predicted_p50", "predicted_p85", "undoes"),
)
# `numbered` locks the hall's floor until the commit: so the numbers have no gaps, and their order
# is that of the commits. `logged` and the outbox take the number in the same round trip, because
# everybody in the hall waits for that lock.
_APPEND = text(
    "WITH numbered AS ("
    "  INSERT INTO hall_floor (hall_code, seq, plain_turns) VALUES (:hall, 1, '{}')"
    "  ON CONFLICT (hall_code) DO UPDATE SET seq = hall_floor.seq + 1 RETURNING seq"
    "), logged AS ("
    f"  INSERT INTO ticket_event (hall_code, hall_seq, {', '.join(_COLUMNS)}, before)"
    f"  SELECT :hall, seq, {', '.join(f':{name}' for name in _COLUMNS)}, CAST(:before AS jsonb)"
    "  FROM numbered"
    ") INSERT INTO outbox (event_id, subject, body, traceparent)"
    " SELECT :event_id, :subject, convert_to(jsonb_set(CAST(:body AS jsonb), '{data,hall_seq}',"
    "   to_jsonb(seq))::text, 'UTF8'), :traceparent FROM numbered"
)
# An upsert and no SELECT FOR UPDATE: the floor of a hall is made by its first event.
_LOCK_FLOOR = text(
    "INSERT INTO hall_floor (hall_code, seq, plain_turns) VALUES (:hall, 0, '{}')"
    " ON CONFLICT (hall_code) DO UPDATE SET seq = hall_floor.seq"
)
# NOT EXISTS refuses politely; should two meet, uq_call_live_window lets one through.
_REOPEN_CALL = text(
    "UPDATE call SET ended_at = NULL, ended_by = NULL WHERE id = :call AND NOT EXISTS"
    " (SELECT 1 FROM call busy WHERE busy.window_id = call.window_id AND busy.ended_at IS NULL)"
)


_OTHER = text(
    f"SELECT t.* FROM ticket t WHERE {of_person('t')}"
    f" AND t.hall_code = :hall AND t.{ALIVE} AND t.visit_id <> :visit"
    " AND t.items && CAST(:items AS text[]) ORDER BY t.id LIMIT 1"
)


# Advisory: whoever takes a ticket neither waits for a change of slots, which has locked the hall's
# row, nor makes the hall wait by holding the floor.
_WINDOWS_STAY = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:hall, 13))")
_WINDOWS_CHANGE = text("SELECT pg_advisory_xact_lock(hashtextextended(:hall, 13))")


async def keep_windows(session: AsyncSession, hall_code: str) -> None:
    """The hall's windows serve what they serve now until the transaction ends."""
    await session.execute(_WINDOWS_STAY, {"hall": hall_code})


async def change_windows(session: AsyncSession, hall_code: str) -> None:
    """Waits until nobody counts on the windows any more, and lets nobody do so until the end."""
    await session.execute(_WINDOWS_CHANGE, {"hall": hall_code})


async def append(session: AsyncSession, entry: dict[str, Any], promised: OutboxRow) -> None:
    """Number, log and promise an event in one statement; holds the hall's floor until commit."""
    body = promised.body.decode()
    await session.execute(_APPEND, {**entry, **promised._asdict(), "body": body})


async def lock_floor(session: AsyncSession, hall_code: str) -> None:
    """Lock the hall's floor for a change that is no ticket's event."""
    await session.execute(_LOCK_FLOOR, {"hall": hall_code})


async def ticket(session: AsyncSession, ticket_id: UUID) -> Ticket | None:
    """The ticket as it is now, not locked: the swap finds out whether it has changed since."""
    return await session.get(Ticket, ticket_id, populate_existing=True)


async def last_event(session: AsyncSession, ticket_id: UUID) -> TicketEvent | None:
    """The newest entry of the log about the ticket."""
    found = await session.exec(
        select(TicketEvent)
        .where(TicketEvent.ticket_id == ticket_id)
        .order_by(col(TicketEvent.hall_seq).desc())
        .limit(1)
    )
    return found.one_or_none()


async def live_call(session: AsyncSession, ticket_id: UUID) -> Call | None:
    """The call that has the ticket at a window."""
    return (await session.exec(select(Call).where(*_live(ticket_id)))).one_or_none()


async def change_live_call(
    session: AsyncSession, ticket_id: UUID, values: dict[str, Any]
) -> Call | None:
    """The call that has the ticket at a window, with new values."""
    changed = await session.execute(
        update(Call).where(*_live(ticket_id)).values(**values).returning(Call),
        execution_options={"populate_existing": True, "synchronize_session": False},
    )
    return changed.scalar_one_or_none()


def _live(ticket_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return col(Call.ticket_id) == ticket_id, col(Call.ended_at).is_(None)


async def live_at_window(session: AsyncSession, window_id: UUID) -> Call | None:
    """The call that keeps the window busy."""
    return (
        await session.exec(
            select(Call).where(Call.window_id == window_id, col(Call.ended_at).is_(None))
        )
    ).one_or_none()


async def call(session: AsyncSession, call_id: UUID) -> Call | None:
    return await session.get(Call, call_id, populate_existing=True)


async def reopen_call(session: AsyncSession, call_id: UUID) -> bool:
    """Put an ended call back to its window; False when the window has another one by now."""
    result: Any = await session.execute(_REOPEN_CALL, {"call": call_id})
    return bool(result.rowcount)


async def move_window(
    session: AsyncSession, window_id: UUID, row: WindowRow, now: datetime
) -> WindowAtWork | None:
    """The window after the action of the row, or None if it is in another state."""
    moved = await session.execute(
        update(WindowAtWork)
        .where(col(WindowAtWork.window_id) == window_id, col(WindowAtWork.state) == row.state)
        .values(state=row.to, since=now, version=WindowAtWork.version + 1)
        .returning(WindowAtWork),
        execution_options={"populate_existing": True, "synchronize_session": False},
    )
    return moved.scalar_one_or_none()


async def highest_leg(session: AsyncSession, ticket: Ticket) -> int:
    """How many legs the ticket's number has on its day."""
    found = await session.exec(
        select(func.max(Ticket.leg)).where(
            Ticket.hall_code == ticket.hall_code,
            Ticket.service_day == ticket.service_day,
            Ticket.number == ticket.number,
        )
    )
    return int(found.one() or 0)


async def items_at_windows(session: AsyncSession, hall_code: str) -> dict[UUID, set[str]]:
    """What each window of the hall serves, retired ones left out."""
    rows = await session.exec(
        select(WindowItem.window_id, WindowItem.item_code)
        .join(Window, col(Window.id) == col(WindowItem.window_id))
        .where(WindowItem.hall_code == hall_code, col(Window.retired_at).is_(None))
    )
    served: dict[UUID, set[str]] = {}
    for window_id, item_code in rows:
        served.setdefault(window_id, set()).add(item_code)
    return served


async def item(session: AsyncSession, item_code: str) -> Item | None:
    return await session.get(Item, item_code)


async def other_of_person(session: AsyncSession, ticket: Ticket, items: list[str]) -> Ticket | None:
    """Another live ticket of the ticket's person in the hall for one of the items.

    However they were named, and with an appointment or without.
    """
    asked = {"hall": ticket.hall_code, "visit": ticket.visit_id, "items": items}
    rows = select(Ticket).from_statement(_OTHER)
    found = await session.scalars(rows, {**asked, **person_of(ticket)._asdict()})
    return found.first()


async def missed_for_good(session: AsyncSession, now: datetime, limit: int) -> list[Ticket]:
    """Tickets whose time to come back is over by their hall's policy, hall by hall.

    They are locked, but for those that somebody is just changing.
    """
    minutes = (
        select(QueuePolicy.rules["back_within_minutes"].as_integer())
        .where(QueuePolicy.hall_code == Ticket.hall_code)
        .order_by(col(QueuePolicy.version).desc())
        .limit(1)
        .scalar_subquery()
    )
    allowed = func.coalesce(minutes, Policy().back_within_minutes)
    over = col(Ticket.state_since) < now - func.make_interval(0, 0, 0, 0, 0, allowed)
    return list(
        await session.exec(
            select(Ticket)
            .where(col(Ticket.state).in_(row.state for row in WORKFLOW.of(Action.CLOSE)), over)
            .order_by(col(Ticket.hall_code), col(Ticket.id))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
