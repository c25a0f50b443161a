"""What a person has stands against what is wanted: time, item and caps. Pure.

The booking statement refuses by the same tests in SQL; here is what it refused, in words.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from services.appointments.booking.models import AppointmentState
from services.appointments.booking.rules import AlreadyBooked
from services.appointments.booking.workflow import LIVE, STATES
from services.appointments.policies.rules import CapTerms
from services.appointments.slots.rules import SlotFacts
from shared.errors import Conflict, Text, counted


class OverlappingAppointment(Conflict):
    """Nobody is in two places at one time; what only touches does not overlap.

    Members `appointment_id`, `code`, `state`, `hall_code`, `item`, `starts_at` and `minutes` name
    the other to its owner and to the staff of its hall.
    """

    type = "/problems/overlapping-appointment"
    title = Text("同一时间已有预约", "There is an appointment at that time")
    advice = Text(
        "请改选不重叠的时段，或先取消、改约已有的预约",
        "Choose a time that does not overlap, or cancel or move the one there is",
    )


class TooManyAppointments(Conflict):
    """The caps of the hall that is booked; appointments at every hall count.

    Members `cap` (per_day, per_week, per_month or open_at_once), `limit` and `count`.
    """

    type = "/problems/too-many-appointments"
    title = Text("预约数已达上限", "There are as many appointments as the hall allows")
    advice = Text(
        "请改选别的日子，或先取消不需要的预约",
        "Choose another day, or cancel an appointment that is not needed",
    )


class KnownAppointment(NamedTuple):
    """What a person has, at whatever hall: its places are taken, whether kept or not."""

    id: UUID
    code: str
    state: AppointmentState
    hall_code: str
    citizen_key: str
    person_document: str | None
    person_phone: str | None
    item_code: str
    on_date: date
    starts_at: datetime
    minutes: int
    expires_at: datetime | None
    party_id: UUID | None = None
    person_no: int = 1

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


class Wanted(NamedTuple):
    """Items in a time, under the caps of the hall that is booked; `legs` is how many appointments
    it makes: a leg counts as one booked alone, so that a party is no way round a cap."""

    item_codes: Collection[str]
    on_date: date
    starts_at: datetime
    ends_at: datetime
    caps: CapTerms
    legs: int = 1


_PHONE_SHARED = Text(
    "您的手机号还有另一个账号或另一人在用，其预约也算在内：请双方都核验身份证号后再约，或到窗口办理",
    "Your phone number is used by another account or person too, whose appointments count here: "
    "have the ID numbers of both of you verified, or ask at a window",
)
_CAPS: dict[str, Text] = {
    "per_day": Text("同一天", "in one day"),
    "per_week": Text("同一周", "in one week"),
    "per_month": Text("同一个月", "in one month"),
    "open_at_once": Text("同时", "at any one time"),
}


def wanted(run: Sequence[SlotFacts], item: str, caps: CapTerms) -> Wanted:
    """The item in the slots, which follow one another."""
    first = run[0]
    minutes = sum(slot.minutes for slot in run)
    ends_at = first.starts_at + timedelta(minutes=minutes)
    return Wanted({item}, first.on_date, first.starts_at, ends_at, caps)


def refusal(
    theirs: Sequence[KnownAppointment],
    what: Wanted,
    now: datetime,
    may_see: Callable[[KnownAppointment], bool],
    *,
    is_own: bool = False,
) -> Conflict | None:
    """Why the person cannot have it besides what they have; None where nothing stands against it.

    The appointment in the way is named where `may_see` allows it. `is_own`: the person asks for
    themselves; what they may not see counts for them by their phone alone.
    """
    unseen = _PHONE_SHARED if is_own else None
    live = [one for one in theirs if one.state in LIVE]
    for one in live:
        if one.item_code in what.item_codes and one.on_date == what.on_date:
            return _already_booked(one) if may_see(one) else AlreadyBooked(unseen)
    for one in live:
        if _stands(one, now) and one.starts_at < what.ends_at and what.starts_at < one.ends_at:
            return _overlapping(one) if may_see(one) else OverlappingAppointment(unseen)
    over = _over_cap([one for one in theirs if _stands(one, now)], what)
    if over is None:
        return None
    return _too_many(over, None if all(map(may_see, over.counted)) else unseen)


def _stands(one: KnownAppointment, now: datetime) -> bool:
    """It is no hold that has run out, though no job has ended it yet."""
    return one.expires_at is None or one.expires_at > now


def _already_booked(present: KnownAppointment) -> AlreadyBooked:
    """Names the appointment to go on with, and how it stands."""
    state = STATES[present.state]
    detail = Text(
        f"已有预约 {present.code}（{state.zh}），请用它办理，或先取消、改约",
        f"Appointment {present.code} ({state.en}) is there already: use, cancel or move it",
    )
    return AlreadyBooked(
        detail, appointment_id=str(present.id), code=present.code, state=present.state.value
    )


def _overlapping(other: KnownAppointment) -> OverlappingAppointment:
    detail = Text(
        f"与预约 {other.code} 的时间重叠，请改选时段，或先取消、改约该预约",
        f"It overlaps with appointment {other.code}: choose another time, or cancel or move that",
    )
    return OverlappingAppointment(
        detail,
        appointment_id=str(other.id),
        code=other.code,
        state=other.state.value,
        hall_code=other.hall_code,
        item=other.item_code,
        starts_at=other.starts_at,
        minutes=other.minutes,
    )


class _OverCap(NamedTuple):
    cap: str
    limit: int
    counted: list[KnownAppointment]
    legs: int


def _over_cap(theirs: Sequence[KnownAppointment], what: Wanted) -> _OverCap | None:
    day, week = what.on_date, what.on_date.isocalendar()[:2]
    counted = {
        "per_day": [one for one in theirs if one.on_date == day],
        "per_week": [one for one in theirs if one.on_date.isocalendar()[:2] == week],
        "per_month": [
            one for one in theirs if (one.on_date.year, one.on_date.month) == (day.year, day.month)
        ],
        "open_at_once": [one for one in theirs if one.state in LIVE],
    }
    for cap, limit in what.caps._asdict().items():
        if limit is not None and len(counted[cap]) + what.legs > limit:
            return _OverCap(cap, limit, counted[cap], what.legs)
    return None


def _too_many(over: _OverCap, unseen: Text | None) -> TooManyAppointments:
    """`unseen`: what to add where not all that is counted is theirs to see."""
    period, limit, count = _CAPS[over.cap], over.limit, len(over.counted)
    zh = f"本大厅规定{period.zh}最多 {limit} 个预约（各大厅合计），您已有 {count} 个"
    en = (
        f"This hall allows at most {counted(limit, 'appointment')} {period.en}, at all halls"
        f" together, and you have {count}"
    )
    if over.legs > 1:
        zh, en = f"{zh}，这次的 {over.legs} 项各算一个", f"{en}; this visit makes {over.legs} more"
    if unseen is not None:
        zh, en = f"{zh}。{unseen.zh}", f"{en}. {unseen.en}"
    return TooManyAppointments(Text(zh, en), cap=over.cap, limit=limit, count=count)


class OfParty(Protocol):
    """Something that may have been booked together with others."""

    @property
    def id(self) -> UUID: ...
    @property
    def party_id(self) -> UUID | None: ...


def visits_of(appointments: Iterable[OfParty]) -> int:
    """How many visits they are: what was booked together and missed was missed once."""
    return len({one.party_id or one.id for one in appointments})
