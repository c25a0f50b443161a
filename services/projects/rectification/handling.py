"""What the unit and the auditors do to an order; what needs two persons is first proposed."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.projects.duties import service as duties
from services.projects.duties.models import PublicationFact
from services.projects.named_addresses import service as named_addresses
from services.projects.portals.soon import run_soon
from services.projects.rectification import queries, rules, service, terms
from services.projects.rectification.events import RectificationAnswered, RectificationClosed
from services.projects.rectification.models import (
    Closing,
    RectificationAction,
    RectificationSweep,
    ReplyKind,
)
from services.projects.rectification.queries import RectificationRow
from services.projects.rectification.schemas import RectificationReason, RectificationReply
from services.projects.rectification.workflow import WORKFLOW, RectificationMove
from shared import clock
from shared.database.deciding import DecidingSession
from shared.database.versioned import hold, swap
from shared.errors import NotFound
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse as stand_in_the_way


class RectificationHandler(NamedTuple):
    """Who takes a step of an order, when, and which version they have seen."""

    session: DecidingSession
    caller: Caller
    now: datetime
    version: int | None


async def acknowledge(by: RectificationHandler, order_id: UUID) -> RectificationRow:
    """The unit has received it. Raises NotFound, or StateConflict."""
    row = await _own(by, order_id)
    return await _take(by, row, _move(by, row, RectificationAction.ACKNOWLEDGE), {}, {})


async def reply(
    by: RectificationHandler, order_id: UUID, given: RectificationReply
) -> RectificationRow:
    """The unit says what it has done. It proves nothing: the collector reads its portals next.

    Raises NotFound, StateConflict, or Invalid where the reply does not name what it is about.
    """
    rules.ensure_named(
        given.url,
        given.document,
        wants_url=given.kind is ReplyKind.ADDRESS,
        wants_document=given.kind is ReplyKind.DOCUMENT,
    )
    row = await _own(by, order_id)
    move = _move(by, row, RectificationAction.REPLY)
    words = {"reply_kind": given.kind, **given.model_dump(include={"url", "document", "text"})}
    row = await _take(by, row, move, {"replied_by": by.caller.sub}, words)
    unit = row.order.unit_code
    await run_soon(by.session, unit, by.now)
    if given.url is not None:
        planned = await named_addresses.name(by.session, unit, given.url, by.now)
        row = row._replace(recapture=planned)
    await service.publish(by.session, row, RectificationAnswered, by.now, kind=given.kind)
    return row


async def give_back(
    by: RectificationHandler, order_id: UUID, why: RectificationReason
) -> RectificationRow:
    """The reply settles nothing: the unit has a further term. Raises NotFound, StateConflict, or
    FourEyes for who replied."""
    row = await _seen(by, order_id)
    move = _move(by, row, RectificationAction.RETURN)
    rules.ensure_not_theirs(row.order, row.repliers, by.caller)
    return await _take(by, row, move, {}, {"text": why.reason})


async def refuse(
    by: RectificationHandler, order_id: UUID, why: RectificationReason
) -> RectificationRow:
    """What one person has proposed is not done: another does not agree, or who proposed it has
    thought again. Raises NotFound, FourEyes for who replied, or StateConflict, also where nothing
    is proposed."""
    row = await _seen(by, order_id)
    move = _move(by, row, RectificationAction.REFUSE)
    if move.of_proposal and row.order.proposal is None:
        stand_in_the_way(row.order.state, row.order.version, rules.NO_PROPOSAL)
    rules.ensure_not_theirs(row.order, row.repliers, by.caller)
    return await _take(by, row, move, {}, {"text": why.reason})


async def end(
    by: RectificationHandler, order_id: UUID, action: RectificationAction, why: RectificationReason
) -> RectificationRow:
    """Close or revoke the order: the first person proposes it, another does it.

    One that is proven is closed at once. Raises NotFound, StateConflict, or FourEyes.
    """
    row = await _seen(by, order_id)
    move = _move(by, row, action)
    assert move.first is not None
    if move.closing is Closing.EXPLAINED and (proof := await _proof(by, row)) is not None:
        proven = WORKFLOW[row.order.state, RectificationSweep.PROVE]
        # It counts all that was observed: a page that is taken back meanwhile proves nothing.
        await hold(by.session, queries.standing_of(row))
        return await _end(by, row, proven, why.reason, proof)
    if row.order.proposal is action:
        rules.ensure_another(row.order, row.repliers, by.caller)
        return await _end(by, row, move, why.reason)
    rules.ensure_not_theirs(row.order, row.repliers, by.caller)
    proposed = {"proposal": action, "first_by": by.caller.sub}
    return await _take(
        by, row, WORKFLOW[row.order.state, move.first], proposed, {"text": why.reason}
    )


async def _proof(by: RectificationHandler, row: RectificationRow) -> PublicationFact | None:
    order = row.order
    facts = await duties.facts_of(by.session, [order.duty_id])
    return rules.proof_of(
        order.cause, order.missing_elements, order.issued_at, facts.get(order.duty_id, ())
    )


async def _end(
    by: RectificationHandler,
    row: RectificationRow,
    move: RectificationMove,
    reason: str,
    proof: PublicationFact | None = None,
) -> RectificationRow:
    ended = service.ended(move, by.now, by.caller.sub, proof)
    row = service.with_proof(await _take(by, row, move, ended, {"text": reason}), proof)
    await service.publish(by.session, row, RectificationClosed, by.now, **service.how_it_ended(row))
    return row


async def _own(by: RectificationHandler, order_id: UUID) -> RectificationRow:
    """The same for what only the unit itself does. Raises NotFound for others."""
    row = await _seen(by, order_id)
    if not by.caller.at(row.order.unit_code):
        raise NotFound
    return row


async def _seen(by: RectificationHandler, order_id: UUID) -> RectificationRow:
    """The order as the caller saw it; who names no version wants it as it is after whatever is
    just being done to it."""
    row = await service.find(by.session, order_id, by.caller)
    if by.version is None:
        by.session.statement.wait_for(row.order)
    versions.ensure(by.version, version=row.order.version, state=row.order.state)
    return row


def _move(
    by: RectificationHandler, row: RectificationRow, action: RectificationAction
) -> RectificationMove:
    return WORKFLOW.take(row.order.state, row.order.version, action, by.caller.roles)


async def _take(
    by: RectificationHandler,
    row: RectificationRow,
    move: RectificationMove,
    changes: dict[str, Any],
    words: dict[str, Any],
) -> RectificationRow:
    """Write the step with the terms that begin with it. What was proposed before is so no more,
    once something else is done."""
    dropped: dict[str, Any] = {}
    if not move.closing:
        dropped = {"proposal": None, "first_by": None, **await _terms(by, move)}
    order = await swap(by.session, row.order, {"state": move.to, **dropped, **changes})
    row = row._replace(order=order)
    await service.note(by.session, row, move.step, by.now, by.caller.sub, **words)
    return row


async def _terms(by: RectificationHandler, move: RectificationMove) -> dict[str, Any]:
    if not (move.further_term or move.waits):
        return {**terms.NO_REVIEW}
    return terms.begun(move, await queries.term_basis(by.session), clock.today(by.now))
