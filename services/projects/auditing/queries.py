"""What the audit asks: the turn, the numbers of the day, which verdicts move."""

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import (
    AbsenceSetAside,
    Reason,
    Standing,
    Verdict,
    VerdictEvent,
)
from services.projects.auditing.rules.basis import FactOfMove
from services.projects.auditing.statement import (
    ADD_MOVE_BY_NEW_FACT,
    ADD_MOVES,
    FIND_MOVES,
    HAND_OVER,
    HISTORY,
    JUDGE_AS_OF,
    LESS_TALLIED,
    MORE_TALLIED,
    NAMES,
    PROVE,
    PROVEN_ABSENT,
    TODAY,
    WALKS,
    judge_statement,
    see_statement,
)
from shared.database import deciding
from shared.database.deciding import DecidingSession

UnitVerdict = tuple[str, str]

LOCK_NOT_AVAILABLE = "55P03"

MANY = 20_000
"""Up to so many duties are moved by their keys; beyond, the statement scans for itself."""

A_TIME = 2_000
"""Few enough for PostgreSQL to look their names up one by one."""


class DayNumbers(NamedTuple):
    """A day as numbers: in working and plain days, how far the calendar goes, its edition."""

    now_ord: int
    last_ord: int
    now_day: int
    calendar_version: int


class Walks(NamedTuple):
    """Columns of equal length: a unit, its last full walk, and the day of it in two counts."""

    walked_units: list[str]
    walked_days: list[int]
    walked_ords: list[int]
    walked_ats: list[datetime]


class MovedVerdict(NamedTuple):
    """A duty whose verdict moved, with the names that people read."""

    duty_id: UUID
    unit_code: str
    from_verdict: Verdict | None
    to_verdict: Verdict
    reason: Reason
    over_by: int | None
    unit_name: str
    project_code: str
    subject: str | None
    project_name: str
    item_code: str
    item_name: str
    due_on: date | None


class WrongTally(NamedTuple):
    """A figure of the roll-up that was not what is counted."""

    unit_code: str
    verdict: Verdict
    kept: int
    counted: int


_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('projects.judge', 11))")

_SIGN = text("SELECT set_config('application_name', 'audit ' || CAST(:id AS text), true)")

_RUNNING = text("""
  SELECT substring(a.application_name FROM '^audit ([0-9a-f-]{36})$') AS audit,
         to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('projects.judge', 11)""")


async def today(session: AsyncSession, region: str, as_of: date) -> DayNumbers:
    """The numbers that stand for the day of the audit."""
    found = await session.execute(TODAY, {"region": region, "as_of": as_of})
    return DayNumbers(**found.mappings().one())


async def take_turn(session: AsyncSession) -> None:
    """Wait until no other transaction judges: verdicts then have one order, that of their ids.

    In a session that decides, its statement waits, before it takes an id.
    """
    if isinstance(session, DecidingSession):
        session.statement.lock(_TURN.text)
    else:
        await session.execute(_TURN)


async def add_moves(session: AsyncSession, moves: Sequence[VerdictEvent], fact: FactOfMove) -> None:
    """Append to the history, in this order; `fact` is what the best evidence of the duty is."""
    if fact.sha256 is not None:
        for move in moves:
            values = {**_history(move), "sha256": fact.sha256}
            await deciding.write(session, ADD_MOVE_BY_NEW_FACT, values)
    else:
        rows = [{**_history(move), "fact_id": fact.id} for move in moves]
        await deciding.write_rows(session, ADD_MOVES, rows)


def _history(move: VerdictEvent) -> dict[str, Any]:
    return {name: getattr(move, name) for name in HISTORY}


async def change_tallies(
    session: AsyncSession, count: Mapping[UnitVerdict, int], days: Mapping[UnitVerdict, int]
) -> None:
    """Add to the roll-up. Who had a verdict has a row there, which is not made anew."""
    changed = sorted(each for each in count if count[each] or days[each])
    for statement, which in (
        (MORE_TALLIED, [each for each in changed if count[each] > 0]),
        (LESS_TALLIED, [each for each in changed if count[each] <= 0]),
    ):
        rows = [
            {"unit": unit, "verdict": verdict, "n": count[each], "over": days[each]}
            for each in which
            for unit, verdict in [each]
        ]
        await deciding.write_rows(session, statement, rows)


async def wait_turn(session: AsyncSession, seconds: float) -> bool:
    """The same with patience: several waits of the lock timeout each; False if others kept it."""
    end = time.monotonic() + seconds
    while True:
        try:
            async with session.begin_nested():
                await session.execute(_TURN)
            return True
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
        if time.monotonic() > end:
            return False


async def sign(session: AsyncSession, audit_id: UUID) -> None:
    """Let other connections see, until this transaction ends, which audit it is."""
    await session.execute(_SIGN, {"id": str(audit_id)})


async def running(session: AsyncSession) -> dict[str, str | None]:
    """Which audit has the turn, and since when; `audit` is None while something else judges."""
    found = (await session.execute(_RUNNING)).mappings().first()
    return dict(found) if found else {}


async def walks(session: AsyncSession, region: str, last_ord: int) -> Walks:
    """When each unit's places were last read to their end."""
    found = await session.execute(WALKS, {"region": region, "last_ord": last_ord})
    return Walks(**found.mappings().one())


async def overdue_units(session: AsyncSession, units: Sequence[str]) -> list[str]:
    """Those of the units that have overdue duties."""
    return list((await session.execute(PROVEN_ABSENT, {"units": list(units)})).scalars())


async def judge(session: AsyncSession, scope: str, **values: Any) -> list[MovedVerdict]:
    """Run the audit statement; the duties whose verdict moved, with what their events say.

    `scope` is one of SCOPES, or "seen" with the new `evidence`. `values` are the numbers of the
    day (`today`) and of the walks (`walks`), and who judges when.
    """
    if scope == "all":
        found = (await session.execute(text(FIND_MOVES), values)).scalar_one()
        if not found:
            return []
        if len(found) <= MANY:
            scope, values = "duties", {**values, "chosen": found}
    statement = see_statement() if scope == "seen" else judge_statement(scope)
    moved = (await session.execute(text(statement), values)).all()
    return await _named(session, values["region"], moved)


async def _named(
    session: AsyncSession, region: str, moved: Sequence[Row[Any]]
) -> list[MovedVerdict]:
    """The moves with the names that people read, looked up by key and not by a scan of all."""
    named: list[MovedVerdict] = []
    for start in range(0, len(moved), A_TIME):
        some = moved[start : start + A_TIME]
        ids = [row.duty_id for row in some]
        # Both come in the order of the duties' ids, so that they fit one to one.
        names = (await session.execute(NAMES, {"ids": ids, "region": region})).all()
        named += [
            MovedVerdict(**{**row._mapping, **name._mapping})
            for row, name in zip(some, names, strict=True)
        ]
    return named


async def hand_over(session: AsyncSession, **values: Any) -> list[UUID]:
    """Move what a unit has not published to another one, with history and roll-up."""
    return list((await session.execute(HAND_OVER, values)).scalars())


async def prove_tallies(session: AsyncSession) -> list[WrongTally]:
    """Count all standings and set right what the roll-up has otherwise; gives what was wrong."""
    return [WrongTally(**row) for row in (await session.execute(PROVE)).mappings()]


async def judge_as_of(
    session: AsyncSession, report_id: UUID, before: datetime, **values: Any
) -> None:
    """Judge every duty of a past day, that ends at `before`, for the report that is to come."""
    await session.execute(JUDGE_AS_OF, {"report_id": report_id, "before": before, **values})


async def standings(session: AsyncSession, duties: Sequence[UUID]) -> Sequence[Standing]:
    """How these duties stand, and by what, as it is now."""
    found = select(Standing).where(col(Standing.duty_id).in_(duties))
    return (await session.exec(found.execution_options(populate_existing=True))).all()


async def to_judge_without(session: AsyncSession, limit: int) -> list[UUID]:
    """Some duties that are still judged by an absence that was set aside."""
    found = select(AbsenceSetAside.duty_id).where(~col(AbsenceSetAside.is_judged))
    return list((await session.exec(found.distinct().limit(limit))).all())


async def note_judged_without(session: AsyncSession, duties: Sequence[UUID]) -> None:
    """These duties are judged without what was set aside."""
    noted = update(AbsenceSetAside).where(col(AbsenceSetAside.duty_id).in_(duties))
    await session.execute(noted.values(is_judged=True))
