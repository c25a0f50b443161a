"""What may happen to an appointment, and when. Pure: no clock, no database."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from random import SystemRandom
from typing import NamedTuple, Protocol
from uuid import UUID

from services.appointments.people.rules import Named, Person
from shared.clock import moment_en, moment_zh
from shared.errors import Conflict, Forbidden, NotFound, Text, counted
from shared.security.identity import Caller

_HAS_BEGUN = Text(
    "预约时间已到，不能再取消或改约，请联系大厅", "Its time has come: please contact the hall"
)
RELEASED_AFTER_MINUTES = 10
"""Who is not there so long after their time began leaves what it was kept for to whoever is: to
walk-ins, in the forecast and in how many of them a day has tickets for."""


class Place(NamedTuple):
    """A slot in which an appointment has a place."""

    id: UUID
    starts_at: datetime
    minutes: int


class InHall(Named, Protocol):
    """Something of a person that belongs to a hall."""

    @property
    def hall_code(self) -> str: ...


class BarringPenalty(NamedTuple):
    """Why a person cannot book at a hall, and until when."""

    id: UUID
    hall_code: str
    citizen_key: str
    person_document: str | None
    person_phone: str | None
    blocked_until: datetime


class Draft(NamedTuple):
    """An appointment as the booking statement takes it, with its event and its answer."""

    id: UUID
    code: str
    hall_code: str
    item_code: str
    pool: str
    citizen_key: str
    person_document: str | None
    person_phone: str | None
    booked_by: str
    on_date: date
    starts_at: datetime
    minutes: int
    guide_version: int
    policy_version: int
    cap_per_day: int | None
    cap_per_week: int | None
    cap_per_month: int | None
    cap_open_at_once: int | None
    expires_at: datetime
    idem_key: str | None
    idem_route: str | None
    idem_hash: str | None
    answer: str
    event_id: UUID
    event_subject: str
    event_body: bytes
    traceparent: str | None
    name_sealed: str | None
    phone_sealed: str | None
    id_number_sealed: str | None
    own_name_sealed: str | None
    own_phone_sealed: str | None


class BookingOutcome(StrEnum):
    """What became of a request to book."""

    HELD = "held"
    KNOWN = "known"
    BARRED = "barred"
    CAPPED = "capped"
    OVERLAPPING = "overlapping"
    OVER_CAP = "over_cap"
    FULL = "full"
    AGAIN = "again"


class HoldRow(NamedTuple):
    """The statement's row for a draft; `room_left` tells of a full one that it may try again."""

    outcome: BookingOutcome
    answer: str | None
    request_hash: str | None
    room_left: bool


class AlreadyBooked(Conflict):
    """The cap: one live appointment a person, item and day.

    Members `appointment_id`, `code` and `state` name it to its owner and to the staff of its hall.
    """

    type = "/problems/already-booked"
    title = Text(
        "同一事项同一天已有预约",
        "There is an appointment for this matter on that day",
    )
    advice = Text(
        "先取消或改约已有的预约，再约新的", "Cancel or move the one there is before booking another"
    )


class BookingBarred(Forbidden):
    """Too many no-shows at this hall.

    Members `penalty_id` and `blocked_until` for the person and the staff of the hall.
    """

    type = "/problems/booking-barred"
    title = Text(
        "因多次失约，暂不能在本大厅预约",
        "After several no-shows you cannot book at this hall for now",
    )
    advice = Text(
        "可到大厅窗口取号办理；认为有误的，可在“失约限制”中申诉",
        "Take a ticket at the hall; if this is wrong, appeal against the penalty",
    )


class ContactUnknown(NotFound):
    """The person booked with an account and left no contact: only the sign-in service has it, and
    hands nobody's out."""

    type = "/problems/contact-unknown"
    title = Text("没有本人的联系方式", "There is no contact of the person")
    advice = Text(
        "本人用账号预约，没有留下联系方式；请直接改约，或写明理由后取消，本人会在“我的预约”中看到新的时间或理由",
        "It was booked with an account and no contact was left: please move it, or cancel it with "
        "the reason; the person sees the new time or the reason among their appointments",
    )


class TooLate(Conflict):
    type = "/problems/too-late"
    title = Text("已过办理期限", "It is too late for this")
    advice = Text("请联系大厅，或到现场取号", "Please contact the hall, or take a ticket there")


class TooEarly(Conflict):
    """Member `opens_at`: when check-in begins."""

    type = "/problems/too-early"
    title = Text("还没到签到时间", "It is too early to check in")
    advice = Text("请等开始签到后再来", "Please come back when check-in has begun")


def may_see(me: Person, caller: Caller, thing: InHall) -> bool:
    """Whether it is the caller's own, or of a hall where the caller works; `me` is the caller."""
    return me.owns(thing) or caller.at(thing.hall_code)


def barred(penalty: BarringPenalty) -> BookingBarred:
    """The refusal that names the penalty to appeal against, and until when it bars."""
    return BookingBarred(
        Text(
            f"限制到{moment_zh(penalty.blocked_until)}为止，其间可到大厅窗口取号办理；认为有误的，可以申诉",
            f"This lasts until {moment_en(penalty.blocked_until)}; until then take a ticket at the "
            "hall, and if it is wrong, appeal against the penalty",
        ),
        penalty_id=str(penalty.id),
        blocked_until=penalty.blocked_until,
    )


def ensure_changeable(
    starts_at: datetime,
    until_minutes: int,
    booked_at: datetime,
    grace_minutes: int,
    now: datetime,
    regained_at: datetime | None = None,
) -> None:
    """Raises TooLate when a citizen may no longer cancel or move.

    Whoever books late may think again: so long after booking it is never too late. So may whoever
    was given back the time that the hall took; if that was after the deadline, until the start.
    """
    deadline = starts_at - timedelta(minutes=until_minutes)
    latest = max(deadline, (regained_at or booked_at) + timedelta(minutes=grace_minutes))
    if regained_at is not None and regained_at > deadline:
        latest = max(latest, starts_at)
    if now > latest:
        until = Text(
            f"开始前 {until_minutes} 分钟内不能取消或改约，请联系大厅",
            f"Within {counted(until_minutes, 'minute')} of the start, please contact the hall",
        )
        raise TooLate(until if until_minutes else _HAS_BEGUN, deadline=deadline)


def returns_at(sale_ends_at: datetime, least: int, most: int, now: datetime) -> datetime:
    """When a cancelled place is on sale again: so many minutes from now, at random.

    Nobody can know when, so that a place cannot be cancelled for somebody who is waiting to book
    it. Where the sale ends soon it is back before half of that time is over, for else nobody could
    have it.
    """
    left = max((sale_ends_at - now) / timedelta(minutes=2), 0.0)
    upper = min(float(most), left)
    return now + timedelta(minutes=SystemRandom().uniform(min(float(least), upper), upper))


def ensure_check_in(starts_at: datetime, early: int, late: int, now: datetime) -> None:
    """Raises TooEarly or TooLate outside the time of check-in."""
    opens, closes = starts_at - timedelta(minutes=early), starts_at + timedelta(minutes=late)
    if now < opens:
        raise TooEarly(
            Text(
                f"{moment_zh(opens)}开始签到，请届时再来",
                f"Check-in begins at {moment_en(opens)}; please come back then",
            ),
            opens_at=opens,
        )
    if now > closes:
        raise TooLate(
            Text(
                "已超过签到时间，请取号排队", "The time to check in is over; please take a ticket"
            ),
            deadline=closes,
        )
