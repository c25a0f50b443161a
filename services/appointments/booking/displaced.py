"""Who lost their time, or has a place that may go: those who are given places anew."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.models import AppointmentState
from services.appointments.booking.seating import Claimant
from services.appointments.booking.workflow import HOLDING, LIVE, WORKFLOW, AppointmentAction
from services.appointments.people.rules import Person, same_person
from services.appointments.slots.models import Pool
from shared.database.transitions import listed, sources

_RESUPPORTED = WORKFLOW.of(AppointmentAction.RESUPPORT)

# Who has lost their time, but not who has found another, kept or missed: then that one counts, but
# for what was booked with it. Whoever checked in is served by a ticket. Of two that one person lost
# and cannot have both, the one booked first counts.
_WITHOUT = f"""
  (a.state IN ({sources(_RESUPPORTED)}) AND a.starts_at > :now AND NOT EXISTS (
    SELECT FROM appointment b WHERE {same_person("b", "w")}
      AND (a.party_id IS NULL OR b.party_id IS DISTINCT FROM a.party_id)
      AND ((b.item_code = a.item_code AND b.on_date = a.on_date)
        OR (b.starts_at < a.starts_at + make_interval(mins => a.minutes)
          AND a.starts_at < b.starts_at + make_interval(mins => b.minutes)))
      AND (b.state IN ({listed(HOLDING)}) OR
        (b.state = a.state AND b.starts_at > :now AND (b.held_at, b.id) < (a.held_at, a.id)))
  ))
"""
_CLAIMANTS = """
SELECT a.id, a.code, a.item_code, a.pool, a.starts_at, a.minutes, a.state, a.held_at, ARRAY(
  SELECT x.slot_id FROM appointment_slot x WHERE x.appointment_id = a.id ORDER BY x.slot_id
) AS slots, w.*
FROM appointment a
CROSS JOIN LATERAL (
  SELECT a.citizen_key, a.person_document AS document, a.person_phone AS phone
) w
WHERE {which} ORDER BY a.id
"""
_CLAIM = _CLAIMANTS.format(
    which=f"""(a.state IN ({listed(LIVE)}) AND a.id IN (
    SELECT appointment_id FROM appointment_slot WHERE slot_id = ANY(:slots)
  )) OR (a.hall_code = :hall AND {_WITHOUT})"""
)
_CLAIM_FREE = text(_CLAIM)
_CLAIM_HELD = text(f"{_CLAIM} FOR UPDATE OF a")
_THOSE_WITHOUT = text(_CLAIMANTS.format(which=f"a.id = ANY(:ids) AND {_WITHOUT}"))
_SEATED = text(_CLAIMANTS.format(which=f"a.id = ANY(:ids) AND a.state IN ({listed(LIVE)})"))
_NEIGHBOURS = text(f"""
SELECT DISTINCT a.id FROM appointment o
JOIN slot s ON s.hall_code = o.hall_code AND s.pool = o.pool AND s.state <> 'withdrawn'
  AND s.starts_at >= o.starts_at
  AND s.starts_at < o.starts_at + make_interval(mins => o.minutes)
JOIN appointment_slot x ON x.slot_id = s.id
JOIN appointment a ON a.id = x.appointment_id AND a.state IN ({listed(LIVE)})
WHERE o.id = ANY(:ids)
""")


async def claimants(
    session: AsyncSession, hall: str, slots: Iterable[UUID], now: datetime, *, lock: bool
) -> list[Claimant]:
    """Who has a place in the slots, and who in the hall has lost theirs and could have one again;
    with `lock` they stay as they are until the transaction ends."""
    values = {"hall": hall, "slots": list(slots), "now": now}
    return await _claimants(session, _CLAIM_HELD if lock else _CLAIM_FREE, values)


async def without(session: AsyncSession, ids: Iterable[UUID], now: datetime) -> list[Claimant]:
    """Those of these appointments that have lost their time and could have one again."""
    return await _claimants(session, _THOSE_WITHOUT, {"ids": list(ids), "now": now})


async def seated(session: AsyncSession, ids: Iterable[UUID]) -> list[Claimant]:
    """Those of these appointments that have a place."""
    return await _claimants(session, _SEATED, {"ids": list(ids)})


async def neighbours(session: AsyncSession, ids: Iterable[UUID]) -> list[UUID]:
    """Who has a place at the times of these appointments, at their hall and in their pool."""
    return list((await session.execute(_NEIGHBOURS, {"ids": list(ids)})).scalars())


async def _claimants(
    session: AsyncSession, statement: TextClause, values: dict[str, Any]
) -> list[Claimant]:
    return [
        Claimant(a, b, c, Pool(d), e, f, AppointmentState(g), h, tuple(i), Person(*who))
        for a, b, c, d, e, f, g, h, i, *who in (await session.execute(statement, values)).all()
    ]
