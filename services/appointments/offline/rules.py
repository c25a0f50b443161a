"""Which offline numbers are good. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hmac import compare_digest
from uuid import UUID
from zoneinfo import ZoneInfo

from services.appointments.offline.schemas import Numbers, OfflineTicket
from shared.errors import Conflict, Invalid, Text
from shared.security.crypto import Keyring

LETTER = "K"
"""Neither walk-ins (A) nor who is booked (B): nobody else can give out the same number."""
CLOCKS_DIFFER = timedelta(minutes=2)
_SIGNED = "device.numbers"
_TWICE = Text("同一个号出现了两次", "The same number stands there twice")
_NOT_OF_THESE = Text("这个号不在所领的号段里", "The number is none of those handed out")
_NOT_THEN = Text(
    "取号时间应在领号之后、现在之前，并在同一天",
    "It must be after the numbers were handed out, not in the future, and on their day",
)


class NumbersRefused(Conflict):
    """Not signed by this system, changed since, or handed to another device."""

    type = "/problems/offline-numbers-refused"
    title = Text("这些号不是发给这台设备的", "These numbers were not handed to this device")
    advice = Text(
        "请原样提交所领的号段；持号的人请到窗口重新取号",
        "Send them exactly as they were handed out; whoever has such a ticket needs another one",
    )


class NumbersOld(Conflict):
    """Members `day` and `today`: the day the numbers are for, and the hall's day now."""

    type = "/problems/offline-numbers-old"
    title = Text("这些号已过期，不能再用", "These numbers are of another day")
    advice = Text(
        "请设备删除这些号，领取今天的号段；持号的人请重新取号",
        "Have the device forget them and get today's; whoever has such a ticket needs another one",
    )


def signed(keyring: Keyring, device: UUID, hall: str, numbers: Numbers) -> list[str]:
    """The signatures that they may have: one for each of the index keys of that day, the
    newest first."""
    handed = int(numbers.handed_at.timestamp())
    parts = (device, hall, numbers.day, numbers.first, numbers.last, handed)
    text = "\n".join(map(str, (_SIGNED, *parts)))
    return keyring.index.forms_handed_out(text, numbers.day)


def ensure_signed(keyring: Keyring, device: UUID, hall: str, numbers: Numbers) -> None:
    """Raises NumbersRefused."""
    given = numbers.signature.encode()
    found = [compare_digest(given, one.encode()) for one in signed(keyring, device, hall, numbers)]
    if not any(found):
        raise NumbersRefused


def ensure_of_today(numbers: Numbers, today: date) -> None:
    """Raises NumbersOld: a number that was called yesterday may be called again today."""
    if numbers.day != today:
        raise NumbersOld(day=numbers.day.isoformat(), today=today.isoformat())


def ensure_of_these(
    numbers: Numbers, tickets: Iterable[OfflineTicket], zone: ZoneInfo, now: datetime
) -> None:
    """Raises Invalid for a number given twice or not handed out, and for a time that cannot be."""
    seen = set[int]()
    for place, ticket in enumerate(tickets):
        count, at = int(ticket.number[len(LETTER) :]), f"/body/tickets/{place}"
        if count in seen:
            raise Invalid(_TWICE, pointer=f"{at}/number")
        seen.add(count)
        if not numbers.first <= count <= numbers.last:
            raise Invalid(_NOT_OF_THESE, pointer=f"{at}/number")
        earliest, latest = numbers.handed_at - CLOCKS_DIFFER, now + CLOCKS_DIFFER
        is_on_day = ticket.taken_at.astimezone(zone).date() == numbers.day
        if not (is_on_day and earliest <= ticket.taken_at <= latest):
            raise Invalid(_NOT_THEN, pointer=f"{at}/taken_at")
