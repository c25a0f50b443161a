"""The SQL of the advice."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides.models import Item
from services.appointments.opening_advice.models import OpeningAdvice
from services.appointments.opening_advice.rules import ClosedWindow
from services.appointments.policies.schemas import FloorTerms
from services.appointments.queueing.models import TicketState, WindowState
from services.appointments.queueing.workflow import WINDOWS, WindowAction
from shared.database.rows import table
from shared.database.transitions import sources

_TERMS = FloorTerms()
# Nobody opens a window that a closure shuts, nor for what one does not let anybody do.
_SHUT = """
SELECT FROM closure c WHERE c.hall_code = w.hall_code AND c.lifted_at IS NULL
  AND c.rule_code IS NULL AND c.starts_at <= :now AND c.ends_at > :now
"""
_CLOSED = text(f"""
SELECT w.id, w.no, w.name, coalesce(a.state, '{WindowState.OFFLINE}'), ARRAY(
    SELECT i.item_code::text FROM window_item i WHERE i.window_id = w.id AND NOT EXISTS (
      {_SHUT} AND c.item_code = i.item_code AND coalesce(c.window_no, w.no) = w.no)
  )
FROM "window" w LEFT JOIN window_at_work a ON a.window_id = w.id
WHERE w.hall_code = :hall AND w.retired_at IS NULL
  AND coalesce(a.state, '{WindowState.OFFLINE}') IN ({sources(WINDOWS.of(WindowAction.OPEN))})
  AND NOT EXISTS ({_SHUT} AND c.item_code IS NULL AND coalesce(c.window_no, w.no) = w.no)
ORDER BY w.no
""")
_DUE = text(f"""
SELECT l.hall_code FROM hall_load l
LEFT JOIN LATERAL (SELECT b.floor FROM booking_policy b WHERE b.hall_code = l.hall_code
  ORDER BY b.version DESC LIMIT 1) p ON true
LEFT JOIN {table(OpeningAdvice)} m ON m.hall_code = l.hall_code
WHERE l.waiting > 0 AND coalesce(p.floor -> 'advise_from_minutes', '0') <> 'null'
  AND coalesce(m.advised_at, '-infinity') <= CAST(:now AS timestamptz) - make_interval(mins =>
    coalesce((p.floor ->> 'advise_every_minutes')::int, {_TERMS.advise_every_minutes}))
  AND (l.p85_minutes > coalesce((p.floor ->> 'advise_from_minutes')::int,
      {_TERMS.advise_from_minutes})
    OR EXISTS (SELECT FROM ticket t WHERE t.hall_code = l.hall_code
      AND t.state = '{TicketState.WAITING}' AND NOT EXISTS (
        SELECT FROM window_at_work a WHERE a.hall_code = t.hall_code
          AND a.state = '{WindowState.OPEN}'
          AND a.window_id = coalesce(t.for_window_id, a.window_id)
          AND t.items <@ ARRAY(SELECT i.item_code::text FROM window_item i
            WHERE i.window_id = a.window_id))))
ORDER BY m.advised_at NULLS FIRST, l.hall_code
""")
_NOTE = text(f"""
INSERT INTO {table(OpeningAdvice)} (hall_code, advised_at) VALUES (:hall, :now)
ON CONFLICT (hall_code) DO UPDATE SET advised_at = excluded.advised_at
""")


async def closed(session: AsyncSession, hall_code: str, now: datetime) -> Sequence[ClosedWindow]:
    """The windows that could be opened now, by number."""
    rows = await session.execute(_CLOSED, {"hall": hall_code, "now": now})
    return [
        ClosedWindow(id_, no, name, WindowState(state), frozenset(items))
        for id_, no, name, state, items in rows
    ]


async def due(session: AsyncSession, now: datetime) -> list[str]:
    """Halls whose load says that people wait too long, and that were not advised just now."""
    return list((await session.execute(_DUE, {"now": now})).scalars())


async def note(session: AsyncSession, hall_code: str, now: datetime) -> None:
    """The hall was advised."""
    await session.execute(_NOTE, {"hall": hall_code, "now": now})


async def names(session: AsyncSession, codes: Iterable[str]) -> dict[str, tuple[str, str | None]]:
    """What items are called in Chinese and English."""
    rows = select(Item.code, Item.name, Item.name_en).where(col(Item.code).in_(list(codes)))
    return {code: (name, name_en) for code, name, name_en in (await session.exec(rows)).all()}
