"""The SQL of notices."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import select as columns
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.models import Appointment, AppointmentState, Citizen
from services.appointments.directory.models import Hall
from services.appointments.guides.models import Item
from services.appointments.notices.models import ReminderMark
from services.appointments.notices.rules import CallingWindow, WaitingTicket
from services.appointments.outreach.models import Gathering, Registration, RegistrationState
from services.appointments.queueing.models import Ticket, TicketState, WindowState
from services.appointments.releases.models import Release, ReleaseEntry
from shared.database.transitions import listed

COMING = (AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN, AppointmentState.SERVED)
"""Of a leg in one of these its person was reminded before the later ones of the visit."""
FURTHEST = 200
"""So many of a queue are looked at for whose turn is near."""

Row = TypeVar("Row")

_ADVANCE = text(f"""
-- One process at a time runs the job; a lock here would find the row that `moved` has changed.
WITH now_at AS (SELECT CAST(:now AS timestamptz) + CAST(:before AS interval) AS until),
seen AS (SELECT until FROM {ReminderMark.__tablename__} WHERE kind = :kind),
moved AS (
  INSERT INTO {ReminderMark.__tablename__} AS m (kind, until) SELECT :kind, until FROM now_at
  ON CONFLICT (kind) DO UPDATE SET until = excluded.until WHERE m.until < excluded.until
  RETURNING until
)
SELECT greatest(coalesce((SELECT until FROM seen), until), :now), until FROM moved
""")
_STARTING = text(f"""
SELECT a.id, a.hall_code, a.version, a.starts_at FROM hall h CROSS JOIN LATERAL (
  SELECT id, hall_code, version, starts_at FROM appointment own
  WHERE hall_code = h.code AND state = '{AppointmentState.CONFIRMED}'
    AND starts_at > :after AND starts_at <= :until
    AND NOT EXISTS (SELECT FROM appointment b WHERE b.party_id = own.party_id
      AND b.on_date = own.on_date AND b.state IN ({listed(COMING)})
      AND (b.starts_at, b.id) < (own.starts_at, own.id))
) a ORDER BY a.starts_at, a.id
""")
_WAITING = text(f"""
SELECT id, item_code, for_window_id,
  owner IS NOT NULL OR citizen_key IS NOT NULL OR appointment_id IS NOT NULL AS reachable
FROM ticket WHERE hall_code = :hall AND state = '{TicketState.WAITING}' AND ready_at <= :now
ORDER BY due_at, id LIMIT {FURTHEST}
""")
_AT_WORK = text(f"""
SELECT w.window_id, ARRAY(SELECT i.item_code::text FROM window_item i
  WHERE i.window_id = w.window_id) AS items
FROM window_at_work w WHERE w.hall_code = :hall AND w.state = '{WindowState.OPEN}'
""")
_FIRST_TIME = text(
    "INSERT INTO ticket_notice (ticket_id, at) SELECT id, :now FROM unnest(CAST(:ids AS uuid[])) id"
    " ON CONFLICT DO NOTHING RETURNING ticket_id"
)


class StartingSoon(NamedTuple):
    """An appointment that somebody is to be reminded of."""

    id: UUID
    hall_code: str
    version: int
    starts_at: datetime


class ReminderSpan(NamedTuple):
    """The starts behind `after`, up to `until`."""

    after: datetime
    until: datetime


class BookedMatter(NamedTuple):
    """An appointment, where and for what, and the contact of a person without an account."""

    appointment: Appointment
    hall: Hall | None
    item: Item | None
    known: Citizen | None


class PartyLeg(NamedTuple):
    """A leg of what was booked together, and what it is for."""

    appointment: Appointment
    item: Item | None


class RegisteredMatter(NamedTuple):
    """Places at an outreach event, and of which hall it is."""

    registration: Registration
    gathering: Gathering
    hall: Hall | None


class QueuedMatter(NamedTuple):
    """A ticket, where and for what; its appointment, and that person's contact, if it has one."""

    ticket: Ticket
    hall: Hall | None
    item: Item | None
    appointment: Appointment | None
    known: Citizen | None


class AwaitedTurn(NamedTuple):
    """A place in line for a release, and the contact of a person without an account."""

    entry: ReleaseEntry
    release: Release
    hall: Hall | None
    known: Citizen | None


async def booked(session: AsyncSession, appointment_id: UUID) -> BookedMatter | None:
    """What a notice about an appointment says."""
    rows = (
        select(Appointment, Hall, Item, Citizen)
        .outerjoin(Hall, col(Hall.code) == Appointment.hall_code)
        .outerjoin(Item, col(Item.code) == Appointment.item_code)
        .outerjoin(Citizen, col(Citizen.key) == Appointment.citizen_key)
        .where(col(Appointment.id) == appointment_id)
    )
    found = (await session.exec(rows)).one_or_none()
    return None if found is None else BookedMatter(*found)


async def party(session: AsyncSession, party_id: UUID) -> list[PartyLeg]:
    """All legs of what was booked together."""
    rows = (
        select(Appointment, Item)
        .outerjoin(Item, col(Item.code) == Appointment.item_code)
        .where(col(Appointment.party_id) == party_id)
    )
    return [PartyLeg(*row) for row in await session.exec(rows)]


async def placed(
    session: AsyncSession, kind: type[Row], row_id: UUID
) -> tuple[Row, Hall | None, Item | None] | None:
    """A row that has a hall and an item, with both."""
    table: Any = kind
    rows = (
        columns(table, Hall, Item)
        .outerjoin(Hall, col(Hall.code) == table.hall_code)
        .outerjoin(Item, col(Item.code) == table.item_code)
        .where(table.id == row_id)
    )
    found = (await session.execute(rows)).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


async def registered(session: AsyncSession, registration_id: UUID) -> RegisteredMatter | None:
    """What a notice about places at an outreach event says."""
    rows = (
        select(Registration, Gathering, Hall)
        .join(Gathering, col(Gathering.id) == Registration.event_id)
        .outerjoin(Hall, col(Hall.code) == Gathering.hall_code)
        .where(col(Registration.id) == registration_id)
    )
    found = (await session.exec(rows)).one_or_none()
    return None if found is None else RegisteredMatter(*found)


async def registrations(session: AsyncSession, event_id: UUID) -> Sequence[UUID]:
    """Whoever has places at an outreach event."""
    rows = select(col(Registration.id)).where(
        col(Registration.event_id) == event_id,
        col(Registration.state) == RegistrationState.REGISTERED,
    )
    return (await session.exec(rows)).all()


async def queued(session: AsyncSession, ticket_id: UUID) -> QueuedMatter | None:
    """What a notice about a ticket says."""
    rows = (
        columns(Ticket, Hall, Item, Appointment, Citizen)
        .outerjoin(Hall, col(Hall.code) == Ticket.hall_code)
        .outerjoin(Item, col(Item.code) == Ticket.item_code)
        .outerjoin(Appointment, col(Appointment.id) == Ticket.appointment_id)
        .outerjoin(Citizen, col(Citizen.key) == Appointment.citizen_key)
        .where(col(Ticket.id) == ticket_id)
    )
    found = (await session.execute(rows)).one_or_none()
    return None if found is None else QueuedMatter(*found)


async def in_line(session: AsyncSession, entry_id: UUID) -> AwaitedTurn | None:
    """What a notice about a place in line says."""
    rows = (
        columns(ReleaseEntry, Release, Hall, Citizen)
        .join(Release, col(Release.id) == ReleaseEntry.release_id)
        .outerjoin(Hall, col(Hall.code) == Release.hall_code)
        .outerjoin(Citizen, col(Citizen.key) == ReleaseEntry.citizen_key)
        .where(col(ReleaseEntry.id) == entry_id)
    )
    found = (await session.execute(rows)).one_or_none()
    return None if found is None else AwaitedTurn(*found)


async def advance(
    session: AsyncSession, kind: str, before: timedelta, now: datetime
) -> ReminderSpan | None:
    """The starts that came within `before` since this was asked last; at first none."""
    named = {"kind": kind, "before": before, "now": now}
    row = (await session.execute(_ADVANCE, named)).one_or_none()
    return None if row is None else ReminderSpan(*row)


async def starting(session: AsyncSession, span: ReminderSpan) -> Sequence[StartingSoon]:
    """The confirmed appointments that start in it, of all halls, the earliest first."""
    rows = await session.execute(_STARTING, span._asdict())
    return [StartingSoon(*row) for row in rows]


async def waiting(session: AsyncSession, hall: str, now: datetime) -> list[WaitingTicket]:
    """The head of a hall's queue in the order of calling."""
    rows = await session.execute(_WAITING, {"hall": hall, "now": now})
    return [WaitingTicket(*row) for row in rows]


async def at_work(session: AsyncSession, hall: str) -> list[CallingWindow]:
    """The open windows of a hall."""
    rows = await session.execute(_AT_WORK, {"hall": hall})
    return [CallingWindow(window, frozenset(items)) for window, items in rows]


async def first_time(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Those of the tickets that were not let know before, which they are now."""
    rows = await session.execute(_FIRST_TIME, {"ids": list(ids), "now": now})
    return list(rows.scalars())
