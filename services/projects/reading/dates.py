"""Dates as government pages print them, each with where it was read and how precise it is."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
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
_TIME = (
    r"(?:(?:[\sT]*|-)(?P<hour>\d{1,2})\s*[:时]\s*(?P<minute>\d{2})"
    r"(?:\s*[:分]\s*(?P<second>\d{2}))?(?:\.\d+)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_NUMERAL = "〇○零OoО一二三四五六七八九"
_MOMENT = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})"
    r"(?:\s*(?P<sep>[-./])\s*(?P<month>\d{1,2})\s*(?P=sep)\s*(?P<day>\d{1,2})(?!\d)"
    r"|\s*年\s*(?P<month_zh>\d{1,2})\s*月\s*(?P<day_zh>\d{1,2})\s*日"
    # Eight digits stand alone: a part of a number or of an address is no date.
    r"|(?<![0-9A-Za-z_/.-]....)(?P<month_8>\d{2})(?P<day_8>\d{2})(?![0-9A-Za-z_/-]|\.\d))" + _TIME
)
_CHINESE = re.compile(
    rf"(?P<year>[一二][{_NUMERAL}]{{3}})\s*年\s*(?P<month>[一二三四五六七八九十正元]{{1,2}})\s*月"
    r"\s*(?P<day>[一二三四五六七八九十廿卅]{1,3})\s*[日号]"
)
_RFC_2822 = re.compile(
    r"(?:(?P<weekday>Mon|Tue|Wed|Thu|Fri|Sat|Sun),\s*)?\b\d{1,2}\s+"
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+(?:19|20)\d{2}"
    r"(?P<time>\s+\d{2}:\d{2}(?::\d{2})?(?P<zone>\s+(?:[+-]\d{4}|GMT|UTC?|Z))?(?![\d:]|\s*[A-Za-z+-]))?"
    r"(?!\s*\d{1,2}:)"
)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_DAY = re.compile(
    r"[\[【(]?\s*(?:(\d{2})\s*[-/.]\s*(\d{2})|(\d{1,2})\s*月\s*(\d{1,2})\s*日)\s*[\]】)]?"
)
_BEFORE_VALUE = re.compile(r"[\s:\]】)(\[【]*")
_RANGE = re.compile(r"\s*(?:至|到|~|-)\s*[\d〇一二三四五六七八九十]")


def plain(text: str) -> str:
    """`text` in one width (NFKC), with runs of any dash as one hyphen."""
    if text.isascii():
        return _DASHES.sub("-", text) if "--" in text else text
    return _DASHES.sub("-", unicodedata.normalize("NFKC", text))


def read_moment(text: str) -> Printed | None:
    """The first date in `text`, with its time if it has one; None when none is a real date."""
    found = _first(plain(text))
    return found[1] if found else None


def read_day(text: str) -> date | None:
    """The first date in `text`, without a time."""
    printed = read_moment(text)
    return printed.on if printed else None


def leading_moment(text: str) -> Printed | None:
    """The date with which `text` begins; None for another beginning, or a period from … to …."""
    value = plain(text)
    start = _BEFORE_VALUE.match(value)
    value = value[start.end() :] if start else value
    found = _first(value)
    if found is None or found[0].start() > 0 or _RANGE.match(value, found[0].end()):
        return None
    return found[1]


def month_and_day(text: str) -> tuple[int, int] | None:
    """Month and day where `text` is nothing else, as lists print them: `[08-31]`, `8月31日`."""
    match = _MONTH_DAY.fullmatch(plain(text).strip())
    return (int(match[1] or match[3]), int(match[2] or match[4])) if match else None


def is_future(printed: Printed, now: datetime) -> bool:
    """A claimed time that lies ahead is no claim: nobody has seen it happen."""
    if printed.precision is Precision.DAY:
        return printed.on > today(now + CLOCK_SKEW)
    return printed.at > now + CLOCK_SKEW


def _first(text: str) -> tuple[re.Match[str], Printed] | None:
    """The first real date in `text`, however it is spelled."""
    found = []
    for pattern, read in ((_MOMENT, _printed), (_CHINESE, _chinese), (_RFC_2822, _rfc_2822)):
        for match in pattern.finditer(text):
            printed = read(match)
            if printed is not None:
                found.append((match, printed))
                break
    return min(found, key=lambda each: each[0].start(), default=None)


def _printed(match: re.Match[str]) -> Printed | None:
    part = match.groupdict()
    try:
        day = datetime(
            int(part["year"]),
            int(part["month"] or part["month_zh"] or part["month_8"]),
            int(part["day"] or part["day_zh"] or part["day_8"]),
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


def _chinese(match: re.Match[str]) -> Printed | None:
    """`二〇二六年三月十二日`, as documents are dated."""
    year = int("".join(str(max(_NUMERAL.index(letter) - 5, 0)) for letter in match["year"]))
    try:
        day = datetime(year, _numeral(match["month"]), _numeral(match["day"]), tzinfo=SHANGHAI)
    except ValueError:
        return None
    return Printed(day.astimezone(UTC), Precision.DAY, match.group())


def _numeral(text: str) -> int:
    """A number up to 39 in Chinese. Raises ValueError for what is none."""
    text = text.replace("正", "一").replace("元", "一").replace("廿", "二十").replace("卅", "三十")
    tens, ten, ones = text.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or (tens and tens not in "一二三"):
        raise ValueError(text)
    digits = "〇一二三四五六七八九"
    return (digits.index(tens or "一") * 10 if ten else 0) + (digits.index(ones) if ones else 0)


def _rfc_2822(match: re.Match[str]) -> Printed | None:
    """`Fri, 03 Jul 2026 10:50:00 +0800`; a weekday that is another day's gives none."""
    text = match.group().strip()
    try:
        at = parsedate_to_datetime(text if match["time"] else f"{text} 00:00:00")
    except ValueError:
        return None
    # The zone that RFC 2822 writes for "not known here" is read as no zone at all.
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC if match["zone"] else SHANGHAI)
    if match["weekday"] and _WEEKDAYS[at.weekday()] != match["weekday"]:
        return None
    is_midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
    precision = Precision.DAY if is_midnight else Precision.MINUTE
    return Printed(at.astimezone(UTC), precision, text)


def _zone(text: str | None) -> tzinfo:
    if text == "Z":
        return UTC
    if text is None:
        return SHANGHAI
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
