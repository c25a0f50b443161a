"""The one place that asks what time it is. Aware UTC inside, Asia/Shanghai at the edge."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware UTC."""
    return datetime.now(UTC)


def today(moment: datetime) -> date:
    """The calendar day in Asia/Shanghai on which `moment` falls."""
    return moment.astimezone(SHANGHAI).date()


def day_start(day: date) -> datetime:
    """00:00 of `day` in Asia/Shanghai, as aware UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def moment_text(moment: datetime, *, to: str = "minutes") -> str:
    """A moment to be read, or put in order, in Asia/Shanghai: 2026-11-30 09:00.

    `to` the minutes, or the seconds.
    """
    return moment.astimezone(SHANGHAI).replace(tzinfo=None).isoformat(" ", to)


def moment_zh(moment: datetime) -> str:
    """A moment as people say it: 11月30日 09:00."""
    local = moment.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def moment_en(moment: datetime) -> str:
    """The same in English: 09:00 on 30 November."""
    local = moment.astimezone(SHANGHAI)
    return f"{local:%H:%M} on {local.day} {local:%B}"
