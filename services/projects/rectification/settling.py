"""What follows without anybody doing it: proof closes an order, a finding that no longer counts
lifts it, one whose proof is taken back goes back to its unit, and one that is left alone rises
until it becomes a supervision order.

Each turn locks some orders with their standing, decides on all of them, and writes them together.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.duties import service as duties
from services.projects.duties.models import PublicationFact
from services.projects.rectification import queries, rules, service, terms
from services.projects.rectification.events import (
    RectificationClosed,
    RectificationEscalated,
    RectificationReopened,
)
from services.projects.rectification.models import (
    HIGHEST_LEVEL,
    RectificationSweep,
)
from services.projects.rectification.queries import RectificationRow, TermBasis
from services.projects.rectification.workflow import WORKFLOW, RectificationMove
from shared import clock
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security import audit_log

WATCH = "rectification-watch"
BATCH = 200
TAKEN_BACK = "所依据的网页已被认定不是这项信息的公开，整改证明不再成立，请继续整改"
"""What the history says of an order whose proof was taken back; people read it in the language of
their notice, as the words of auditors beside it."""

Facts = dict[UUID, list[PublicationFact]]


class _Swept(NamedTuple):
    """An order as it is to be written, by which row of the table, and what is published of it."""

    row: RectificationRow
    move: RectificationMove
    event: Addressed | None
    words: str | None = None


async def settle(session: AsyncSession, now: datetime) -> int:
    """Look at some open orders of whose duty something has changed; how many were looked at."""
    found = await queries.unsettled(session, BATCH)
    facts = await duties.facts_of(session, [row.order.duty_id for row in found])
    swept = [each for row in found if (each := _settled(row, facts, now)) is not None]
    await _write(session, swept, now)
    await queries.note_looked_at(session, found)
    return len(found)


def _settled(row: RectificationRow, facts: Facts, now: datetime) -> _Swept | None:
    """The order at its end, by proof or with its finding; None while it goes on."""
    order, known = row.order, facts.get(row.order.duty_id, ())
    named = (order.cause, order.missing_elements, order.issued_at, known)
    proof = rules.proof_of(*named)
    was_cured = rules.was_cured_before(*named)
    is_lifted = rules.is_lifted(order.cause, row.verdict, row.hold, was_cured=was_cured)
    if proof is None and not is_lifted:
        return None
    move = WORKFLOW[order.state, RectificationSweep.PROVE if proof else RectificationSweep.LIFT]
    row = _moved(service.with_proof(row, proof), move, service.ended(move, now, WATCH, proof))
    event = service.addressed(row, RectificationClosed, now, **service.how_it_ended(row))
    return _Swept(row, move, event)


async def look_again(session: AsyncSession, now: datetime) -> int:
    """Look again at some orders that were closed by proof and of whose duty something has changed
    since; how many. One whose proof was taken back is proven by another page, or goes back; of
    several of one duty the last goes back, for a duty has one open order."""
    found = await queries.proven_before(session, BATCH)
    if not found:
        return 0
    facts = await duties.facts_of(session, [row.order.duty_id for row in found])
    by = await queries.term_basis(session)
    swept, others = dict[UUID, _Swept](), list[RectificationRow]()
    for row in sorted(found, key=_ended, reverse=True):
        order, known = row.order, facts.get(row.order.duty_id, ())
        if rules.still_proves(order.proof_fact_id, known):
            continue
        proof = rules.proof_of(order.cause, order.missing_elements, order.issued_at, known)
        if proof is None and order.duty_id not in swept:
            swept[order.duty_id] = _reopened(row, by, now)
        elif proof is not None:
            changes = {"proof_fact_id": proof.id}
            others.append(row._replace(order=terms.changed(order, changes)))
    await _write(session, [*swept.values()], now)
    await _write_proofs(session, others, now)
    again = {each.row.order.id for each in swept.values()}
    await queries.note_looked_at(session, [row for row in found if row.order.id not in again])
    return len(found)


def _ended(row: RectificationRow) -> tuple[datetime, UUID]:
    assert row.order.ended_at is not None
    return row.order.ended_at, row.order.id


def _reopened(row: RectificationRow, by: TermBasis, now: datetime) -> _Swept:
    """The order at its unit again; it is looked at anew, for its finding may be lifted by now."""
    move = WORKFLOW[row.order.state, RectificationSweep.REOPEN]
    nothing = dict.fromkeys(
        (
            *("closing", "ended_at", "ended_by", "proof_fact_id"),
            *("proposal", "first_by", "looked_at"),
        )
    )
    row = _moved(row, move, {**nothing, **_begun(move, by, now)})
    event = service.addressed(row, RectificationReopened, now, url=row.proof_url)
    return _Swept(row, move, event, TAKEN_BACK)


async def escalate(session: AsyncSession, now: datetime) -> int:
    """Raise some orders that were left alone, or have them supervised; how many."""
    today, by = clock.today(now), await queries.term_basis(session)
    days = by.policy.review_days
    await queries.begin_reviews(session, today, days, rules.due_on(today, days, by.calendar))
    found = await queries.left_alone(session, today, rules.FAULTS, BATCH)
    await _write(session, [_raised(row, by, now) for row in found], now)
    return len(found)


def _raised(row: RectificationRow, by: TermBasis, now: datetime) -> _Swept:
    """The order a level up; on the highest one it is to be supervised, which is published once."""
    order, dropped = row.order, {"proposal": None, "first_by": None}
    is_highest = order.level >= HIGHEST_LEVEL
    sweep = RectificationSweep.ESCALATE if is_highest else RectificationSweep.RAISE
    move = WORKFLOW[order.state, sweep]
    changes = {**dropped, **_begun(move, by, now)}
    if not is_highest:
        return _Swept(_moved(row, move, {**changes, "level": order.level + 1}), move, None)
    row = _moved(row, move, {**changes, "escalated_at": order.escalated_at or now})
    names = {name: getattr(row, name) for name in ("unit_name", "project_name", "item_name")}
    event = service.addressed(row, RectificationEscalated, now, **names)
    return _Swept(row, move, None if order.escalated_at else event)


def _begun(move: RectificationMove, by: TermBasis, now: datetime) -> dict[str, Any]:
    return terms.begun(move, by, clock.today(now))


def _moved(
    row: RectificationRow, move: RectificationMove, changes: dict[str, Any]
) -> RectificationRow:
    return row._replace(order=terms.changed(row.order, {"state": move.to, **changes}))


async def _write(session: AsyncSession, swept: Sequence[_Swept], now: datetime) -> None:
    """All of them with their history, audit log and events; the orders are locked."""
    if not swept:
        return
    await queries.put(session, [each.row.order for each in swept])
    session.add_all(
        service.step_line(each.row.order, each.move.step, now, WATCH, text=each.words)
        for each in swept
    )
    for step in sorted({each.move.step for each in swept}):
        entries = [service.audit_entry(each.row.order) for each in swept if each.move.step is step]
        await audit_log.write_many(session, WATCH, f"rectification.{step}", entries, now)
    await outbox.record_many(session, [each.event for each in swept if each.event is not None])


async def _write_proofs(
    session: AsyncSession, proven: Sequence[RectificationRow], now: datetime
) -> None:
    """Orders that another page proves by now: they stay closed."""
    if proven:
        await queries.put(session, [row.order for row in proven])
        entries = [service.audit_entry(row.order) for row in proven]
        await audit_log.write_many(session, WATCH, "rectification.proven_anew", entries, now)
