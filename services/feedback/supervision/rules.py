"""Who may do what to an order, and what it becomes: one table. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.feedback.deadlines.models import PolicyKind
from services.feedback.supervision.models import Cause, OrderState, Step, SupervisionOrder
from shared.errors import Forbidden, StateConflict, Text
from shared.identity import Caller
from shared.ids import public_code

READERS = ("officer", "reviewer", "auditor", "dispatcher", "supervisor")


class Action(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    ACCEPT = "accept"
    REJECT = "reject"


class Move(NamedTuple):
    """What an action makes of an order, who may do it, which clock it ends and which it starts."""

    to: OrderState
    roles: frozenset[str]
    step: Step
    meets: PolicyKind | None = None
    starts: PolicyKind | None = None


_DEPARTMENT, _SUPERVISOR = frozenset({"officer"}), frozenset({"supervisor"})
_ACKNOWLEDGE = Move(
    OrderState.ACKNOWLEDGED,
    _DEPARTMENT,
    Step.ACKNOWLEDGED,
    meets=PolicyKind.ORDER_ACKNOWLEDGE,
    starts=PolicyKind.ORDER_ANSWER,
)
_ANSWER = Move(OrderState.ANSWERED, _DEPARTMENT, Step.ANSWERED, meets=PolicyKind.ORDER_ANSWER)

MOVES: dict[tuple[OrderState, Action], Move] = {
    (OrderState.ISSUED, Action.ACKNOWLEDGE): _ACKNOWLEDGE,
    (OrderState.ACKNOWLEDGED, Action.ANSWER): _ANSWER,
    (OrderState.REJECTED, Action.ANSWER): _ANSWER,
    (OrderState.ANSWERED, Action.ACCEPT): Move(OrderState.ACCEPTED, _SUPERVISOR, Step.ACCEPTED),
    (OrderState.ANSWERED, Action.REJECT): Move(
        OrderState.REJECTED, _SUPERVISOR, Step.REJECTED, starts=PolicyKind.ORDER_ANSWER
    ),
}


def move_of(order: SupervisionOrder, action: Action, caller: Caller) -> Move:
    """The row of the table. Raises StateConflict or Forbidden."""
    move = MOVES.get((order.state, action))
    if move is None:
        raise StateConflict(
            Text(f"督办单现为“{order.state}”，不能这样办理", f"The order is {order.state}"),
            state=order.state,
            version=order.version,
        )
    if not caller.has(*move.roles):
        raise Forbidden
    return move


def may_see(caller: Caller, department_code: str) -> bool:
    """An officer sees the orders of the own departments; the others those of their places."""
    return caller.has(*READERS) and caller.at(department_code)


def departments_of(caller: Caller) -> frozenset[str] | None:
    """The departments whose orders the caller sees; None for all."""
    return None if "*" in caller.places else caller.places


def new_order(
    cause: Cause,
    department_code: str,
    *,
    level: int,
    day: date,
    now: datetime,
    bundled: bool,
) -> SupervisionOrder:
    """An issued order; a bundle takes further items of its cause, department, day and level."""
    return SupervisionOrder(
        number=f"DB-{day:%Y%m%d}-{public_code(length=6)}",
        bundle_key=f"{cause}:{department_code}:{day}:{level}" if bundled else None,
        cause=cause,
        department_code=department_code,
        level=level,
        issued_on=day,
        issued_at=now,
    )


def evidence_of(settled: Iterable[tuple[UUID, UUID | None]]) -> dict[UUID, list[UUID]]:
    """By order, the events that proved its causes gone; at most 100 of each."""
    found: dict[UUID, list[UUID]] = {}
    for order_id, event_id in _proven(settled):
        found.setdefault(order_id, []).append(event_id)
    return {order_id: events[:100] for order_id, events in found.items()}


def _proven(settled: Iterable[tuple[UUID, UUID | None]]) -> Iterator[tuple[UUID, UUID]]:
    return ((order_id, event_id) for order_id, event_id in settled if event_id is not None)
