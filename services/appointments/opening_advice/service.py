"""Which window a hall should open now, and telling it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.estimates import service as estimates
from services.appointments.opening_advice import queries, rules
from services.appointments.opening_advice.events import OpeningAdvised
from services.appointments.opening_advice.rules import Saving
from services.appointments.policies import service as policies
from services.appointments.policies.schemas import FloorTerms
from shared.cache import Cache
from shared.database.engine import memory_of
from shared.errors import NotFound, Text
from shared.messaging import outbox
from shared.security.identity import Caller

KEPT = timedelta(seconds=30)
"""Every page of a manager asks again and again."""
HALLS_KEPT = 500
HALLS_A_ROUND = 10
"""Each is run forward several times."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_NO_HALL = Text("没有这个大厅", "There is no such hall")


class Advice(NamedTuple):
    """Windows to open, the best first, beyond which wait they are advised (None: never), and when
    that was found."""

    savings: list[Saving]
    limit_minutes: int | None
    at: datetime


class _KeptAdvice(Cache[str, Advice]):
    """Per hall, what was found last."""

    def __init__(self) -> None:
        super().__init__(most=HALLS_KEPT)


class _LookedAt(Cache[str, datetime]):
    """Per hall, when the job looked for a window to open there."""

    def __init__(self) -> None:
        super().__init__(most=HALLS_KEPT)


async def of_hall(session: AsyncSession, hall_code: str, caller: Caller, now: datetime) -> Advice:
    """The advice for staff of the hall. Raises NotFound."""
    if not caller.at(hall_code) or await session.get(Hall, hall_code) is None:
        raise NotFound(_NO_HALL)
    return await _advice(session, hall_code, now)


async def advise_halls(session: AsyncSession, now: datetime) -> int:
    """Job: publishes the best window to open where people would wait too long; returns for how many
    halls.

    Halls have their turn, for those where all windows are open stay due as long as people wait.
    """
    advised, looked_at = 0, memory_of(session, _LookedAt)
    due = await queries.due(session, now)
    for hall_code in sorted(due, key=lambda code: looked_at.peek(code) or _NEVER)[:HALLS_A_ROUND]:
        looked_at.put(hall_code, now)
        found = await _advice(session, hall_code, now)
        if found.savings and found.limit_minutes is not None:
            await queries.note(session, hall_code, now)
            event = _event(hall_code, found.savings[0], found.limit_minutes, now)
            await outbox.record(session, event, scope=hall_code, subject=hall_code)
            advised += 1
    return advised


async def _advice(session: AsyncSession, hall_code: str, now: datetime) -> Advice:
    known = memory_of(session, _KeptAdvice)
    kept = known.peek(hall_code)
    is_fresh = kept is not None and timedelta() <= now - kept.at < KEPT
    if kept is not None and is_fresh and await _can_be_taken(session, hall_code, kept, now):
        return kept
    policy = await policies.in_force(session, hall_code, now)
    limit = FloorTerms.model_validate(policy.floor).advise_from_minutes
    savings = [] if limit is None else await _savings(session, hall_code, limit, now)
    made = Advice(savings, limit, now)
    known.put(hall_code, made)
    return made


async def _can_be_taken(
    session: AsyncSession, hall_code: str, advice: Advice, now: datetime
) -> bool:
    """Whether all of the windows can still be opened: what was done is advised no more."""
    if not advice.savings:
        return True
    closed = {window.id for window in await queries.closed(session, hall_code, now)}
    return all(saving.window.id in closed for saving in advice.savings)


async def _savings(
    session: AsyncSession, hall_code: str, limit: int, now: datetime
) -> list[Saving]:
    """By the same floor, and the same draws of chance, with each window and without it."""
    run = await estimates.run_forward(session, hall_code, now)
    late = rules.too_long(run.floor, run.estimates, limit)
    if not late:
        return []
    closed = await queries.closed(session, hall_code, now)
    found = []
    for window in rules.candidates(closed, late):
        await asyncio.sleep(0)  # others go on between two runs
        saved = rules.saving(run.floor, window, late, run.estimates, run.seed)
        if saved is not None:
            found.append(saved)
    return rules.best_first(found)


def _event(hall_code: str, best: Saving, limit: int, now: datetime) -> OpeningAdvised:
    return OpeningAdvised(
        hall_code=hall_code,
        window_no=best.window.no,
        item_codes=best.item_codes,
        waiting=best.waiting,
        p85_minutes=best.p85_minutes,
        p85_minutes_then=best.p85_minutes_then,
        saves_minutes=best.saves_minutes,
        limit_minutes=limit,
        at=now,
    )
