"""Opens, pauses and closes windows, and arranges those of a hall anew."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import changing
from services.appointments.directory import service as directory
from services.appointments.directory.models import Window
from services.appointments.directory.schemas import WindowsIn
from services.appointments.queueing import service as queueing
from services.appointments.queueing import shifts
from services.appointments.queueing.models import WindowAtWork, WindowState
from services.appointments.queueing.wording import window_standing
from services.appointments.queueing.workflow import FLOOR, WINDOWS, WindowAction
from services.appointments.schedules import following
from services.appointments.windows import queries, rules
from services.appointments.windows.rules import Names
from shared.database.faults import Overtaken
from shared.database.swap_statement import SwapStatement
from shared.errors import NotFound, Text
from shared.security.identity import Caller

_UNKNOWN = Text("没有这个窗口", "There is no such window")
_UNPAUSED: dict[str, Any] = {"pause_reason": None}


class Shift(NamedTuple):
    """A window at work, and the numbers in its hall that no open window serves now."""

    window: WindowAtWork
    unserved: list[str]


async def open_window(
    statement: SwapStatement, caller: Caller, window_id: UUID, clerk: str | None, now: datetime
) -> Shift:
    """The open window; `clerk` is the name to show, what is done there is logged by account.

    Raises NotFound or StateConflict.
    """
    name = clerk or caller.name
    works_there = {"clerk": name or caller.sub, "account": caller.sub, "pause_reason": None}
    opened = await _move(statement, caller, window_id, WindowAction.OPEN, works_there, now)
    if name is not None:
        queries.note_name(statement, caller.sub, name, now)
    return opened


async def pause_window(
    statement: SwapStatement, caller: Caller, window_id: UUID, reason: str | None, now: datetime
) -> Shift:
    """The paused window; whoever is there is still served. Raises NotFound or StateConflict."""
    why = {"pause_reason": reason}
    return await _move(statement, caller, window_id, WindowAction.PAUSE, why, now)


async def close_window(
    statement: SwapStatement, caller: Caller, window_id: UUID, now: datetime
) -> Shift:
    """The window: closed, or draining while somebody is there. Raises NotFound, StateConflict."""
    return await _move(statement, caller, window_id, WindowAction.CLOSE, _UNPAUSED, now)


async def close_left(session: AsyncSession, seen: WindowAtWork, now: datetime) -> None:
    """Ends a shift that nobody ended, with nobody there; the caller holds the floor.

    Raises Overtaken where it was not seen under the floor, and has changed.
    """
    statement = SwapStatement()
    row = WINDOWS.find(seen.state, seen.version, WindowAction.CLOSE)
    statement.swap(seen, {**_UNPAUSED, "state": row.to, "since": now})
    _settle(statement, seen, now, is_busy=False)
    await statement.write_in(session)


async def names(session: AsyncSession, accounts: Iterable[str], first: datetime) -> Names:
    """What those accounts were called at the windows from `first` on."""
    return await queries.names(session, accounts, first)


async def arrange(
    session: AsyncSession, hall_code: str, wanted: WindowsIn, caller: Caller, now: datetime
) -> None:
    """Makes all windows of the hall as wanted; those left out are retired, and their shifts end.

    Nobody is left without a window by it: whoever is just getting a ticket is waited for. Slots
    follow: for an item without a window there are none any more, and for one that has one again
    they are back. That may take seconds in which people are called as before, so that the floor is
    locked only behind it, for who is left there, and where nobody can be called meanwhile.
    Raises Stranded, and what `changing.put_windows` raises.
    """
    await directory.managed_hall(session, hall_code, caller)
    await queueing.change_windows(session, hall_code)
    before = await queries.standings(session, hall_code)
    await changing.put_windows(session, hall_code, wanted, caller, now)
    await following.follow(session, hall_code, caller, now)
    await queueing.lock_floor(session, hall_code)
    there = await queries.at_retired_windows(session, hall_code)
    after = await queries.standings(session, hall_code)
    rules.ensure_nobody_stranded([*there, *rules.stranded(before, after)])
    for window in await queries.retired_at_work(session, hall_code):
        await close_left(session, window, now)


async def _move(
    statement: SwapStatement,
    caller: Caller,
    window_id: UUID,
    action: WindowAction,
    values: dict[str, Any],
    now: datetime,
) -> Shift:
    _, to = WINDOWS.leads(action)
    found = await queries.find(statement.direct, window_id, opens=to is WindowState.OPEN)
    if found is None or found.window.retired_at is not None:
        raise NotFound(_UNKNOWN)
    if not caller.at(found.window.hall_code):
        raise NotFound(_UNKNOWN)
    seen = found.at_work
    state, version = (seen.state, seen.version) if seen else (WindowState.OFFLINE, 0)
    row = WINDOWS.find(state, version, action, FLOOR)
    # Whether somebody is there decides how it closes; who comes or goes is an event of the floor.
    closes = WINDOWS.get(row.to, WindowAction.RUN_DRY) is not None
    queries.keep(statement, found.window)
    shifts.lock_floor(statement, found.window.hall_code, seq=found.seq if closes else None)
    changes = {**values, "state": row.to, "since": now}
    if seen is None:
        seen = _first_shift(statement, found.window, changes)
    else:
        statement.swap(seen, changes, says=lambda one: window_standing(one.state))
    _settle(statement, seen, now, is_busy=found.is_busy)
    return Shift(seen, found.unserved)


def _first_shift(statement: SwapStatement, window: Window, values: dict[str, Any]) -> WindowAtWork:
    """Where another request opens the window at the same moment, it is decided anew."""
    place: dict[str, Any] = {
        "window_id": window.id,
        "hall_code": window.hall_code,
        "window_no": window.no,
    }
    shift = WindowAtWork(**place, **values)
    statement.insert(shift)
    statement.refusing("pk_window_at_work", Overtaken)
    return shift


def _settle(
    statement: SwapStatement, window: WindowAtWork, now: datetime, *, is_busy: bool
) -> None:
    """Publishes the window's change; a draining one with nobody there is closed at once."""
    shifts.publish(statement, window)
    if not is_busy and WINDOWS.get(window.state, WindowAction.RUN_DRY) is not None:
        shifts.move_by_itself(statement, window, WindowAction.RUN_DRY, now)
