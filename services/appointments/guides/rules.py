"""When the data of an item are consistent. Pure; the source is DOMAIN g.2 (local practice)."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from services.appointments.guides.models import CaseKind, OnlineDepth
from services.appointments.guides.schemas import ItemTerms
from shared.errors import Invalid, Text


class Offer(NamedTuple):
    """What booking must know about an item at a hall."""

    code: str
    guide_version: int
    by_appointment: bool
    valid_from: date
    valid_to: date | None
    standard_minutes: int
    has_window: bool
    """Whether a window of the hall in use serves it."""


def is_served(offer: Offer | None, on: date) -> bool:
    """Whether the hall can see anybody for the item on that day, by appointment or not."""
    return (
        offer is not None
        and offer.has_window
        and offer.valid_from <= on
        and (offer.valid_to is None or on <= offer.valid_to)
    )


def why_not_bookable(offer: Offer | None, on: date) -> Text | None:
    """Why the item cannot be booked at the hall for that day; None if it can.

    The one place that decides it: for what is listed, what is held, and what a rule may offer.
    """
    if offer is None:
        return Text("没有这个事项", "There is no such item")
    if not offer.by_appointment:
        return Text(
            "这个事项不用预约，请直接到大厅取号",
            "This item takes no appointments; please take a ticket at the hall",
        )
    if on < offer.valid_from:
        return Text(
            f"这个事项从 {offer.valid_from} 起办理", f"This item starts on {offer.valid_from}"
        )
    if offer.valid_to is not None and on > offer.valid_to:
        return Text(f"这个事项办理到 {offer.valid_to} 为止", f"This item ended on {offer.valid_to}")
    if not offer.has_window:
        return Text("本大厅没有窗口办理这个事项", "No window of this hall serves this item")
    return None


_ONLINE = (OnlineDepth.ACCEPTANCE, OnlineDepth.END_TO_END)


def inconsistencies(terms: ItemTerms) -> Iterator[tuple[str, Text]]:
    """The fields that contradict others, with what to do; none when the item may be stored."""
    if terms.valid_to is not None and terms.valid_to < terms.valid_from:
        yield "valid_to", Text("结束日期不能早于开始日期", "Must not be before it begins")
    if terms.case_kind is CaseKind.PROMISED and not terms.promised_limit:
        yield (
            "promised_limit",
            Text("承诺件须写明承诺办结时限，且不能为零", "A promised case needs a promised limit"),
        )
    yield from _about_visits(terms)
    for name in ("legal_limit", "promised_limit"):
        if (getattr(terms, name) is None) != (getattr(terms, f"{name}_unit") is None):
            yield f"{name}_unit", Text("时限与单位须同时填写", "A limit and its unit go together")
    if terms.legal_limit_unit is terms.promised_limit_unit and (terms.promised_limit or 0) > (
        terms.legal_limit if terms.legal_limit is not None else 1_000_000
    ):
        yield (
            "promised_limit",
            Text("承诺时限不能长于法定时限", "The promise may not exceed the statutory limit"),
        )


def _about_visits(terms: ItemTerms) -> Iterator[tuple[str, Text]]:
    if terms.visits_needed > 0 and not terms.visits_reason.strip():
        yield (
            "visits_reason",
            Text("到现场次数不为零时须说明原因", "Visits that are needed need a reason"),
        )
    if terms.online_depth is OnlineDepth.END_TO_END and terms.visits_needed > 0:
        yield (
            "visits_needed",
            Text("全程网办的事项到现场次数应为零", "Handled online end to end means no visit"),
        )
    if terms.visits_needed == 0 and terms.online_depth not in _ONLINE and not terms.by_post:
        yield (
            "by_post",
            Text("不到现场又不能网办的事项须支持快递", "No visit and not online: accept by post"),
        )


def ensure_consistent(terms: ItemTerms) -> None:
    """Raises Invalid that names the first field that contradicts another."""
    for name, text in inconsistencies(terms):
        raise Invalid(text, pointer=f"/body/{name}")


PAST = Text(
    "生效日期不能早于今天；不写则立即生效",
    "It cannot come into force before today; leave it out for at once",
)


def is_past(valid_from: date | None, today: date) -> bool:
    """Whether a guide should have come into force before it was published."""
    return valid_from is not None and valid_from < today


def ensure_not_past(valid_from: date | None, today: date) -> None:
    """Raises Invalid for such a one."""
    if is_past(valid_from, today):
        raise Invalid(PAST, pointer="/body/valid_from")
