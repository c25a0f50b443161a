"""Runs of slots that follow one another, long enough for an item. Pure."""

from collections.abc import Sequence
from uuid import UUID

from services.appointments.guides.rules import Offer
from services.appointments.slots.rules import SlotFacts, follow_one_another
from services.appointments.slots.schemas import FreeSlot
from shared.errors import Conflict, Invalid, Text, counted

_NO_SLOT = Text("没有这个时段，请重新查询可约时间", "No such slot; please look up free times again")


class NotEnoughTime(Conflict):
    """Member `alternatives`: the three nearest times at which the item's minutes fit."""

    type = "/problems/not-enough-time"
    title = Text("这个时段起办不完这个事项", "There is not enough time for this item then")
    advice = Text(
        "可改选下面所列的时段，都排得下这个事项",
        "Choose one of the times listed: the item fits at each of them",
    )


def not_enough_time(minutes: int, others: Sequence[FreeSlot]) -> NotEnoughTime:
    """The refusal of a time too late for the item, with the times to offer instead."""
    return NotEnoughTime(
        Text(
            f"这个事项约需 {minutes} 分钟，从这个时段起排不下",
            f"This item takes {counted(minutes, 'minute')}, more than is left from then on",
        ),
        alternatives=[other.model_dump(mode="json") for other in others],
    )


def lengthened(
    run: Sequence[SlotFacts], following: Sequence[SlotFacts], offer: Offer
) -> list[SlotFacts] | None:
    """The run, and of the slots after it as many as the item needs; None if there are too few."""
    whole = list(run)
    for slot in following:
        if sum(each.minutes for each in whole) >= offer.standard_minutes:
            break
        if not follow_one_another([whole[-1], slot]) or offer.code not in slot.item_codes:
            break
        whole.append(slot)
    return whole if sum(each.minutes for each in whole) >= offer.standard_minutes else None


def ensure_known(slots: Sequence[SlotFacts], wanted: Sequence[UUID]) -> list[SlotFacts]:
    """The wanted slots. Raises Invalid for the first that is none of `slots`."""
    known = {slot.id: slot for slot in slots}
    if missing := [place for place, slot in enumerate(wanted) if slot not in known]:
        raise Invalid(_NO_SLOT, pointer=f"/body/slot_ids/{missing[0]}")
    return [known[slot] for slot in wanted]


def ensure_run(slots: Sequence[SlotFacts], wanted: Sequence[UUID], item: str) -> list[SlotFacts]:
    """The wanted slots in order of time. Raises Invalid, naming the field.

    They must exist (`slots` are those open to the caller), serve the item, and follow one another.
    """
    run = sorted(ensure_known(slots, wanted), key=lambda slot: slot.starts_at)
    if len({slot.hall_code for slot in run}) > 1 or not follow_one_another(run):
        raise Invalid(
            Text("几个时段必须首尾相接", "The slots must follow one another"),
            pointer="/body/slot_ids",
        )
    if any(item not in slot.item_codes for slot in run):
        raise Invalid(
            Text("这个时段不办理该事项", "This item is not handled in these slots"),
            pointer="/body/item_code",
        )
    return run
