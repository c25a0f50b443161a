"""What stands against waiting, and what an answer to an offer is. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from services.appointments.booking.models import AppointmentState
from services.appointments.slots.schemas import FreeSlot
from services.appointments.waitlist.workflow import WaitlistAction
from shared.errors import Conflict, Text


class AlreadyWaiting(Conflict):
    """One place in line a person, hall and item; `waitlist_id` names it to whose it is."""

    type = "/problems/already-waiting"
    title = Text("这个事项已在候补", "This matter is waited for already")
    advice = Text(
        "想换日期的，先退出原来的候补，再重新候补",
        "For other days, leave the line first and join it again",
    )


class PlacesFree(Conflict):
    """Member `alternatives`: the first three free times that are wanted."""

    type = "/problems/places-free"
    title = Text("现在就有空位，不用候补", "There are free times: nobody need wait")
    advice = Text("请直接预约下面所列的时段", "Please book one of the times listed")


def already_waiting(key: UUID | None) -> AlreadyWaiting:
    """The refusal; it names the place in line to those whose it is."""
    return AlreadyWaiting() if key is None else AlreadyWaiting(waitlist_id=str(key))


def places_free(times: Sequence[FreeSlot]) -> PlacesFree:
    """The refusal, with the times to book instead."""
    return PlacesFree(alternatives=[one.model_dump(mode="json") for one in times[:3]])


def within(
    zone: ZoneInfo, not_before: time | None, not_after: time | None
) -> Callable[[datetime], bool]:
    """Whether a start is at one of the hours that are wanted."""

    def is_wanted(starts_at: datetime) -> bool:
        begins = starts_at.astimezone(zone).time()
        return (not_before is None or begins >= not_before) and (
            not_after is None or begins <= not_after
        )

    return is_wanted


def answered(
    state: AppointmentState, version: int, expires_at: datetime | None, now: datetime
) -> WaitlistAction | None:
    """What the person made of the offer, by the appointment that is it; None: nothing yet.

    A hold that was ended in its first change was declined; one that was confirmed before was
    accepted, whatever became of it since.
    """
    if state is AppointmentState.HELD:
        ran_out = expires_at is not None and expires_at <= now
        return WaitlistAction.LET_PASS if ran_out else None
    if state is AppointmentState.EXPIRED:
        return WaitlistAction.LET_PASS
    if version <= 2 and state is AppointmentState.CANCELLED:
        return WaitlistAction.DECLINE
    if version <= 2 and state is AppointmentState.CANCELLED_BY_HALL:
        return WaitlistAction.RECALL
    return WaitlistAction.ACCEPT
