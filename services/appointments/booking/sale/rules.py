"""Why a time cannot be booked, in words that say when it can, and what there is instead. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.appointments.slots.models import SlotState
from services.appointments.slots.schemas import FreeSlot
from shared.clock import moment_en, moment_zh
from shared.errors import Conflict, Text

_NOTHING_NEAR = Text(
    "前后也没有别的空位，可以候补，或改天再看",
    "There is nothing else near it: wait for a place, or look again another day",
)
_LISTED = Text("请改选下面所列的时间", "please choose one of the times listed")
_ELSEWHERE = Text("前后没有别的空位，请改天再看", "nothing else near it is free: please look again")
_PAST = Text("这个时间已经过去", "That time is past")
_UNKNOWN_TIME = Text("没有从这个时间开始的号", "No appointment begins at this time")
_NO_LONGER = {
    SlotState.CLOSED: Text("这个时间已停止预约", "It can no longer be booked"),
    SlotState.WITHDRAWN: Text("这个时间已由大厅撤销", "The hall has taken this time back"),
}
"""Of what was on sale once."""


class NotOnSale(NamedTuple):
    """Why a slot cannot be booked now: its state, and when its places are released."""

    state: SlotState
    opens_at: datetime


class NamedTime(NamedTuple):
    """Whether anything begins at a time by which a visit was named; why that is not on sale, None
    if it is; and the last that is planned so far, if the day is behind it."""

    is_known: bool
    closed: NotOnSale | None
    planned_until: datetime | None


class SlotTaken(Conflict):
    """Member `alternatives`: the three free times nearest to the wanted one."""

    type = "/problems/slot-full"
    title = Text("这个时段已约满", "The slot is full")
    advice = Text(
        "可改选下面所列的时段，或稍后再看有没有退出的",
        "Choose one of the times listed, or look again later for a place given back",
    )


class SlotNotOnSale(Conflict):
    """Members `state` and `opens_at` of the slot, and `alternatives`; `opens_at` is null where
    nothing is planned for that day yet."""

    type = "/problems/slot-not-open"
    title = Text("这个时段现在不能预约", "The slot cannot be booked now")
    advice = Text(
        "可改选下面所列的时段；尚未放号的，请到放号时间再约",
        "Choose one of the times listed, or come back when the sale begins",
    )


class NoSuchTime(Conflict):
    """A visit was named by when it begins, and nothing begins then. Member `alternatives`."""

    type = "/problems/no-such-time"
    title = _UNKNOWN_TIME
    advice = Text(
        "可改选下面所列的时间，都是离它最近、现在可约的",
        "Choose one of the times listed: they are nearest to it, and free",
    )


def slot_taken(others: Sequence[FreeSlot]) -> SlotTaken:
    """The refusal of a full slot, with the times to offer instead."""
    return SlotTaken(None if others else _NOTHING_NEAR, alternatives=_shown(others))


def not_on_sale(closed: NotOnSale, others: Sequence[FreeSlot]) -> SlotNotOnSale:
    """The refusal of a slot that is not on sale (yet, or any more)."""
    detail = _onward(_NO_LONGER.get(closed.state), others)
    if closed.state is SlotState.PLANNED:
        detail = _to_come(closed.opens_at, others)
    return SlotNotOnSale(
        detail, state=closed.state, opens_at=closed.opens_at, alternatives=_shown(others)
    )


def not_at_time(
    seen: NamedTime, starts_at: datetime, others: Sequence[FreeSlot], now: datetime
) -> Conflict:
    """The refusal of a visit that was named by when it begins: it is past, nothing is planned for
    that day yet, nothing begins then, it is not on sale, or it is full."""
    if starts_at <= now:
        state, detail = SlotState.CLOSED, _onward(_PAST, others)
        opens_at = seen.closed and seen.closed.opens_at
        return SlotNotOnSale(detail, state=state, opens_at=opens_at, alternatives=_shown(others))
    if seen.closed is not None:
        return not_on_sale(seen.closed, others)
    if seen.is_known:
        return slot_taken(others)
    if seen.planned_until is not None:
        detail = _not_planned(seen.planned_until)
        return SlotNotOnSale(
            detail, state=SlotState.PLANNED, opens_at=None, alternatives=_shown(others)
        )
    nothing = None if others else _onward(_UNKNOWN_TIME, others)
    return NoSuchTime(nothing, alternatives=_shown(others))


def _to_come(opens_at: datetime, others: Sequence[FreeSlot]) -> Text:
    then = Text("，或改选下面所列的时段", ", or choose a time listed") if others else Text("", "")
    return Text(
        f"{moment_zh(opens_at)}放号，请届时再约{then.zh}",
        f"The sale begins at {moment_en(opens_at)}; come back then{then.en}",
    )


def _not_planned(last: datetime) -> Text:
    return Text(
        f"这一天还没有排出号来，目前排到{moment_zh(last)}，请过几天再看",
        f"Nothing is planned for that day yet, only up to {moment_en(last)}: please look again in "
        "a few days",
    )


def _onward(what: Text | None, others: Sequence[FreeSlot]) -> Text | None:
    """What it is, and what to do."""
    if what is None:
        return None
    then = _LISTED if others else _ELSEWHERE
    return Text(f"{what.zh}，{then.zh}", f"{what.en}: {then.en}")


def _shown(others: Sequence[FreeSlot]) -> list[dict[str, Any]]:
    return [other.model_dump(mode="json") for other in others]
