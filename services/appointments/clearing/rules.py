"""When a hall's day is over for what nobody touched. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.appointments.directory.schemas import OpeningHours


def left_before(
    hours: Sequence[OpeningHours], zone: str, left_after_hours: int, now: datetime
) -> datetime:
    """What was last touched before this moment was left behind.

    That is so when the policy's hours have passed since the touch, and also since the end of the
    opening in which it fell; a hall that is open through midnight has no such end.
    """
    moment = now - timedelta(hours=left_after_hours)
    local = moment.astimezone(ZoneInfo(zone))
    closed_at = _end_of_day(hours, local.date())
    if closed_at is None or closed_at <= local.replace(tzinfo=None):
        return moment
    return datetime.combine(local.date(), time(), ZoneInfo(zone)).astimezone(UTC)


def _end_of_day(hours: Sequence[OpeningHours], day: date) -> datetime | None:
    """When the hall closes on that day, by its own clock; None if it stays open through midnight.

    Midnight where the hours are not known, and on days when it should be closed: whoever works
    then, works by other hours than the printed ones.
    """
    midnight = datetime.combine(day + timedelta(days=1), time())
    ends = [opening.closes for opening in hours if day.isoweekday() in opening.weekdays]
    if ends and time() not in ends:
        return datetime.combine(day, max(ends))
    tomorrow = midnight.date().isoweekday()
    goes_on = any(tomorrow in each.weekdays and each.opens == time() for each in hours)
    return None if ends and goes_on else midnight
