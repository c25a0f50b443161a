"""Opens, pauses and closes windows, and arranges those of a hall anew."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import changing
from services.appointments.directory import service as directory
from services.appointments.directory.schemas import WindowsIn
from services.appointments.queueing import service as queueing
from services.appointments.queueing.models import WindowAtWork, WindowState
from services.appointments.queueing.wording import window_standing
from services.appointments.queueing.workflow import FLOOR, WINDOWS, WindowAction
from services.appointments.windows import queries, rules
from shared.database.versioned import swap, try_swap
from shared.errors import NotFound, Text
from shared.security.identity import Caller
from shared.workflow import refuse

_UNKNOWN = Text("没有这个窗口", "There is no such window")
_UNPAUSED: dict[str, Any] = {"pause_reason": None}


class Shift(NamedTuple):
    """A window at work, and the numbers in its hall that no open window serves now."""

    window: WindowAtWork
    unserved: list[str]


async def open_window(
    session: AsyncSession, caller: Caller, window_id: UUID, clerk: str | None, now: datetime
) -> Shift:
    """The open window; `clerk` is the name to show, what is done there is logged by account.

    Raises NotFound or StateConflict.
    """
    name = clerk or caller.name
    if name is not None:
        await queries.note_name(session, caller.sub, name, now)
    works_there = {"clerk": name or caller.sub, "pause_reason": None}
    return await _move(session, caller, window_id, WindowAction.OPEN, works_there, now)


async def pause_window(
    session: AsyncSession, caller: Caller, window_id: UUID, reason: str | None, now: datetime
) -> Shift:
    """The paused window; whoever is there is still served. Raises NotFound or StateConflict."""
    why = {"pause_reason": reason}
    return await _move(session, caller, window_id, WindowAction.PAUSE, why, now)


async def close_window(
    session: AsyncSession, caller: Caller, window_id: UUID, now: datetime
) -> Shift:
    """The window: closed, or draining while somebody is there. Raises NotFound, StateConflict."""
    return await _move(session, caller, window_id, WindowAction.CLOSE, _UNPAUSED, now)


async def close_left(session: AsyncSession, seen: WindowAtWork, now: datetime) -> bool:
    """Ends a shift that nobody ended; the caller holds the floor. False if it has changed."""
    row = WINDOWS.find(seen.state, seen.version, WindowAction.CLOSE)
    changed = await try_swap(session, seen, {**_UNPAUSED, "state": row.to, "since": now})
    if changed is None:
        return False
    await queueing.settle_window(session, changed, now)
    return True


async def names(session: AsyncSession, accounts: Iterable[str]) -> dict[str, str]:
    """What those accounts are called at the windows, by account; unknown ones are left out."""
    return await queries.names(session, accounts)


async def arrange(
    session: AsyncSession, hall_code: str, wanted: WindowsIn, caller: Caller, now: datetime
) -> None:
    """Makes all windows of the hall as wanted; those left out are retired, and their shifts end.

    Nobody is left without a window by it: whoever is just getting a ticket is waited for. The floor
    is held, so that nobody is called meanwhile.
    Raises Stranded, and what `changing.put_windows` raises.
    """
    await directory.managed_hall(session, hall_code, caller)
    await queueing.change_windows(session, hall_code)
    await queueing.lock_floor(session, hall_code)
    before = await queries.standings(session, hall_code)
    await changing.put_windows(session, hall_code, wanted, caller, now)
    there = await queries.at_retired_windows(session, hall_code)
    after = await queries.standings(session, hall_code)
    rules.ensure_nobody_stranded([*there, *rules.stranded(before, after)])
    for window in await queries.retired_at_work(session, hall_code):
        await close_left(session, window, now)


async def _move(
    session: AsyncSession,
    caller: Caller,
    window_id: UUID,
    action: WindowAction,
    values: dict[str, Any],
    now: datetime,
) -> Shift:
    window = await queries.window(session, window_id)
    if window is None or window.retired_at is not None or not caller.at(window.hall_code):
        raise NotFound(_UNKNOWN)
    await queueing.lock_floor(session, window.hall_code)
    seen = await queries.at_work(session, window_id)
    state = seen.state if seen else WindowState.OFFLINE
    row = WINDOWS.find(state, seen.version if seen else 0, action, FLOOR)
    values = {**values, "state": row.to, "since": now}
    if seen is None:
        place = {"window_id": window_id, "hall_code": window.hall_code, "window_no": window.no}
        changed = await queries.first_shift(session, {**place, **values, "version": 1})
        if changed is None:
            refuse(state, 0, window_standing(state))
    else:
        changed = await swap(
            session, seen, values, says=lambda window: window_standing(window.state)
        )
    settled = await queueing.settle_window(session, changed, now)
    standings = await queries.standings(session, window.hall_code)
    return Shift(settled, [each.number for each in standings if not each.served_now])
