"""Dates as government pages print them, each with where it was read and how precise it is."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum

from shared.clock import SHANGHAI, today

CLOCK_SKEW = timedelta(minutes=10)
"""How far a portal's clock may run ahead of ours before its time counts as a future one."""


class Precision(StrEnum):
    MINUTE = "minute"
    DAY = "day"


class Provenance(StrEnum):
    """Where a claimed time of publication was read, best first."""

    META = "meta"
    LABEL = "label"
    LIST = "list"
    HEADER = "header"


@dataclass(frozen=True)
class Printed:
    """A moment as printed: aware UTC; of day precision it is 00:00 in Asia/Shanghai."""

    at: datetime
    precision: Precision
    text: str

    @property
    def on(self) -> date:
        return today(self.at)


_DASHES = re.compile(r"[‐‑‒–—―−-]+")
_MOMENT = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})"
    r"(?:\s*(?P<sep>[-./])\s*(?P<month>\d{1,2})\s*(?P=sep)\s*(?P<day>\d{1,2})(?!\d)"
    r"|\s*年\s*(?P<month_zh>\d{1,2})\s*月\s*(?P<day_zh>\d{1,2})\s*日)"
    r"(?:[\sT]*(?P<hour>\d{1,2})\s*[:时]\s*(?P<minute>\d{2})(?:\s*[:分]\s*(?P<second>\d{2}))?"
    r"(?:\.\d+)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)


def plain(text: str) -> str:
    """`text` in one width (NFKC), with runs of any dash as one hyphen."""
    return _DASHES.sub("-", unicodedata.normalize("NFKC", text))


def read_moment(text: str) -> Printed | None:
    """The first date in `text`, with its time if it has one; None when none is a real date."""
    for match in _MOMENT.finditer(plain(text)):
        printed = _printed(match)
        if printed is not None:
            return printed
    return None


def read_day(text: str) -> date | None:
    """The first date in `text`, without a time."""
    printed = read_moment(text)
    return printed.on if printed else None


def is_future(printed: Printed, now: datetime) -> bool:
    """A claimed time that lies ahead is no claim: nobody has seen it happen."""
    if printed.precision is Precision.DAY:
        return printed.on > today(now + CLOCK_SKEW)
    return printed.at > now + CLOCK_SKEW


def _printed(match: re.Match[str]) -> Printed | None:
    part = match.groupdict()
    try:
        day = datetime(
            int(part["year"]),
            int(part["month"] or part["month_zh"]),
            int(part["day"] or part["day_zh"]),
            tzinfo=_zone(part["zone"]),
        )
        at = day.replace(
            hour=int(part["hour"] or 0),
            minute=int(part["minute"] or 0),
            second=int(part["second"] or 0),
        )
    except ValueError:
        return None
    # Exact midnight stands for "no time" in several systems (handbook d.2).
    precision = Precision.DAY if at == day else Precision.MINUTE
    return Printed(at.astimezone(UTC), precision, match.group().strip())


def _zone(text: str | None) -> tzinfo:
    if text == "Z":
        return UTC
    if text is None:
        return SHANGHAI
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
