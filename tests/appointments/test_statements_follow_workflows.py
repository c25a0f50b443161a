"""What statements do to many at once is what the tables of states say, state by state."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import queries as booking
from services.appointments.booking import statement as seating
from services.appointments.booking.models import AppointmentState
from services.appointments.booking.workflow import WORKFLOW as APPOINTMENTS
from services.appointments.booking.workflow import AppointmentAction
from services.appointments.queueing import shifts
from services.appointments.queueing.models import TicketState, WindowAtWork, WindowState
from services.appointments.queueing.workflow import SYSTEM, WINDOW_ROWS, WORKFLOW, Action, WindowRow
from services.appointments.slots import queries as slots
from services.appointments.slots.models import SlotState
from services.appointments.slots.workflow import WORKFLOW as SLOTS
from services.appointments.slots.workflow import SlotAction
from shared.database.engine import Sessions
from shared.database.swap_statement import SwapStatement
from shared.database.transitions import sources, target
from shared.workflow import Row
from tests.appointments.conftest import Build
from tests.appointments.offices import Office

Statement = Callable[[AsyncSession, list[UUID], datetime], Awaitable[Any]]


def after(rows: Iterable[Row], states: Iterable[StrEnum]) -> dict[str, str]:
    """By state, where the rows lead; a state without a row stays."""
    ends = {row.state: row.to for row in rows}
    return {state.value: str(ends.get(state, state)) for state in states}


async def present(owner: asyncpg.Connection, table: str, ids: dict[str, UUID]) -> dict[str, str]:
    rows = await owner.fetch(
        f"SELECT id, state FROM {table} WHERE id = ANY($1)", list(ids.values())
    )
    states = {row["id"]: row["state"] for row in rows}
    return {was: states[one] for was, one in ids.items()}


@pytest.mark.parametrize(
    ("action", "statement"),
    [
        (SlotAction.OPEN, lambda session, _, now: slots.open_due(session, now)),
        (SlotAction.CLOSE, lambda session, _, now: slots.close_due(session, now)),
        (SlotAction.WITHDRAW, lambda session, ids, _: slots.withdraw(session, ids)),
    ],
)
async def test_slots_move_as_their_table_says(
    office: Office, sessions: Sessions, action: SlotAction, statement: Statement
) -> None:
    now = office.clock.at
    made = {
        state.value: await office.slot(
            now - timedelta(minutes=place), state=state.value, closes_at=now
        )
        for place, state in enumerate(SlotState, 1)
    }

    async with sessions() as session, session.begin():
        await statement(session, list(made.values()), now)

    assert await present(office.owner, "slot", made) == after(SLOTS.of(action), SlotState)


@pytest.mark.parametrize(
    ("rows", "statement"),
    [
        (
            APPOINTMENTS.of(AppointmentAction.EXPIRE),
            lambda session, ids, now: booking.expire(session, ids, now),
        ),
        (
            # Who checked in did come.
            [APPOINTMENTS[AppointmentState.CONFIRMED, AppointmentAction.MISS]],
            lambda session, _, now: booking.miss(session, now),
        ),
        (
            APPOINTMENTS.of(AppointmentAction.WITHDRAW),
            lambda session, ids, now: seating.lose_time(session, ids, now),
        ),
        (
            APPOINTMENTS.of(AppointmentAction.RESUPPORT),
            lambda session, ids, now: seating.regain_time(session, ids, now),
        ),
    ],
    ids=["expire", "miss", "withdraw", "resupport"],
)
async def test_appointments_move_as_their_table_says(
    office: Office, sessions: Sessions, rows: list[Row], statement: Statement
) -> None:
    """All of them begin at ten; it is eleven when the clock, or the hall, ends them."""
    slot = await office.slot(office.clock.at + timedelta(hours=1), capacity=20)
    held = {state.value: await office.hold(slot) for state in AppointmentState}
    made = {state: UUID(one["id"]) for state, one in held.items()}
    for state, one in made.items():
        await office.owner.execute(
            "UPDATE appointment SET state = $2::text,"
            " expires_at = CASE WHEN $2::text = 'held' THEN expires_at END WHERE id = $1",
            one,
            state,
        )

    async with sessions() as session, session.begin():
        await statement(session, list(made.values()), office.clock.at + timedelta(hours=2))

    assert await present(office.owner, "appointment", made) == after(rows, AppointmentState)


@pytest.mark.parametrize(
    "row", [row for row in WINDOW_ROWS if row.roles == SYSTEM], ids=lambda row: row.action
)
async def test_a_window_moves_by_itself_as_its_table_says(
    hall: Build, sessions: Sessions, owner: asyncpg.Connection, row: WindowRow
) -> None:
    floor = await hall(windows=len(WindowState))
    made = dict(zip((state.value for state in WindowState), floor.windows, strict=True))
    for state, window in made.items():
        await owner.execute(
            "INSERT INTO window_at_work (window_id, hall_code, window_no, state, clerk, since,"
            " version) SELECT id, hall_code, no, $2, 'c', $3, 1 FROM \"window\" WHERE id = $1",
            window,
            state,
            floor.clock.at,
        )

    async with sessions() as session, session.begin():
        for window in made.values():
            statement = SwapStatement()
            at_work = await session.get_one(WindowAtWork, window)
            shifts.move_by_itself(statement, at_work, row.action, floor.clock.at)
            await statement.write_in(session)

    found = await owner.fetch(
        "SELECT window_id, state FROM window_at_work WHERE hall_code = $1", floor.code
    )
    states = {one["window_id"]: one["state"] for one in found}
    moved = {was: states[window] for was, window in made.items()}
    assert moved == after([row], WindowState)


@pytest.mark.parametrize("state", TicketState)
async def test_a_window_calls_whom_the_table_lets_it_call(
    hall: Build, owner: asyncpg.Connection, state: TicketState
) -> None:
    floor = await hall()
    await floor.open()
    ticket = await floor.issue()
    await owner.execute("UPDATE ticket SET state = $2 WHERE id = $1", UUID(ticket["id"]), state)

    await floor.window("call-next")

    expected = after(WORKFLOW.of(Action.CALL), TicketState)[state]
    assert (await floor.see(ticket))["state"] == expected


def test_rows_with_several_ends_are_told_apart_by_their_state() -> None:
    rows = APPOINTMENTS.of(AppointmentAction.WITHDRAW)
    assert sources(rows) == "'confirmed', 'held'"
    assert target(rows, "a.state") == (
        "CASE a.state WHEN 'held' THEN 'cancelled_by_hall' WHEN 'confirmed' THEN 'orphaned' END"
    )


def test_a_statement_needs_rows_that_say_where_they_lead() -> None:
    for rows in ((), WORKFLOW.of(Action.UNDO)):
        with pytest.raises(ValueError, match="lead nowhere"):
            target(rows)
