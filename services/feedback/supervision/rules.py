"""Who may see an order, how one begins, what proved its causes gone, what still stands. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.feedback.supervision.models import Cause, SupervisionOrder
from shared.errors import Conflict, Text, counted
from shared.ids import public_code
from shared.security.identity import Caller

NO_ORDER = Text(
    "没有这张督办单，或不归您办理；请从督办单列表中查找",
    "There is no such order among yours; please look for it in the list of orders",
)
READERS = ("officer", "reviewer", "auditor", "dispatcher", "supervisor")


NAMED = 20
"""Items that still stand and are named in a refusal; the order's list has all of them."""


class ItemsStand(Conflict):
    """Members: `unfinished`, the first items that still stand, and `open_item_count`."""

    type = "/problems/items-stand"
    title = Text("督办事项尚未完成", "What the order demands is not done yet")
    advice = Text(
        "请等事项办结后再认可；确须现在认可的，请写明理由；也可以退回重办",
        "Accept it once the items are done, give the reason for accepting it now, or reject it",
    )


class StandingItem(NamedTuple):
    """An item of an order whose cause is not gone."""

    id: UUID
    cause: Cause
    cause_id: UUID
    due_on: date | None
    project_name: str | None
    item_name: str | None


class Evidence(NamedTuple):
    """An item's order, and the event that proved its cause gone, if one did."""

    order_id: UUID
    event_id: UUID | None


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


def ensure_done(standing: Sequence[StandingItem], reason: str | None) -> None:
    """Raises ItemsStand where the cause of an item is not gone and nothing says why that is well:
    that it was done is not taken from the department's word alone.
    """
    if not standing or reason is not None:
        return
    first = sorted(standing, key=lambda item: (item.due_on or date.max, item.id))[:NAMED]
    named = [f"{item.project_name} {item.item_name}" for item in first if item.item_name]
    left, names = len(standing), "、".join(named[:3])
    raise ItemsStand(
        Text(
            f"还有 {left} 项没有完成{'：' + names if names else ''}。{ItemsStand.advice.zh}",
            f"{counted(left, 'item')} not done{': ' + names if names else ''}."
            f" {ItemsStand.advice.en}",
        ),
        unfinished=[_unfinished(item) for item in first],
        open_item_count=left,
    )


def _unfinished(item: StandingItem) -> dict[str, str | None]:
    return {
        "id": str(item.id),
        "cause": str(item.cause),
        "cause_id": str(item.cause_id),
        "due_on": item.due_on.isoformat() if item.due_on else None,
        "project_name": item.project_name,
        "item_name": item.item_name,
    }


def evidence_of(settled: Iterable[Evidence]) -> dict[UUID, list[UUID]]:
    """By order, the events that proved its causes gone."""
    found: dict[UUID, list[UUID]] = {}
    for item in settled:
        if item.event_id is not None:
            found.setdefault(item.order_id, []).append(item.event_id)
    return found
