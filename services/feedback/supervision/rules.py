"""Who may see an order, how one begins, and what proved its causes gone. Pure."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.feedback.supervision.models import Cause, SupervisionOrder
from shared.errors import Text
from shared.ids import public_code
from shared.security.identity import Caller

NO_ORDER = Text("没有这张督办单，或不归您办理", "There is no such order among yours")
READERS = ("officer", "reviewer", "auditor", "dispatcher", "supervisor")


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


def evidence_of(settled: Iterable[Evidence]) -> dict[UUID, list[UUID]]:
    """By order, the events that proved its causes gone."""
    found: dict[UUID, list[UUID]] = {}
    for item in settled:
        if item.event_id is not None:
            found.setdefault(item.order_id, []).append(item.event_id)
    return found
