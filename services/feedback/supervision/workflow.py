"""Who may do what to an order, and what it becomes: one table. Pure.

An order in which no cause stands any more closes itself; one left alone rises a level and is issued
anew.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.feedback.deadlines.models import PolicyKind
from services.feedback.supervision.models import Cause, OrderState, Step, SupervisionOrder
from shared.errors import Text
from shared.ids import public_code
from shared.security.identity import Caller
from shared.workflow import Workflow

NO_ORDER = Text("没有这张督办单，或不归您办理", "There is no such order among yours")
READERS = ("officer", "reviewer", "auditor", "dispatcher", "supervisor")


class Action(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    ACCEPT = "accept"
    REJECT = "reject"


class Move(NamedTuple):
    """What an action makes of an order, who may do it, which clock it ends and which it starts."""

    state: OrderState
    action: Action
    to: OrderState
    roles: frozenset[str]
    step: Step
    meets: PolicyKind | None = None
    starts: PolicyKind | None = None


_S, _A, _P = OrderState, Action, PolicyKind
_OFFICER, _SUPERVISOR = frozenset({"officer"}), frozenset({"supervisor"})

MOVES = (
    Move(_S.ISSUED, _A.ACKNOWLEDGE, _S.ACKNOWLEDGED, _OFFICER, Step.ACKNOWLEDGED,
         meets=_P.ORDER_ACKNOWLEDGE, starts=_P.ORDER_ANSWER),
    Move(_S.ACKNOWLEDGED, _A.ANSWER, _S.ANSWERED, _OFFICER, Step.ANSWERED, meets=_P.ORDER_ANSWER),
    Move(_S.REJECTED, _A.ANSWER, _S.ANSWERED, _OFFICER, Step.ANSWERED, meets=_P.ORDER_ANSWER),
    Move(_S.ANSWERED, _A.ACCEPT, _S.ACCEPTED, _SUPERVISOR, Step.ACCEPTED),
    Move(_S.ANSWERED, _A.REJECT, _S.REJECTED, _SUPERVISOR, Step.REJECTED, starts=_P.ORDER_ANSWER),
)  # fmt: skip
WORKFLOW = Workflow(
    MOVES,
    {
        _S.ISSUED: Text("已发出", "issued"),
        _S.ACKNOWLEDGED: Text("已签收", "acknowledged"),
        _S.ANSWERED: Text("已回复", "answered"),
        _S.REJECTED: Text("回复被退回", "answer rejected"),
        _S.ACCEPTED: Text("回复获认可", "answer accepted"),
        _S.CLOSED: Text("事由消除办结", "closed"),
    },
    {
        _A.ACKNOWLEDGE: Text("签收", "acknowledge"),
        _A.ANSWER: Text("回复", "answer"),
        _A.ACCEPT: Text("认可", "accept"),
        _A.REJECT: Text("退回", "reject"),
    },
    title=Text("督办单", "Supervision"),
    starts=[_S.ISSUED],
    columns={"meets": Text("了结时限", "meets"), "starts": Text("起算时限", "starts")},
)


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
