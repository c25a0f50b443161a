from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Window
from services.appointments.queueing.models import WindowAtWork, WindowState
from services.appointments.queueing.workflow import WINDOWS, WORKFLOW, Action, WindowAction
from services.appointments.windows.models import ShiftName, StaffName
from services.appointments.windows.rules import Names, Served
from shared.database.engine import DirectPool
from shared.database.rows import columns, loaded, rest, table
from shared.database.swap_statement import SwapStatement
from shared.database.transitions import sources

_STAYS = 'SELECT 1 FROM "window" WHERE id = :id AND retired_at IS NULL FOR SHARE'
_NOTE_LAST = """
INSERT INTO staff_name (account, name, noted_at) VALUES (:account, :called, :now)
ON CONFLICT (account) DO UPDATE SET name = excluded.name, noted_at = excluded.noted_at
"""
# The release before notes the last name only: beside it, that is one more to know.
_NAMES = text(f"""
WITH known AS (
    SELECT account, since, name FROM {table(ShiftName)} WHERE account = ANY(:accounts)
    UNION SELECT account, noted_at, name FROM {table(StaffName)} WHERE account = ANY(:accounts)
)
SELECT k.account, k.since, k.name FROM known k
WHERE k.since >= coalesce(
    (SELECT max(b.since) FROM known b WHERE b.account = k.account AND b.since <= :first),
    '-infinity')
ORDER BY k.since
""")
_NOTE_NAME = """
INSERT INTO shift_name (account, since, name) VALUES (:account, :now, :called)
ON CONFLICT (account, since) DO UPDATE SET name = excluded.name
"""
_SERVES = (
    'SELECT FROM "window" v LEFT JOIN window_at_work b ON b.window_id = v.id'
    " WHERE v.hall_code = t.hall_code AND v.retired_at IS NULL"
    "   AND v.id = coalesce(t.for_window_id, v.id) AND t.items <@"
    "   ARRAY(SELECT i.item_code::text FROM window_item i WHERE i.window_id = v.id)"
)
_WAITS = f"t.state IN ({sources([*WORKFLOW.of(Action.CALL), *WORKFLOW.of(Action.RESUME)])})"
_STANDINGS = text(
    f"SELECT t.id, t.number, EXISTS ({_SERVES}) AS served,"
    f"   EXISTS ({_SERVES} AND b.state = '{WindowState.OPEN}') AS served_now"
    f" FROM ticket t WHERE t.hall_code = :hall AND {_WAITS} ORDER BY t.due_at, t.id"
)
_SEEN = f"""
SELECT {columns(Window, "w")}, coalesce(f.seq, 0),
  EXISTS (SELECT FROM call c WHERE c.window_id = w.id AND c.ended_at IS NULL),
  ARRAY(SELECT t.number FROM ticket t WHERE t.hall_code = w.hall_code AND {_WAITS} AND NOT EXISTS (
    {_SERVES} AND CASE WHEN v.id = w.id THEN $2 ELSE b.state = '{WindowState.OPEN}' END
  ) ORDER BY t.due_at, t.id),
  {columns(WindowAtWork, "a")}
FROM "window" w LEFT JOIN hall_floor f ON f.hall_code = w.hall_code
LEFT JOIN window_at_work a ON a.window_id = w.id
WHERE w.id = $1
"""
_AT_RETIRED = text(
    'SELECT t.number FROM "window" w JOIN call c ON c.window_id = w.id AND c.ended_at IS NULL'
    " JOIN ticket t ON t.id = c.ticket_id"
    " WHERE w.hall_code = :hall AND w.retired_at IS NOT NULL ORDER BY w.no"
)


class SeenWindow(NamedTuple):
    """A window of the directory, the number of its floor's last event, whether somebody is there,
    the numbers that no open window serves once it is open or not, and its present shift, None while
    it is offline."""

    window: Window
    seq: int
    is_busy: bool
    unserved: list[str]
    at_work: WindowAtWork | None


async def find(direct: DirectPool, window_id: UUID, *, opens: bool) -> SeenWindow | None:
    """The window, and all that its change goes by; `opens`: whether it takes people then."""
    record = await direct.fetchrow(_SEEN, window_id, opens)
    if record is None:
        return None
    seq, is_busy, unserved, *at_work = rest(Window, record)
    shift = loaded(WindowAtWork, at_work) if at_work[0] is not None else None
    return SeenWindow(loaded(Window, record), seq, is_busy, unserved, shift)


def keep(statement: SwapStatement, window: Window) -> None:
    """It is not retired meanwhile; before the floor, as whoever arranges windows locks them."""
    statement.lock(_STAYS, id=window.id)


def note_name(statement: SwapStatement, account: str, name: str, now: datetime) -> None:
    """Keep what the account is called at the windows from now on."""
    for note in (_NOTE_LAST, _NOTE_NAME):
        statement.also(note, account=account, called=name, now=now)


async def standings(session: AsyncSession, hall_code: str) -> list[Served]:
    """Who waits in the hall or will wait again, and whether a window is there for them."""
    rows = await session.execute(_STANDINGS, {"hall": hall_code})
    return [Served(*row) for row in rows.all()]


async def at_retired_windows(session: AsyncSession, hall_code: str) -> list[str]:
    """The numbers of those who are at a window that has been retired."""
    return list((await session.execute(_AT_RETIRED, {"hall": hall_code})).scalars())


async def retired_at_work(session: AsyncSession, hall_code: str) -> list[WindowAtWork]:
    """Retired windows whose shift goes on."""
    at_work = (
        select(WindowAtWork)
        .join(Window, col(Window.id) == col(WindowAtWork.window_id))
        .where(
            WindowAtWork.hall_code == hall_code,
            col(Window.retired_at).is_not(None),
            col(WindowAtWork.state).in_(row.state for row in WINDOWS.of(WindowAction.CLOSE)),
        )
        .order_by(col(WindowAtWork.window_no))
    )
    return list((await session.exec(at_work)).all())


async def names(session: AsyncSession, accounts: Iterable[str], first: datetime) -> Names:
    """What those accounts were called from `first` on, and since when each time."""
    asked = {"accounts": list(accounts), "first": first}
    found: dict[str, list[tuple[datetime, str]]] = {}
    for account, since, name in (await session.execute(_NAMES, asked)).all():
        found.setdefault(account, []).append((since, name))
    return Names(found)
