from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.appointments.calling.statement import (
    BY_NUMBER,
    CALL_NEXT,
    CALL_TICKET,
    TICKET,
    WHY_NOT,
)
from services.appointments.priority.schemas import QueueRules
from services.appointments.queueing.events import TicketCalled
from services.appointments.queueing.models import Ticket, TicketState, WindowState
from shared.database.engine import DirectPool
from shared.ids import new_id
from shared.messaging import events
from shared.observability import telemetry
from shared.security.identity import Caller

_DEFAULTS = QueueRules()


class LiveTicket(NamedTuple):
    """Who is at a window."""

    id: UUID
    number: str
    state: TicketState


class WindowNow(NamedTuple):
    """Why a window calls nobody: its state, who is there, and what the key called before."""

    hall_code: str
    state: WindowState
    version: int
    live: LiveTicket | None
    repeated_ticket_id: UUID | None
    repeated_reason: str | None
    items: list[str]


_TICKET_COLUMNS = frozenset(Ticket.model_fields)


async def call_next(
    direct: DirectPool, window_id: UUID, caller: Caller, now: datetime, key: str | None
) -> Ticket | None:
    """The ticket now called to the window, or None. One statement: see `statement`.

    Raises asyncpg.UniqueViolationError when the window got another call at the same moment.
    """
    return await _call(direct, CALL_NEXT, window_id, caller, now, key)


async def call_ticket(
    direct: DirectPool,
    window_id: UUID,
    caller: Caller,
    now: datetime,
    key: str | None,
    wanted: UUID,
    reason: str,
) -> Ticket | None:
    """The wanted ticket, called to the window; None where one of the two is not free for it.

    Raises asyncpg.UniqueViolationError as `call_next` does.
    """
    return await _call(direct, CALL_TICKET, window_id, caller, now, key, wanted, reason)


async def _call(
    direct: DirectPool,
    statement: str,
    window_id: UUID,
    caller: Caller,
    now: datetime,
    key: str | None,
    *choice: object,
) -> Ticket | None:
    event_id, trace = new_id(), telemetry.traceparent()
    row = await direct.fetchrow(
        statement,
        window_id,
        list(caller.places),
        _DEFAULTS.guard_after_minutes,
        _DEFAULTS.guard_every,
        now,
        new_id(),
        caller.sub,
        _kept(caller, key),
        event_id,
        TicketCalled.type,
        envelope(event_id, now, trace),
        trace,
        *choice,
    )
    return None if row is None else _ticket(row)


def envelope(event_id: UUID, now: datetime, trace: str | None) -> str:
    """The CloudEvent's attributes (see `shared.messaging.events`); the statement adds the data."""
    about = events.attributes(TicketCalled, event_id, now, traceparent=trace)
    return orjson.dumps(about).decode()


def _kept(caller: Caller, key: str | None) -> str | None:
    """The request's key as it is kept: of two people at one window each has keys of their own."""
    return None if key is None else f"{caller.sub}\n{key}"


async def why_not(
    direct: DirectPool, window_id: UUID, caller: Caller, key: str | None
) -> WindowNow | None:
    """What the window is like, when a call brought nobody; None if there is no such window."""
    row = await direct.fetchrow(WHY_NOT, window_id, _kept(caller, key), key, caller.sub)
    if row is None:
        return None
    there = row["live_ticket_id"]
    return WindowNow(
        hall_code=row["hall_code"],
        state=WindowState(row["state"]),
        version=row["version"],
        live=there and LiveTicket(there, row["live_number"], TicketState(row["live_state"])),
        repeated_ticket_id=row["repeated_ticket_id"],
        repeated_reason=row["repeated_reason"],
        items=row["items"],
    )


async def numbered(direct: DirectPool, hall_code: str, number: str, now: datetime) -> UUID | None:
    """The id of the number's last leg today."""
    found: UUID | None = await direct.fetchval(BY_NUMBER, hall_code, number, now)
    return found


async def ticket(direct: DirectPool, ticket_id: UUID) -> Ticket | None:
    row = await direct.fetchrow(TICKET, ticket_id)
    return None if row is None else _ticket(row)


def _ticket(row: asyncpg.Record) -> Ticket:
    values = {name: value for name, value in row.items() if name in _TICKET_COLUMNS}
    return Ticket.model_validate(values | {"missing": orjson.loads(values["missing"])})
