"""Duties in hand, judged by the pure rule, and what is written of their verdicts.

Who acts on one duty has read it and decides by `rules.judging`; what moves many duties at once is
judged where they stand (`statement.py`). Both write the same: standing, history, roll-up, events.

Verdicts have one order, that of their ids, so everybody takes the turn before they write any; in a
session that decides it is taken by the statement, before all else. What was read before the turn is
guarded by versions: that of the duty's standing, which is swapped, and that of what all verdicts go
by, which is held. Where one of them has changed all is decided anew.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import queries, service
from services.projects.auditing.models import JudgingBasis, Standing, Verdict, VerdictEvent
from services.projects.auditing.queries import MovedVerdict
from services.projects.auditing.rules import judging
from services.projects.auditing.rules.basis import Basis, FactOfMove, facts_of
from services.projects.auditing.rules.judging import RULE_VERSION, Judgement, judge
from shared import clock
from shared.database import versioned
from shared.messaging import outbox


class NamedDuty(NamedTuple):
    """A duty as its events name it."""

    duty_id: UUID
    unit_code: str
    unit_name: str
    project_code: str
    """Empty where it is about no project."""
    subject: str | None
    project_name: str
    item_code: str
    item_name: str
    due_on: date | None


class JudgedDuty(NamedTuple):
    """A standing as it is once it is written, and its line of the history, if it has one."""

    standing: Standing
    move: VerdictEvent | None


class _Move(NamedTuple):
    """A verdict that is given, and the one before it."""

    named: NamedDuty
    judgement: Judgement
    days: int | None
    """By how many days it is over, or would be."""
    from_verdict: Verdict | None = None
    from_over_by: int | None = None

    @property
    def is_one(self) -> bool:
        """Whether the history has a line for it."""
        now = (self.judgement.verdict, self.judgement.over_by)
        return (self.from_verdict, self.from_over_by) != now


async def hold(session: AsyncSession, basis: Basis) -> None:
    """What all verdicts go by stays as it was read. After the turn, as who changes it takes it."""
    await versioned.hold(session, JudgingBasis(version=basis.version))


def judgement(standing: Standing, changes: Mapping[str, Any], basis: Basis) -> Judgement:
    """How the duty stands with these columns changed."""
    return judge(facts_of(standing, changes), basis.day(by_days=standing.calendar_days))


def is_blamed(standing: Standing, changes: Mapping[str, Any], basis: Basis) -> bool:
    """Whether it is late or too early then, or would be once no ruling holds it."""
    return judging.is_blamed(facts_of(standing, changes), basis.day(by_days=standing.calendar_days))


async def judge_new(
    session: AsyncSession,
    made: Sequence[tuple[Standing, NamedDuty, Basis]],
    now: datetime,
    *,
    actor: str,
) -> None:
    """Give new duties their first verdict. Who calls has the turn, and what they stand on."""
    moves = []
    for standing, named, basis in made:
        given = judgement(standing, {}, basis)
        moves.append((_Move(named, given, _days(standing.due_ord, given, standing, basis)), basis))
        for name, value in _columns(given, now).items():
            setattr(standing, name, value)
        standing.version = 1
    session.add_all(standing for standing, _, _ in made)
    await session.flush()
    await _note(session, moves, now, actor, FactOfMove())


async def judge_changed(
    session: AsyncSession,
    standing: Standing,
    changes: Mapping[str, Any],
    named: NamedDuty,
    basis: Basis,
    now: datetime,
    *,
    actor: str,
    fact: FactOfMove,
) -> JudgedDuty:
    """Change these columns of a standing and judge the duty anew; who calls has the turn."""
    given = judgement(standing, changes, basis)
    due_ord = changes.get("due_ord", standing.due_ord)
    days = _days(due_ord, given, standing, basis)
    move = _Move(named, given, days, standing.verdict, standing.over_by)
    columns = {**changes, **_columns(given, now)}
    standing = await versioned.swap(session, standing, columns, state="verdict", follows=True)
    moved = await _note(session, [(move, basis)], now, actor, fact)
    return JudgedDuty(standing, next(iter(moved), None))


def _columns(given: Judgement, now: datetime) -> dict[str, Any]:
    values = {"verdict": given.verdict, "reason": given.reason, "over_by": given.over_by}
    return {**values, "judged_on": clock.today(now)}


def _days(due_ord: int | None, given: Judgement, standing: Standing, basis: Basis) -> int | None:
    if given.over_by is not None or due_ord is None:
        return given.over_by
    return basis.day(by_days=standing.calendar_days).now_ord - due_ord


async def _note(
    session: AsyncSession,
    moves: Sequence[tuple[_Move, Basis]],
    now: datetime,
    actor: str,
    fact: FactOfMove,
) -> list[VerdictEvent]:
    """The history, the roll-up and the events of verdicts that move; the lines of the history."""
    lines = [_line(move, basis, now, actor) for move, basis in moves if move.is_one]
    await queries.add_moves(session, lines, fact)
    await queries.change_tallies(session, *_tallies([move for move, _ in moves]))
    events = [
        event
        for move, basis in moves
        if move.from_verdict != move.judgement.verdict
        for event in service.events_of(_moved(move), clock.today(now), now, basis.calendar_version)
    ]
    await outbox.record_many(session, events)
    return lines


def _line(move: _Move, basis: Basis, now: datetime, actor: str) -> VerdictEvent:
    return VerdictEvent(
        duty_id=move.named.duty_id,
        unit_code=move.named.unit_code,
        from_verdict=move.from_verdict,
        to_verdict=move.judgement.verdict,
        over_by=move.judgement.over_by,
        reason=move.judgement.reason,
        as_of=clock.today(now),
        rule_version=RULE_VERSION,
        calendar_version=basis.calendar_version,
        actor=actor,
        judged_at=now,
    )


def _moved(move: _Move) -> MovedVerdict:
    return MovedVerdict(
        **move.named._asdict(),
        from_verdict=move.from_verdict,
        to_verdict=move.judgement.verdict,
        reason=move.judgement.reason,
        over_by=move.days,
    )


def _tallies(moves: Sequence[_Move]) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """By unit and verdict: how many duties more stand so, and how many days more they are over."""
    count: Counter[tuple[str, str]] = Counter()
    days: Counter[tuple[str, str]] = Counter()
    for move in moves:
        unit = move.named.unit_code
        if move.from_verdict is not None:
            count[unit, move.from_verdict] -= 1
            days[unit, move.from_verdict] -= move.from_over_by or 0
        count[unit, move.judgement.verdict] += 1
        days[unit, move.judgement.verdict] += move.judgement.over_by or 0
    return count, days
