from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Window
from services.appointments.queueing.models import WindowAtWork, WindowState
from services.appointments.queueing.workflow import WINDOWS, WORKFLOW, Action, WindowAction
from services.appointments.windows.models import StaffName
from services.appointments.windows.rules import Served
from shared.database.transitions import sources

_SERVES = (
    'SELECT FROM "window" w LEFT JOIN window_at_work a ON a.window_id = w.id'
    " WHERE w.hall_code = t.hall_code AND w.retired_at IS NULL"
    "   AND w.id = coalesce(t.for_window_id, w.id) AND t.items <@"
    "   ARRAY(SELECT i.item_code::text FROM window_item i WHERE i.window_id = w.id)"
)
_STANDINGS = text(
    f"SELECT t.id, t.number, EXISTS ({_SERVES}) AS served,"
    f"   EXISTS ({_SERVES} AND a.state = '{WindowState.OPEN}') AS served_now"
    " FROM ticket t WHERE t.hall_code = :hall"
    f"   AND t.state IN ({sources([*WORKFLOW.of(Action.CALL), *WORKFLOW.of(Action.RESUME)])})"
    " ORDER BY t.due_at, t.id"
)
_AT_RETIRED = text(
    'SELECT t.number FROM "window" w JOIN call c ON c.window_id = w.id AND c.ended_at IS NULL'
    " JOIN ticket t ON t.id = c.ticket_id"
    " WHERE w.hall_code = :hall AND w.retired_at IS NOT NULL ORDER BY w.no"
)


async def window(session: AsyncSession, window_id: UUID) -> Window | None:
    """The window of the directory."""
    return await session.get(Window, window_id)


async def at_work(session: AsyncSession, window_id: UUID) -> WindowAtWork | None:
    """Its present shift, None while it is offline."""
    return await session.get(WindowAtWork, window_id, populate_existing=True)


async def first_shift(session: AsyncSession, values: dict[str, Any]) -> WindowAtWork | None:
    """The new row, or None when another request opened the window at the same moment."""
    opened = await session.execute(
        insert(WindowAtWork).values(**values).on_conflict_do_nothing().returning(WindowAtWork)
    )
    return opened.scalar_one_or_none()


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


async def note_name(session: AsyncSession, account: str, name: str, now: datetime) -> None:
    """Keep what the account is called at the windows."""
    noted = insert(StaffName).values(account=account, name=name, noted_at=now)
    newer = {"name": noted.excluded.name, "noted_at": noted.excluded.noted_at}
    await session.execute(noted.on_conflict_do_update(index_elements=["account"], set_=newer))


async def names(session: AsyncSession, accounts: Iterable[str]) -> dict[str, str]:
    """The names of those of the accounts that are known, by account."""
    known = select(StaffName.account, StaffName.name).where(
        col(StaffName.account).in_(list(accounts))
    )
    return dict((await session.exec(known)).all())
